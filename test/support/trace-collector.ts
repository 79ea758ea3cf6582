import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';

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
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => void chunks.push(chunk));
    request.on('end', () => {
      if (collector.answer === null) return;
      if (collector.answer === 200) bodies.push(Buffer.concat(chunks).toString('utf8'));
      response.writeHead(collector.answer, { 'content-type': 'application/json' }).end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const collector: TraceCollector = {
    url: `http://127.0.0.1:${port}/v1/traces`,
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
