import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import grpc from '@grpc/grpc-js';
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { ERROR_CODES, toCmkError } from '../core/errors.ts';
import { SpanExporter } from './span-exporter.ts';
import type { SpanCounts, TraceParts, Traces } from './traces.ts';
import { VERSION } from './version.ts';

/** Spans that wait to be sent; further ones are dropped. */
const MAX_WAITING_SPANS = 2048;
const SEND_EVERY_MS = 1_000;
const SEND_TIMEOUT_MS = 5_000;
/** Whoever stops a process does not wait longer than that for its last spans. */
const FAREWELL_MS = 1_000;

/** Statuses by which a server says that it is at fault: OpenTelemetry's conventions for gRPC. */
const FAULTS: ReadonlySet<string> = new Set([
  'UNKNOWN',
  'DEADLINE_EXCEEDED',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
]);

/** As W3C has it, with room for what later versions add. */
const MAX_TRACEPARENT_LENGTH = 100;

/** Where a call says which trace it belongs to. Its `tracestate` is left out: it may hold anything. */
const CARRIER = {
  get(metadata: grpc.Metadata, key: string): string | undefined {
    const [value] = key === 'traceparent' ? metadata.get(key) : [];
    return typeof value === 'string' && value.length <= MAX_TRACEPARENT_LENGTH ? value : undefined;
  },
  keys: () => ['traceparent'],
  set: (metadata: grpc.Metadata, key: string, value: string) => metadata.set(key, value),
};

/**
 * {@link Traces} by OpenTelemetry's SDK, with the W3C's trace context. Nothing of it is global, so that several
 * processes' parts can run in one.
 * @see https://opentelemetry.io/docs/specs/semconv/rpc/grpc/
 */
export class SentTraces implements Traces {
  readonly #provider: TracerProvider;
  readonly #tracer: Tracer;
  readonly #metrics: SpanCounts;
  readonly #propagator = new W3CTraceContextPropagator();
  /** The trace of the call that is being served. */
  readonly #current = new AsyncLocalStorage<Context>();

  /** @param options.ratio of calls without a trace that begin one, 0 to 1 */
  constructor({ url, ratio, role, metrics, logger }: TraceParts & { url: string; ratio: number }) {
    this.#provider = new TracerProvider({
      resource: resourceFromAttributes({
        'service.namespace': 'cmk',
        'service.name': `cmk-${role}`,
        'service.version': VERSION,
      }),
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
      spanProcessors: [
        new BatchSpanProcessor({
          exporter: new SpanExporter({ url, timeoutMs: SEND_TIMEOUT_MS, metrics, logger }),
          maxQueueSize: MAX_WAITING_SPANS,
          scheduledDelayMillis: SEND_EVERY_MS,
          exportTimeoutMillis: SEND_TIMEOUT_MS + 1_000,
        }),
      ],
    });
    this.#tracer = this.#provider.getTracer('cmk', VERSION);
    this.#metrics = metrics;
  }

  serve<T>(method: string, metadata: grpc.Metadata, work: () => Promise<T>): Promise<T> {
    const caller = this.#propagator.extract(ROOT_CONTEXT, metadata, CARRIER);
    return this.#spanned(caller, { method, kind: SpanKind.SERVER }, (context) =>
      this.#current.run(context, work),
    );
  }

  ask<T>(method: string, work: (metadata: grpc.Metadata) => Promise<T>): Promise<T> {
    const metadata = new grpc.Metadata();
    const current = this.#current.getStore();
    if (!current) return work(metadata);
    return this.#spanned(current, { method, kind: SpanKind.CLIENT }, (context) => {
      this.#propagator.inject(context, metadata, CARRIER);
      return work(metadata);
    });
  }

  waited(name: string, attributes: Attributes, outcome: string, durationMs: number): void {
    const current = this.#current.getStore();
    if (!current) return;
    const endMs = Date.now();
    const options = { kind: SpanKind.CLIENT, attributes, startTime: endMs - durationMs };
    const span = this.#tracer.startSpan(name, options, current);
    if (outcome !== 'OK') failed(span, outcome);
    this.#end(span, endMs);
  }

  async close(): Promise<void> {
    const late = new AbortController();
    const sent = this.#provider.shutdown().catch(() => undefined);
    await Promise.race([sent, pause(FAREWELL_MS, undefined, { signal: late.signal })]);
    late.abort();
  }

  async #spanned<T>(
    parent: Context,
    { method, kind }: { method: string; kind: SpanKind },
    work: (context: Context) => Promise<T>,
  ): Promise<T> {
    const attributes = { 'rpc.system.name': 'grpc', 'rpc.method': method };
    const span = this.#tracer.startSpan(method, { kind, attributes }, parent);
    try {
      const result = await work(trace.setSpan(parent, span));
      span.setAttribute('rpc.response.status_code', 'OK');
      return result;
    } catch (error) {
      const { status, type } = statusOf(error);
      span.setAttribute('rpc.response.status_code', status);
      if (kind === SpanKind.CLIENT || FAULTS.has(status)) failed(span, type);
      else span.setAttribute('error.type', type);
      throw error;
    } finally {
      this.#end(span);
    }
  }

  #end(span: Span, endMs?: number): void {
    if (span.isRecording()) this.#metrics.spans('ENDED', 1);
    span.end(endMs);
  }
}

function failed(span: Span, type: string): void {
  span.setAttribute('error.type', type);
  // Without the error's text, which may name an asset.
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/** The name of the gRPC status, and what is known better. */
function statusOf(error: unknown): { status: string; type: string } {
  if (error instanceof Error && 'code' in error && typeof error.code === 'number') {
    const status = grpc.status[error.code] ?? 'UNKNOWN';
    return { status, type: status };
  }
  const { code } = toCmkError(error);
  return { status: ERROR_CODES[code].grpc, type: code };
}
