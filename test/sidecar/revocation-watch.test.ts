import { EventEmitter } from 'node:events';
import type { ClientReadableStream } from '@grpc/grpc-js';
import test from 'ava';
import type { Revocation__Output } from '../../proto/types/cmk/v1/Revocation.ts';
import { createLogger } from '../../runtime/logger.ts';
import type { Broker } from '../../sidecar/broker-client.ts';
import { SidecarMetrics } from '../../sidecar/metrics.ts';
import { RevocationWatch } from '../../sidecar/revocation-watch.ts';
import { DrivenClock } from '../support/driven-clock.ts';

/** A watch over calls that the test makes speak and end. */
function watchOver(): {
  clock: DrivenClock;
  calls: EventEmitter[];
  positions: number[];
  watch: RevocationWatch;
} {
  const clock = new DrivenClock();
  const calls: EventEmitter[] = [];
  const positions: number[] = [];
  const broker = {
    watchRevocations(position: number) {
      const call = Object.assign(new EventEmitter(), { cancel: () => undefined });
      positions.push(position);
      calls.push(call);
      return call as unknown as ClientReadableStream<Revocation__Output>;
    },
  } as Pick<Broker, 'watchRevocations'> as Broker;
  const watch = new RevocationWatch({
    broker,
    dataKeys: { revoke: () => undefined, clear: () => undefined },
    clock,
    metrics: new SidecarMetrics(clock),
    logger: createLogger({ name: 'test', level: 'silent' }),
  });
  return { clock, calls, positions, watch };
}

test('a call that reached its own deadline is made anew at once, and nothing is held to be down', (t) => {
  const { calls, positions, watch } = watchOver();
  calls[0]?.emit('data', { position: 5, keyId: '', reason: '' });
  calls[0]?.emit('error', Object.assign(new Error('deadline'), { code: 4 }));
  t.true(watch.isUp);
  t.deepEqual(positions, [0, 5]);
});

test('a call that failed is made anew after pauses that grow to 5 s', (t) => {
  const { calls, clock, watch } = watchOver();
  const pausesMs: number[] = [];
  for (let i = 0; i < 9; i++) {
    calls.at(-1)?.emit('error', Object.assign(new Error('gone'), { code: 14 }));
    t.false(watch.isUp);
    const [before, startMs] = [calls.length, clock.monotonicMs()];
    while (calls.length === before) clock.advance(1);
    pausesMs.push(clock.monotonicMs() - startMs);
  }
  t.true((pausesMs[0] ?? 0) >= 100 && (pausesMs[0] ?? 0) <= 201, String(pausesMs));
  t.true((pausesMs.at(-1) ?? 0) >= 2_500 && (pausesMs.at(-1) ?? 0) <= 5_001, String(pausesMs));
});

test('a closed watch makes no more calls', (t) => {
  const { calls, clock, watch } = watchOver();
  watch.close();
  clock.advance(60_000);
  t.is(calls.length, 1);
  t.false(watch.isUp);
});
