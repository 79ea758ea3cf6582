import test from 'ava';
import { ProtectionCounts } from '../../../broker/views/protection-counts.ts';
import { DrivenClock } from '../../support/driven-clock.ts';

/** A store in which counting takes as long as the test says. */
function world(durationMs: number) {
  const clock = new DrivenClock();
  const state = { counted: 0, down: false };
  const count = async () => {
    state.counted++;
    await Promise.resolve();
    clock.advance(durationMs);
    if (state.down) throw new Error('down');
    return [];
  };
  const store = { assets: { count } as never };
  return { clock, state, counts: new ProtectionCounts({ store, clock }) };
}

test('what took long to count serves for a while, by account', async (t) => {
  const { clock, state, counts } = world(100);
  await Promise.all([counts.of('acme'), counts.of('acme')]);
  t.is(state.counted, 1, 'those who ask meanwhile share');
  clock.advance(1_999);
  await counts.of('acme');
  t.is(state.counted, 1);
  await counts.of('globex');
  t.is(state.counted, 2);
  clock.advance(2_000);
  await counts.of('acme');
  t.is(state.counted, 3);
});

test('never for longer than a minute, and no failure serves', async (t) => {
  const { clock, state, counts } = world(10_000);
  await counts.of('acme');
  clock.advance(60_000);
  state.down = true;
  await t.throwsAsync(counts.of('acme'));
  state.down = false;
  await counts.of('acme');
  t.is(state.counted, 3);
});
