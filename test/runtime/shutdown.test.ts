import { Writable } from 'node:stream';
import test from 'ava';
import { createLogger } from '../../runtime/logger.ts';
import { onShutdown } from '../../runtime/shutdown.ts';
import { DrivenClock } from '../support/driven-clock.ts';
import { eventually } from '../support/eventually.ts';

function setUp(close: () => Promise<void>) {
  const clock = new DrivenClock();
  const exits: number[] = [];
  const lines: Record<string, unknown>[] = [];
  const listeners = new Map<string, (...args: unknown[]) => void>();
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  onShutdown({
    logger: createLogger({ name: 'test', level: 'info', destination }),
    graceMs: 10_000,
    close,
    clock,
    host: {
      on: (event, listener) => listeners.set(event, listener),
      exit: (code) => exits.push(code),
    },
  });
  const emit = (event: string, ...args: unknown[]) => listeners.get(event)?.(...args);
  return { clock, exits, lines, emit };
}

const never = () => new Promise<void>(() => undefined);

for (const signal of ['SIGTERM', 'SIGINT']) {
  test(`${signal} closes, waits for the end of it, and ends with 0`, async (t) => {
    const order: string[] = [];
    const { emit, exits } = setUp(async () => {
      order.push('begins');
      await Promise.resolve();
      order.push(`ends before ${exits.length} exits`);
    });
    emit(signal);
    await eventually(() => exits.length > 0);
    t.deepEqual(exits, [0]);
    t.deepEqual(order, ['begins', 'ends before 0 exits']);
  });
}

test('a close that fails is logged, and the exit code is 1', async (t) => {
  const { emit, exits, lines } = setUp(() => Promise.reject(new Error('stuck')));
  emit('SIGTERM');
  await eventually(() => exits.length > 0);
  t.deepEqual(exits, [1]);
  t.true(lines.some((line) => (line['err'] as Error | undefined)?.message === 'stuck'));
});

test('the process ends with 1 when the grace period does', (t) => {
  const { emit, exits, clock } = setUp(never);
  emit('SIGTERM');
  clock.advance(9_999);
  t.deepEqual(exits, []);
  clock.advance(1);
  t.deepEqual(exits, [1]);
});

test('a second signal ends it at once', (t) => {
  const { emit, exits } = setUp(never);
  emit('SIGTERM');
  emit('SIGINT');
  t.deepEqual(exits, [130]);
});

for (const event of ['uncaughtException', 'unhandledRejection']) {
  test(`${event} is logged and ends it with 1`, (t) => {
    const { emit, exits, lines } = setUp(never);
    emit(event, new Error('defect'));
    t.deepEqual(exits, [1]);
    t.like(lines[0], { level: 'fatal', event });
    t.is((lines[0]?.['err'] as Error).message, 'defect');
  });
}
