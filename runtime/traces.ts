import grpc from '@grpc/grpc-js';
import type { Config } from './config.ts';
import type { Logger } from './logger.ts';
import type { TRACE_SETTINGS } from './trace-settings.ts';

/**
 * How a call went through this process, as OpenTelemetry spans. They tell methods, providers, outcomes and times; never
 * an account, an asset, a key, or the text of an error. No method throws on its own account.
 */
export interface Traces {
  /**
   * Serves a call: what it causes belongs to the trace that its metadata names, or to one that begins here.
   * @param method with its service, such as `cmk.v1.Sidecar/Encrypt`
   * @throws what the work throws
   */
  serve<T>(method: string, metadata: grpc.Metadata, work: () => Promise<T>): Promise<T>;
  /**
   * Asks another process on behalf of the call being served.
   * @param work gets what to send along, which tells the other process of the trace
   * @throws what the work throws
   */
  ask<T>(method: string, work: (metadata: grpc.Metadata) => Promise<T>): Promise<T>;
  /**
   * Notes what the call being served has just waited for. Nothing is noted outside of one.
   * @param outcome `OK` or the cause of its failure
   */
  waited(
    name: string,
    attributes: Readonly<Record<string, string>>,
    outcome: string,
    durationMs: number,
  ): void;
  /** Sends what is not sent yet, for a moment. */
  close(): Promise<void>;
}

/** Hears of spans. */
export interface SpanCounts {
  spans(state: 'ENDED' | 'SENT', count: number): void;
}

export interface TraceParts {
  /** Which process this is, such as `broker`. */
  readonly role: string;
  readonly metrics: SpanCounts;
  readonly logger: Logger;
}

/** Keeps nothing. */
export const NO_TRACES: Traces = {
  serve: (_method, _metadata, work) => work(),
  ask: (_method, work) => work(new grpc.Metadata()),
  waited: () => undefined,
  close: () => Promise.resolve(),
};

/** Traces as the settings want them. What sends them is loaded only where it is wanted. */
export async function startTraces(
  { tracesUrl, tracesRatio }: Config<typeof TRACE_SETTINGS>,
  parts: TraceParts,
): Promise<Traces> {
  if (tracesUrl === null) return NO_TRACES;
  const { SentTraces } = await import('./sent-traces.ts');
  return new SentTraces({ url: tracesUrl, ratio: tracesRatio, ...parts });
}
