import { Readable } from 'node:stream';
import grpc from '@grpc/grpc-js';
import { CmkError } from '../core/errors.ts';
import type { StreamStart } from '../proto/types/cmk/v1/StreamStart.ts';
import type { StreamStarted__Output } from '../proto/types/cmk/v1/StreamStarted.ts';
import { abortError, contractError, localError } from './errors.ts';
import { peerError } from './peer-error.ts';
import { inPieces } from './pieces.ts';
import { openSource, type ByteSource, type OpenSource } from './source.ts';
import type { StreamStarted } from './types.ts';
import { fromWireStarted } from './wire.ts';

type Request = { start: StreamStart } | { data: Uint8Array };
interface Response {
  started?: StreamStarted__Output | null;
  data?: Buffer;
}

/** One bidirectional call: `Encrypt`, `Decrypt` and `Reencrypt` look alike. */
export type StreamCall = grpc.ClientDuplexStream<Request, Response>;

/** Bytes handed to gRPC and not yet taken by the socket, at the most. */
const MOST_IN_FLIGHT_BYTES = 1024 * 1024;

export interface StreamParts {
  /** Opens the call, once a connection stands. */
  readonly open: () => Promise<StreamCall>;
  readonly start: StreamStart;
  readonly source: ByteSource;
  readonly signal?: AbortSignal | undefined;
  readonly idleMs: number;
}

/**
 * The bytes of one `Encrypt`, `Decrypt` or `Reencrypt`: a Node `Readable`, thus an async iterable. It reads its source no faster
 * than it is read itself. It ends only when the sidecar confirmed that all is complete; else it fails with a
 * {@link CmkError}, and what was read before must be discarded. Destroying it, or leaving a `for await` early,
 * cancels the call.
 */
export class CmkStream extends Readable {
  /** Fulfilled before the first byte; rejected when the call fails earlier. Need not be awaited. */
  readonly started: Promise<StreamStarted>;
  readonly #settleStarted: { resolve(started: StreamStarted): void; reject(error: Error): void };
  readonly #parts: StreamParts;
  readonly #idleTimer: NodeJS.Timeout;
  #source: OpenSource | null = null;
  #call: StreamCall | null = null;
  #hasStarted = false;
  #sentAll = false;
  #confirmed = false;
  #inFlightBytes = 0;
  #wakeSender: (() => void) | null = null;

  constructor(parts: StreamParts) {
    super({ highWaterMark: 256 * 1024 });
    this.#parts = parts;
    const { promise, ...settle } = deferred<StreamStarted>();
    this.started = promise;
    this.#settleStarted = settle;
    // Whoever reads or awaits `started` meets the error; one who does neither must not have his process ended by it.
    this.on('error', () => undefined);
    this.#idleTimer = setTimeout(() => this.destroy(idleError(parts.idleMs)), parts.idleMs);
    parts.signal?.addEventListener('abort', this.#onAbort);
    this.#run().catch((error: unknown) => this.destroy(localError('source', error)));
  }

  async #run(): Promise<void> {
    const { source, signal, open, start } = this.#parts;
    this.#source = openSource(source);
    if (signal?.aborted === true) throw abortError(signal);
    const call = await open();
    if (this.destroyed) {
      call.on('error', () => undefined).cancel();
      return;
    }
    this.#call = call;
    this.#receive(call);
    await this.#write(call, { start }, 0);
    for await (const data of inPieces(this.#source)) await this.#write(call, { data }, data.byteLength);
    this.#sentAll = true;
    call.end();
  }

  /** Resolves as soon as there is room for more. */
  async #write(call: StreamCall, message: Request, bytes: number): Promise<void> {
    this.#inFlightBytes += bytes;
    call.write(message, () => {
      this.#inFlightBytes -= bytes;
      this.#idleTimer.refresh();
      this.#wakeSender?.();
    });
    while (this.#inFlightBytes >= MOST_IN_FLIGHT_BYTES && !this.destroyed) {
      await new Promise<void>((resolve) => (this.#wakeSender = resolve));
    }
    if (this.destroyed) throw new CmkError('CANCELLED', 'the stream is closed');
  }

  #receive(call: StreamCall): void {
    call.on('data', (response: Response) => {
      this.#idleTimer.refresh();
      if (response.started) this.#onStarted(response.started);
      else if (!this.#hasStarted) this.destroy(contractError('bytes came before it told the key in use'));
      else if (response.data && !this.push(response.data)) call.pause();
    });
    // An end alone says nothing: a failed call ends too. gRPC tells the status before it.
    call.on('status', ({ code }) => (this.#confirmed = code === grpc.status.OK));
    call.on('error', (error: unknown) => this.destroy(peerError(error)));
    call.on('end', () => {
      if (!this.#confirmed || !this.#hasStarted || !this.#sentAll)
        this.destroy(contractError('it ended the call too early'));
      else this.push(null);
    });
  }

  #onStarted(started: StreamStarted__Output): void {
    try {
      this.#settleStarted.resolve(fromWireStarted(started));
      this.#hasStarted = true;
    } catch (error) {
      this.destroy(localError('started', error));
    }
  }

  readonly #onAbort = (): void => {
    if (this.#parts.signal) this.destroy(abortError(this.#parts.signal));
  };

  override _read(): void {
    this.#idleTimer.refresh();
    this.#call?.resume();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.#idleTimer);
    this.#parts.signal?.removeEventListener('abort', this.#onAbort);
    const known = error && localError('stream', error);
    this.#settleStarted.reject(known ?? new CmkError('CANCELLED', 'the stream was closed before it started'));
    this.#call?.cancel();
    this.#wakeSender?.();
    if (!this.#sentAll) this.#source?.close();
    done(known);
  }
}

function idleError(idleMs: number): CmkError {
  return new CmkError('STREAM_IDLE', `no byte moved for ${idleMs} ms`);
}

/** A promise that may be ignored: its rejection is not unhandled. */
function deferred<T>(): { promise: Promise<T>; resolve(value: T): void; reject(error: Error): void } {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((onResolve, onReject) => ([resolve, reject] = [onResolve, onReject]));
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}
