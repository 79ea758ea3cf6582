import grpc from '@grpc/grpc-js';
import test, { type ExecutionContext } from 'ava';
import { CmkError } from '../../core/errors.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createLogger } from '../../runtime/logger.ts';
import { NO_TRACES, startTraces } from '../../runtime/traces.ts';
import { eventually } from '../support/eventually.ts';
import { startTraceCollector } from '../support/trace-collector.ts';

const METHOD = 'cmk.v1.KeyBroker/IssueDataKey';
const RECORDED = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
const NOT_RECORDED = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`;

async function world(t: ExecutionContext, ratio = 1) {
  const collector = await startTraceCollector(t);
  const log: string[] = [];
  const counts = { ENDED: 0, SENT: 0 };
  const traces = await startTraces(
    { tracesUrl: collector.url, tracesRatio: ratio },
    {
      role: 'broker',
      metrics: { spans: (state, count) => (counts[state] += count) },
      logger: createLogger({
        name: 'test',
        level: 'info',
        destination: { write: (line) => void log.push(line) },
      }),
    },
  );
  t.teardown(() => traces.close());
  const arrived = async (spans: number) => eventually(() => collector.spans().length === spans);
  return { collector, traces, counts, log, arrived };
}

function calledWith(traceparent?: string): grpc.Metadata {
  const metadata = new grpc.Metadata();
  if (traceparent !== undefined) metadata.set('traceparent', traceparent);
  return metadata;
}

test('without an address nothing is kept, and no work is changed', async (t) => {
  const logger = createLogger({ name: 'test', level: 'silent' });
  const settings = { tracesUrl: null, tracesRatio: 1 };
  const traces = await startTraces(settings, {
    role: 'broker',
    metrics: { spans: () => t.fail() },
    logger,
  });
  t.is(traces, NO_TRACES);
  const sent = await traces.serve(METHOD, calledWith(RECORDED), () =>
    traces.ask(METHOD, (metadata) => Promise.resolve(metadata.getMap())),
  );
  t.deepEqual(sent, {});
});

test('what a call causes belongs to its trace, whatever else goes on at the same time', async (t) => {
  const { collector, traces, counts, arrived } = await world(t);
  const traceOf = (digit: string) => `00-${digit.repeat(32)}-${'b'.repeat(16)}-01`;
  const serve = (digit: string) =>
    traces.serve(METHOD, calledWith(traceOf(digit)), async () => {
      await Promise.resolve();
      traces.waited('KMS wrap', { 'cmk.kms.provider': 'aws' }, 'OK', 5);
      return traces.ask('peer/Ask', (metadata) => Promise.resolve(String(metadata.get('traceparent')[0])));
    });
  const sent = await Promise.all([serve('1'), serve('2')]);
  await arrived(6);
  const spans = collector.spans();
  for (const [index, digit] of ['1', '2'].entries()) {
    const own = spans.filter(({ traceId }) => traceId === digit.repeat(32));
    const served = own.find(({ name }) => name === METHOD);
    const asked = own.find(({ name }) => name === 'peer/Ask');
    t.is(served?.parentSpanId, 'b'.repeat(16));
    t.deepEqual(
      own.filter((span) => span !== served).map(({ parentSpanId }) => parentSpanId),
      [served?.spanId, served?.spanId] as string[],
    );
    t.is(sent[index], `00-${digit.repeat(32)}-${asked?.spanId ?? ''}-01`);
  }
  await eventually(() => counts.SENT === 6);
  t.is(counts.ENDED, 6);
});

test('an error is its code and never its text; a refusal is not the server’s error', async (t) => {
  const { collector, traces, arrived } = await world(t);
  const fail = (code: 'KEY_DISABLED' | 'INTERNAL') =>
    t.throwsAsync(
      traces.serve(METHOD, calledWith(), () => Promise.reject(new CmkError(code, 'about meeting-1'))),
    );
  await fail('KEY_DISABLED');
  await fail('INTERNAL');
  await t.throwsAsync(
    traces.serve(METHOD, calledWith(), async () => {
      traces.waited('KMS wrap', {}, 'KEY_DISABLED', 5);
      const answer = Object.assign(new Error('about meeting-1'), { code: grpc.status.PERMISSION_DENIED });
      await traces.ask('peer/Ask', () => Promise.reject(answer)).catch(() => undefined);
      throw new CmkError('NOT_AUTHORIZED', 'about meeting-1');
    }),
  );
  await arrived(5);
  t.notRegex(collector.bodies.join(''), /meeting/);
  const told = collector
    .spans()
    .map(({ name, attributes, failed }) => [
      name,
      attributes['rpc.response.status_code'] ?? null,
      attributes['error.type'],
      failed,
    ]);
  t.deepEqual(told, [
    [METHOD, 'FAILED_PRECONDITION', 'KEY_DISABLED', false],
    [METHOD, 'INTERNAL', 'INTERNAL', true],
    ['KMS wrap', null, 'KEY_DISABLED', true],
    ['peer/Ask', 'PERMISSION_DENIED', 'PERMISSION_DENIED', true],
    [METHOD, 'PERMISSION_DENIED', 'NOT_AUTHORIZED', false],
  ]);
});

for (const { name, traceparent, ratio, isRecorded } of [
  { name: 'a caller that records', traceparent: RECORDED, ratio: 0, isRecorded: true },
  { name: 'a caller that does not record', traceparent: NOT_RECORDED, ratio: 1, isRecorded: false },
  { name: 'no trace, and all begin one', traceparent: undefined, ratio: 1, isRecorded: true },
  { name: 'no trace, and none begins one', traceparent: undefined, ratio: 0, isRecorded: false },
  { name: 'a trace that makes no sense', traceparent: 'x'.repeat(10_000), ratio: 1, isRecorded: true },
  {
    name: 'a trace with too much to it',
    traceparent: `01${RECORDED.slice(2)}-${'x'.repeat(10_000)}`,
    ratio: 0,
    isRecorded: false,
  },
]) {
  test(`what is recorded: ${name}`, async (t) => {
    const { traces, counts, arrived } = await world(t, ratio);
    const sent = await traces.serve(METHOD, calledWith(traceparent), () =>
      traces.ask('peer/Ask', (metadata) => Promise.resolve(String(metadata.get('traceparent')[0]))),
    );
    t.is(counts.ENDED, isRecorded ? 2 : 0);
    await arrived(counts.ENDED);
    // The peer is told of the decision in either case.
    t.regex(sent, isRecorded ? /-01$/ : /-00$/);
  });
}

test('nothing else that a caller says of its trace is kept or passed on', async (t) => {
  const { collector, traces, arrived } = await world(t);
  const metadata = calledWith(RECORDED);
  metadata.set('tracestate', 'vendor=meeting-1');
  metadata.set('baggage', 'user=meeting-1');
  const sent = await traces.serve(METHOD, metadata, () =>
    traces.ask('peer/Ask', (passedOn) => Promise.resolve(Object.keys(passedOn.getMap()))),
  );
  t.deepEqual(sent, ['traceparent']);
  await arrived(2);
  t.notRegex(collector.bodies.join(''), /meeting/);
});

test('outside of a call nothing is recorded', async (t) => {
  const { collector, traces, counts } = await world(t);
  traces.waited('KMS unwrap', {}, 'OK', 5);
  t.deepEqual(await traces.ask('peer/Ask', (metadata) => Promise.resolve(metadata.getMap())), {});
  await traces.close();
  t.deepEqual(collector.spans(), []);
  t.is(counts.ENDED, 0);
});

test('what a call has the clock do later is no part of its trace', async (t) => {
  const { collector, traces, arrived } = await world(t);
  await traces.serve(METHOD, calledWith(), async () => {
    await new Promise<void>((resolve) =>
      systemClock.schedule(1, () => {
        traces.waited('KMS unwrap', {}, 'OK', 5);
        resolve();
      }),
    );
    // Whoever waits for the clock goes on in the call.
    traces.waited('KMS wrap', {}, 'OK', 5);
  });
  await arrived(2);
  t.deepEqual(
    collector.spans().map(({ name }) => name),
    ['KMS wrap', METHOD],
  );
});

test('a collector that fails costs spans and one line of the log, and one that works again is told of', async (t) => {
  const { collector, traces, counts, log } = await world(t);
  collector.answer = 400;
  await traces.serve(METHOD, calledWith(), () => Promise.resolve());
  await eventually(() => log.length === 1);
  t.regex(log[0] ?? '', /traces cannot be sent/);
  collector.answer = 200;
  await traces.serve(METHOD, calledWith(), () => Promise.resolve());
  await eventually(() => log.length === 2);
  t.regex(log[1] ?? '', /traces are sent again/);
  t.deepEqual(counts, { ENDED: 2, SENT: 1 });
});

test('a collector that never answers keeps nobody from ending', async (t) => {
  const { collector, traces } = await world(t);
  collector.answer = null;
  for (let calls = 0; calls < 5_000; calls++)
    await traces.serve(METHOD, calledWith(), () => Promise.resolve());
  const startMs = performance.now();
  await traces.close();
  t.true(performance.now() - startMs < 5_000);
});
