import test from 'ava';
import { Mover } from '../../../broker/keys/mover.ts';
import { DrivenClock } from '../../support/driven-clock.ts';
import { eventually } from '../../support/eventually.ts';

const MOVES = 9;
const PLACE = { srvId: '0001', type: 'X', assetId: 'a', generation: 1 };

test('a move that has waited the longest gets the turn of one that has been at it for half a minute', async (t) => {
  const clock = new DrivenClock();
  const waiting = Array.from({ length: MOVES }, (_, index) => `move-${index}`);
  const mover = new Mover({
    clock,
    store: {
      findKek: (id: string) => Promise.resolve({ id, lifecycle: 'ACTIVE' }),
      moves: {
        claim: () => Promise.resolve(claimed(waiting.shift())),
        renew: () => Promise.resolve(true),
        // Moves without an end.
        page: () =>
          new Promise((resolve) => setImmediate(resolve, { records: [], corrupt: [], next: PLACE })),
        release: ({ id }: { id: string }) => Promise.resolve(waiting.push(id)),
      },
    },
    observer: { backgroundFailed: (_task: string, error: unknown) => t.fail(String(error)) },
    settings: { moveRate: 10, kmsConcurrency: 8 },
  } as never);
  await mover.poll();
  await mover.poll();
  t.deepEqual(waiting, ['move-8'], 'eight at a time');
  clock.advance(30_000);
  await mover.poll();
  await eventually(() => waiting.length === 2);
  await mover.poll();
  t.deepEqual(waiting, ['move-0']);
  t.is(mover.status().running, 8);
  await mover.stop();
  t.is(waiting.length, MOVES);
});

function claimed(id: string | undefined): object | null {
  if (id === undefined) return null;
  return { move: { id, selection: { kekIds: ['from'] }, target: 'to', left: 1 }, claim: id, tries: 0 };
}
