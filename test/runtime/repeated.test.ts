import test from 'ava';
import { Repeated } from '../../runtime/repeated.ts';
import { DrivenClock } from '../support/driven-clock.ts';

const PAUSE_MS = 1_000;
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Rounds that last until they are ended. */
function world(overlaps: boolean) {
  const clock = new DrivenClock();
  const running: (() => void)[] = [];
  let begun = 0;
  const work = () => {
    begun++;
    return new Promise<void>((resolve) => running.push(resolve));
  };
  const repeated = new Repeated({ clock, pauseMs: PAUSE_MS, work, overlaps });
  const end = async () => {
    running.shift()?.();
    await settle();
  };
  return { clock, repeated, end, begun: () => begun };
}

test('a round begins a pause after the end of the one before, however long that took', async (t) => {
  const { clock, repeated, end, begun } = world(false);
  repeated.start();
  clock.advance(PAUSE_MS - 1);
  t.is(begun(), 0);
  clock.advance(1);
  t.is(begun(), 1);
  clock.advance(10 * PAUSE_MS);
  t.is(begun(), 1);
  await end();
  t.is(begun(), 1);
  clock.advance(PAUSE_MS);
  t.is(begun(), 2);
  await end();
});

test('rounds that may overlap begin whether or not others go on', (t) => {
  const { clock, repeated, begun } = world(true);
  repeated.start();
  for (let round = 1; round <= 3; round++) {
    clock.advance(PAUSE_MS);
    t.is(begun(), round);
  }
});

for (const overlaps of [false, true]) {
  test(`stopping waits for what is under way, and nothing begins after it; overlapping: ${String(overlaps)}`, async (t) => {
    const { clock, repeated, end, begun } = world(overlaps);
    repeated.start();
    clock.advance(PAUSE_MS);
    let stopped = false;
    const stopping = repeated.stop().then(() => (stopped = true));
    await settle();
    t.false(stopped);
    await end();
    await stopping;
    clock.advance(10 * PAUSE_MS);
    repeated.start();
    clock.advance(10 * PAUSE_MS);
    t.is(begun(), 1);
  });
}
