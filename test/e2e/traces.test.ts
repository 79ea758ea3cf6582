import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { context, propagation, trace, type Context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import test from 'ava';
import { artifactFolder } from '../support/artifacts.ts';
import { DrivenSystem } from '../support/driven-system.ts';
import { eventually } from '../support/eventually.ts';
import { startTraceCollector, type CollectedSpan } from '../support/trace-collector.ts';
import { ACCOUNT, OWNER } from '../support/whole-system.ts';

// The service's own set-up, as OpenTelemetry's documentation has it.
context.setGlobalContextManager(new AsyncLocalStorageContextManager());
propagation.setGlobalPropagator(new W3CTraceContextPropagator());
const tracer = new TracerProvider().getTracer('recorder');

/** All that a span may say. */
const ATTRIBUTES = [
  'cmk.kms.operation',
  'cmk.kms.provider',
  'error.type',
  'rpc.method',
  'rpc.response.status_code',
  'rpc.system.name',
];

/** Its name and process, and those of what it waits for, a step further in each. */
function tree(spans: readonly CollectedSpan[], parentSpanId: string, indent = ''): string[] {
  return spans
    .filter((span) => span.parentSpanId === parentSpanId)
    .flatMap((span) => [
      `${indent}${span.process}: ${span.name}`,
      ...tree(spans, span.spanId, `${indent}  `),
    ]);
}

test('a recording’s way is one trace, from the service to its customer’s KMS, and tells nothing about it', async (t) => {
  t.timeout(60_000);
  const collector = await startTraceCollector(t);
  const env = { CMK_TRACES_URL: collector.url, CMK_TRACES_RATIO: '0' };
  const system = await DrivenSystem.start(t, 'traces', env);
  const { client } = await system.startSidecar('recorder', { env });
  t.teardown(() => writeFileSync(join(artifactFolder('traces'), 'spans.json'), collector.bodies.join('\n')));

  const inSpan = async <T>(work: () => Promise<T>): Promise<{ spanId: string; result: T }> => {
    const span = tracer.startSpan('save');
    const within: Context = trace.setSpan(context.active(), span);
    const result = await context.with(within, work);
    span.end();
    return { spanId: span.spanContext().spanId, result };
  };
  const sealed = await inSpan(() => system.seal(client, Buffer.from('what was said'), 'meeting-1'));
  const opened = await inSpan(() => system.open(client, sealed.result, 'meeting-1'));
  t.is(String(opened.result), 'what was said');
  const again = await inSpan(() => system.open(client, sealed.result, 'meeting-1'));
  const described = await inSpan(() =>
    client.describeAsset({
      account: ACCOUNT,
      srvId: '0001',
      type: 'MeetingWebinarRecording',
      id: 'meeting-1',
    }),
  );
  // Nobody traces this one.
  await system.seal(client, Buffer.from('what was said'), 'meeting-2');
  for (const key of system.keys) system.aws.disableKey(key);
  const refused = await inSpan(async () => {
    const error = await t.throwsAsync(system.seal(client, Buffer.from('more'), 'meeting-3'));
    system.note(error);
  });

  const root = () => collector.spans().filter(({ parentSpanId }) => parentSpanId === refused.spanId);
  await eventually(() => root().length === 1);
  const spans = collector.spans();
  t.log(tree(spans, sealed.spanId));
  const database = (lines: readonly string[]) => lines.filter((line) => !line.endsWith(': database'));
  t.deepEqual(database(tree(spans, sealed.spanId)), [
    'cmk-sidecar: cmk.v1.Sidecar/Encrypt',
    '  cmk-sidecar: cmk.v1.KeyBroker/IssueDataKey',
    '    cmk-broker: cmk.v1.KeyBroker/IssueDataKey',
    '      cmk-broker: KMS generate',
  ]);
  // The broker had its data key, and then the sidecar.
  t.deepEqual(database(tree(spans, opened.spanId)), [
    'cmk-sidecar: cmk.v1.Sidecar/Decrypt',
    '  cmk-sidecar: cmk.v1.KeyBroker/ResolveDataKey',
    '    cmk-broker: cmk.v1.KeyBroker/ResolveDataKey',
  ]);
  t.deepEqual(tree(spans, again.spanId), ['cmk-sidecar: cmk.v1.Sidecar/Decrypt']);
  t.deepEqual(database(tree(spans, described.spanId)), [
    'cmk-sidecar: cmk.v1.Sidecar/DescribeAsset',
    '  cmk-sidecar: cmk.v1.KeyBroker/DescribeAsset',
    '    cmk-broker: cmk.v1.KeyBroker/DescribeAsset',
  ]);
  // Two reads, and the data key with its event; events that are written for many calls at once are not among them.
  t.true(tree(spans, sealed.spanId).includes('      cmk-broker: database'));
  const [stream] = root();
  t.is(stream?.attributes['error.type'], 'KEY_DISABLED');
  t.false(stream?.failed);
  t.is(new Set(spans.map(({ traceId }) => traceId)).size, 5);

  const page = readFileSync('docs/traces.md', 'utf8');
  const [drawn = ''] = page.split('\n```\n').slice(1);
  const shown = [...drawn.matchAll(/cmk-\w+: (KMS )?\S+/g)].map(([span]) => span);
  t.deepEqual(new Set(shown), new Set(tree(spans, sealed.spanId).map((line) => line.trim())));
  for (const attribute of ATTRIBUTES) t.true(page.includes(`\`${attribute}\``));

  const told = new Set(spans.flatMap(({ attributes }) => Object.keys(attributes)));
  t.deepEqual([...told].sort(), ATTRIBUTES);
  for (const secret of [ACCOUNT, OWNER, 'meeting', 'MeetingWebinarRecording', 'arn:', 'what was said'])
    t.false(collector.bodies.join('').includes(secret), secret);
});
