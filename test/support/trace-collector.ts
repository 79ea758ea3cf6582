import { text } from 'node:stream/consumers';
import type { ExecutionContext } from 'ava';
import { LoopbackServer } from '../../sandbox/emulation/loopback-server.ts';

interface Value {
  readonly stringValue?: string;
}

interface Attribute {
  readonly key: string;
  readonly value: Value;
}

/** What arrives, as OTLP's JSON has it. */
interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly traceId: string;
        readonly spanId: string;
        readonly parentSpanId?: string;
        readonly name: string;
        readonly kind: number;
        readonly startTimeUnixNano: string;
        readonly endTimeUnixNano: string;
        readonly attributes: readonly Attribute[];
        readonly status: { readonly code: number; readonly message?: string };
      }[];
    }[];
  }[];
}

export interface CollectedSpan {
  readonly process: string;
  readonly name: string;
  /** OTLP's numbers: 2 serves, 3 asks. */
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly attributes: Readonly<Record<string, string | undefined>>;
  /** Whether it is marked as an error. */
  readonly failed: boolean;
}

/** Takes spans as an OpenTelemetry collector does. */
export interface TraceCollector {
  readonly url: string;
  /** All that arrived, as it came. */
  readonly bodies: readonly string[];
  readonly spans: () => CollectedSpan[];
  /** What is answered from now on; null: nothing, for ever. */
  answer: number | null;
}

export async function startTraceCollector(t: ExecutionContext): Promise<TraceCollector> {
  const bodies: string[] = [];
  // Whoever sends may go away in the middle.
  const goneAway = () => undefined;
  const server = new LoopbackServer(
    (request, response) =>
      void text(request).then((body) => {
        if (collector.answer === null) return;
        if (collector.answer === 200) bodies.push(body);
        response.writeHead(collector.answer, { 'content-type': 'application/json' }).end('{}');
      }, goneAway),
    { port: 0 },
  );
  await server.start();
  t.teardown(() => server.stop());
  const collector: TraceCollector = {
    url: `${server.url}/v1/traces`,
    bodies,
    spans: () => bodies.flatMap((body) => spansIn(JSON.parse(body) as Export)),
    answer: 200,
  };
  return collector;
}

function spansIn({ resourceSpans }: Export): CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        process: read(resource.attributes)['service.name'] ?? '',
        name: span.name,
        kind: span.kind,
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId ?? null,
        attributes: read(span.attributes),
        failed: span.status.code === 2,
      })),
    ),
  );
}

function read(attributes: readonly Attribute[]): Record<string, string | undefined> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]));
}
