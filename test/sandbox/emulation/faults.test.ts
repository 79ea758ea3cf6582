import test from 'ava';
import { Faults, type FaultEffect } from '../../../sandbox/emulation/faults.ts';

type Effect = FaultEffect<'Broken', 'garbled'>;
const CALL = { server: 'one', key: 'rec', operation: 'Unwrap' };

function faultsAt(nowMs: () => number = () => 0): Faults<Effect, 'server' | 'key' | 'operation'> {
  return new Faults(nowMs);
}

test('a fault strikes where it is told to, as often as it is told to', (t) => {
  const faults = faultsAt();
  const silence = { kind: 'silence' } as const;
  faults.add({ effect: silence, operation: 'Unwrap', times: 2 });
  t.is(faults.strike({ ...CALL, operation: 'Wrap' }).effect, null);
  t.is(faults.strike(CALL).effect, silence);
  t.is(faults.strike(CALL).effect, silence);
  t.is(faults.strike(CALL).effect, null);
});

test('a key may be named by a whole address', (t) => {
  const faults = faultsAt();
  faults.add({ effect: { kind: 'silence' }, key: 'https://one.test/keys/rec' });
  t.is(faults.strike(CALL).effect?.kind, 'silence');
  t.is(faults.strike({ ...CALL, key: 'other' }).effect, null);
});

test('latencies add up, and leave room for one more effect', (t) => {
  const faults = faultsAt();
  faults.add({ effect: { kind: 'latency', ms: 20 } });
  const remove = faults.add({ effect: { kind: 'latency', ms: 30 } });
  faults.add({ effect: { kind: 'error', type: 'Broken' } });
  faults.add({ effect: { kind: 'silence' } });
  t.deepEqual(faults.strike(CALL), { latencyMs: 50, effect: { kind: 'error', type: 'Broken' } });
  remove();
  t.is(faults.strike(CALL).latencyMs, 20);
  faults.clear();
  t.deepEqual(faults.strike(CALL), { latencyMs: 0, effect: null });
});

test('a rate lets calls through up to it', (t) => {
  let nowMs = 0;
  const faults = faultsAt(() => nowMs);
  faults.add({ effect: { kind: 'throttle', perSecond: 2 } });
  const struck = () => faults.strike(CALL).effect !== null;
  t.deepEqual([struck(), struck(), struck()], [false, false, true]);
  nowMs = 500;
  t.deepEqual([struck(), struck()], [false, true]);
});

test('a skewed clock is no effect, and only its own server’s', (t) => {
  const faults = faultsAt(() => 1_000);
  const mend = faults.add({ effect: { kind: 'clock-skew', ms: 500 }, server: 'one' });
  t.is(faults.nowMs({ server: 'one' }), 1_500);
  t.is(faults.nowMs({ server: 'two' }), 1_000);
  t.deepEqual(faults.strike(CALL), { latencyMs: 0, effect: null });
  mend();
  t.is(faults.nowMs({ server: 'one' }), 1_000);
});
