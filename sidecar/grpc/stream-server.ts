import grpc, { type ServerInterceptingCallInterface, type ServerInterceptor } from '@grpc/grpc-js';
import { CmkError, toCmkError } from '../../core/errors.ts';
import { toGrpcStatus } from '../../proto/status.ts';
import type { Clock, ScheduledCall } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Traces } from '../../runtime/traces.ts';
import type { SidecarMetrics } from '../metrics.ts';
import { MessageStream } from './message-stream.ts';
import type { StreamRequest } from './requests.ts';

export type Stream = MessageStream<StreamRequest>;

/** Serves one stream from its first message to its end. A thrown error becomes the call's status. */
export type StreamHandler = (stream: Stream) => Promise<void>;

export interface StreamLimits {
  readonly maxStreams: number;
  /** A stream that moves fewer than `minBytes` in each `idleMs` is ended. */
  readonly idleMs: number;
  readonly minBytes: number;
}

/**
 * Admits streams, bounds their number and their idleness, and ends each with a status and a metric. Handlers are
 * served straight from gRPC's calls, as an interceptor, because its stream objects read ahead.
 */
export class StreamServer {
  readonly #handlers: ReadonlyMap<string, StreamHandler>;
  readonly #limits: StreamLimits;
  readonly #clock: Clock;
  readonly #metrics: SidecarMetrics;
  readonly #traces: Traces;
  readonly #logger: Logger;
  readonly #running = new Set<Stream>();
  #idle: (() => void) | null = null;
  #draining = false;

  /** @param options.handlers by the method's path, such as `/cmk.v1.Sidecar/Encrypt` */
  constructor(options: {
    handlers: ReadonlyMap<string, StreamHandler>;
    limits: StreamLimits;
    clock: Clock;
    metrics: SidecarMetrics;
    traces: Traces;
    logger: Logger;
  }) {
    this.#handlers = options.handlers;
    this.#limits = options.limits;
    this.#clock = options.clock;
    this.#metrics = options.metrics;
    this.#traces = options.traces;
    this.#logger = options.logger;
  }

  /** Streams being served. */
  get running(): number {
    return this.#running.size;
  }

  /** To be the server's first interceptor; calls that it has no handler for pass. */
  readonly interceptor: ServerInterceptor = (method, call) => {
    const handler = this.#handlers.get(method.path);
    if (!handler) return new grpc.ServerInterceptingCall(call);
    const name = method.path.slice(1);
    return new grpc.ServerInterceptingCall(call, { start: () => void this.#serve(name, call, handler) });
  };

  /** Refuses new streams from now on; resolves when the last running one has ended. */
  drain(): Promise<void> {
    this.#draining = true;
    if (this.#running.size === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#idle = resolve));
  }

  /** Ends the streams that are still running. */
  endAll(): void {
    for (const stream of this.#running) stream.fail(shuttingDown());
  }

  /** @param path of the method, with its service */
  async #serve(path: string, call: ServerInterceptingCallInterface, handler: StreamHandler): Promise<void> {
    const method = path.slice(path.indexOf('/') + 1);
    const finished = this.#metrics.rpcStarted(method);
    const stream: Stream = new MessageStream(call, this.#clock);
    try {
      await this.#traces.serve(path, stream.metadata, () => this.#run(stream, handler));
      finished('OK');
      stream.end({ code: grpc.status.OK, details: '' });
    } catch (error) {
      const known = toCmkError(error);
      finished(known.code);
      if (known.code === 'INTERNAL') this.#logger.error({ err: error, method }, 'a stream failed');
      else this.#logger.debug({ err: known, method }, 'a stream was refused');
      stream.end(toGrpcStatus(known));
    }
  }

  #admit(): void {
    if (this.#draining) throw shuttingDown();
    const { maxStreams } = this.#limits;
    if (this.#running.size >= maxStreams) {
      throw new CmkError('TOO_MANY_STREAMS', `expected at most ${maxStreams} streams at a time`);
    }
  }

  async #run(stream: Stream, handler: StreamHandler): Promise<void> {
    this.#admit();
    this.#running.add(stream);
    const watch = this.#endWhenIdle(stream);
    try {
      await handler(stream);
      await stream.flush();
    } catch (error) {
      // What was going on when the stream failed only says that it was cancelled.
      throw stream.failure ?? error;
    } finally {
      watch.cancel();
      this.#running.delete(stream);
      if (this.#running.size === 0) this.#idle?.();
    }
  }

  #endWhenIdle(stream: Stream): ScheduledCall {
    const { idleMs, minBytes } = this.#limits;
    let movedBefore = 0;
    let next: ScheduledCall;
    const look = () => {
      const moved = stream.movedBytes - movedBefore;
      if (moved < minBytes) {
        const text = `expected at least ${minBytes} bytes in ${idleMs / 1000} s, got ${moved}`;
        stream.fail(new CmkError('STREAM_IDLE', text));
        return;
      }
      movedBefore = stream.movedBytes;
      next = this.#clock.schedule(idleMs, look);
    };
    next = this.#clock.schedule(idleMs, look);
    return { cancel: () => next.cancel() };
  }
}

function shuttingDown(): CmkError {
  return new CmkError('SHUTTING_DOWN', 'the sidecar is shutting down');
}
