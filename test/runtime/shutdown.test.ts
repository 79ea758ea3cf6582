import { Writable } from 'node:stream';
import test from 'ava';
import { createLogger } from '../../runtime/logger.ts';
import { onShutdown, type ShutdownStep } from '../../runtime/shutdown.ts';
import { DrivenClock } from '../support/driven-clock.ts';
import { eventually } from '../support/eventually.ts';

function setUp(steps: readonly ShutdownStep[], graceMs = 10_000) {
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
  const begin = onShutdown({
    logger: createLogger({ name: 'test', level: 'info', destination }),
    graceMs,
    steps,
    clock,
    host: {
      on: (event, listener) => listeners.set(event, listener),
      exit: (code) => exits.push(code),
    },
  });
  const emit = (event: string, ...args: unknown[]) => listeners.get(event)?.(...args);
  return { clock, exits, lines, emit, begin };
}

const never = () => new Promise<void>(() => undefined);

for (const signal of ['SIGTERM', 'SIGINT']) {
  test(`${signal} runs the steps one after another and ends with 0`, async (t) => {
    const order: string[] = [];
    const step = (name: string) => ({
      name,
      run: async () => {
        order.push(`${name} begins`);
        await Promise.resolve();
        order.push(`${name} ends`);
      },
    });
    const { emit, exits } = setUp([step('drain'), step('close')]);
    emit(signal);
    await eventually(() => exits.length > 0);
    t.deepEqual(exits, [0]);
    t.deepEqual(order, ['drain begins', 'drain ends', 'close begins', 'close ends']);
  });
}

test('a step that fails is logged, the rest runs, and the exit code is 1', async (t) => {
  let closed = false;
  const { emit, exits, lines } = setUp([
    { name: 'drain', run: () => Promise.reject(new Error('stuck')) },
    { name: 'close', run: () => void (closed = true) },
  ]);
  emit('SIGTERM');
  await eventually(() => exits.length > 0);
  t.deepEqual(exits, [1]);
  t.true(closed);
  t.true(lines.some((line) => line['step'] === 'drain' && (line['err'] as Error).message === 'stuck'));
});

test('each step is told what is left of the grace period', async (t) => {
  const told: number[] = [];
  const up = setUp([
    {
      name: 'drain',
      run: (graceMs) => {
        told.push(graceMs);
        up.clock.advance(4_000);
      },
    },
    { name: 'close', run: (graceMs) => void told.push(graceMs) },
  ]);
  up.emit('SIGTERM');
  await eventually(() => up.exits.length > 0);
  t.deepEqual(told, [10_000, 6_000]);
});

test('the process ends with 1 when the grace period does', (t) => {
  const { emit, exits, clock } = setUp([{ name: 'drain', run: never }], 10_000);
  emit('SIGTERM');
  clock.advance(9_999);
  t.deepEqual(exits, []);
  clock.advance(1);
  t.deepEqual(exits, [1]);
});

test('a second signal ends it at once', (t) => {
  const { emit, exits } = setUp([{ name: 'drain', run: never }]);
  emit('SIGTERM');
  emit('SIGINT');
  t.deepEqual(exits, [130]);
});

for (const event of ['uncaughtException', 'unhandledRejection']) {
  test(`${event} is logged and ends it with 1`, (t) => {
    const { emit, exits, lines } = setUp([]);
    emit(event, new Error('defect'));
    t.deepEqual(exits, [1]);
    t.like(lines[0], { level: 'fatal', event });
    t.is((lines[0]?.['err'] as Error).message, 'defect');
  });
}

test('the same end can begin without a signal, once', async (t) => {
  let runs = 0;
  const { begin, exits } = setUp([
    {
      name: 'close',
      run: () => {
        runs++;
      },
    },
  ]);
  begin('asked to');
  begin('asked again');
  await eventually(() => exits.length > 0);
  t.is(runs, 1);
  t.deepEqual(exits, [0]);
});
