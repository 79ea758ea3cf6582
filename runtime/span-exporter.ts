import { ExportResultCode, type ExportResult } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import type { ReadableSpan, SpanExporter as Exporter } from '@opentelemetry/sdk-trace';
import type { Logger } from './logger.ts';
import type { SpanCounts } from './traces.ts';

/** Sends spans by OTLP over HTTP, counts those that arrived, and tells the log when none do and when they do again. */
export class SpanExporter implements Exporter {
  readonly #exporter: OTLPTraceExporter;
  readonly #metrics: SpanCounts;
  readonly #logger: Logger;
  #works = true;

  /** @param options.timeoutMs of one delivery, its repetitions included */
  constructor(options: { url: string; timeoutMs: number; metrics: SpanCounts; logger: Logger }) {
    this.#exporter = new OTLPTraceExporter({ url: options.url, timeoutMillis: options.timeoutMs });
    this.#metrics = options.metrics;
    this.#logger = options.logger;
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#exporter.export(spans, (result) => {
      const works = result.code === ExportResultCode.SUCCESS;
      if (works) this.#metrics.spans('SENT', spans.length);
      if (!works && this.#works) this.#logger.warn({ err: result.error }, 'traces cannot be sent');
      if (works && !this.#works) this.#logger.info('traces are sent again');
      this.#works = works;
      done(result);
    });
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }
}
