import type { Http2Stream } from 'node:http2';
import { constants } from 'node:http2';
import grpc, { type ServerInterceptingCallInterface } from '@grpc/grpc-js';
import { CmkError } from '../../core/errors.ts';
import { EncodedData } from '../../proto/stream-codec.ts';
import type { Clock } from '../../runtime/clock.ts';

/**
 * Another message may be sent while this many bytes or fewer wait for the peer: some must, or the processor would
 * wait too. A reader that stalls costs this much and one message.
 */
const MAX_UNSENT_BYTES = 320 * 1024;
/** How long a peer that stopped reading has for the last answer before the stream is cut off. */
const LINGER_MS = 2_000;

interface Waiter<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

/**
 * A bidirectional call, received and sent a message at a time.
 *
 * gRPC's own stream object reads up to 16 messages ahead whether they are wanted or not. This one holds one received
 * message at the most, and what was sent and is not on its way yet is bounded too: a peer that stalls costs little.
 */
export class MessageStream<Received extends { data?: Buffer }> {
  readonly #call: ServerInterceptingCallInterface;
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  #metadata = new grpc.Metadata();
  #receiver: Waiter<Received | null> | null = null;
  #sender: Waiter<void> | null = null;
  #unsentBytes = 0;
  #awaitedBytes = 0;
  #failure: unknown;
  #over = false;
  #movedBytes = 0;

  constructor(call: ServerInterceptingCallInterface, clock: Clock) {
    this.#call = call;
    this.#clock = clock;
    call.start({
      // Before this returns: metadata is what made gRPC offer the call.
      onReceiveMetadata: (metadata) => (this.#metadata = metadata),
      onReceiveMessage: (message: Received) => this.#deliver(message),
      onReceiveHalfClose: () => this.#deliver(null),
      onCancel: () => this.fail(cancelled()),
    });
  }

  /** What the caller sent with the call. */
  get metadata(): grpc.Metadata {
    return this.#metadata;
  }

  /** What the stream failed with, if it did. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Aborts when the call fails; work done for it alone can stop. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Bytes of data that came in, in whole messages, and went out. Stands still when the peer does. */
  get movedBytes(): number {
    return this.#movedBytes;
  }

  /**
   * The next message; null after the last. To be called again only once it answered.
   * @throws what the stream failed with
   */
  receive(): Promise<Received | null> {
    return new Promise((resolve, reject) => {
      if (this.#over) {
        reject(this.#reason());
        return;
      }
      this.#receiver = { resolve, reject };
      this.#call.startRead();
    });
  }

  /**
   * Returns when another message may be sent, perhaps long after.
   * @throws what the stream failed with
   */
  room(): Promise<void> {
    return this.#untilUnsent(MAX_UNSENT_BYTES);
  }

  /**
   * Sends a message, for which there is to be {@link room}. It is put on the wire's form before this returns: its
   * bytes are the caller's again at once.
   * @throws what the stream failed with
   */
  send(message: object): void {
    if (this.#over) throw this.#reason();
    // A message without data is short; it counts as one byte, so that `flush` waits for it.
    const bytes = message instanceof EncodedData ? message.wire.length : 1;
    this.#unsentBytes += bytes;
    this.#call.sendMessage(message, () => {
      this.#unsentBytes -= bytes;
      this.#movedBytes += bytes;
      this.#wakeSender();
    });
    // gRPC takes nothing for a call that is over, and tells so only afterwards. Nothing may be left for later: the
    // memory serves the next message, of whatever stream.
    if (message instanceof EncodedData && !message.taken) this.fail(cancelled());
  }

  /** Returns when every sent message has left. Throws what the stream failed with. */
  flush(): Promise<void> {
    return this.#untilUnsent(0);
  }

  /** Makes whatever is going on for this stream, and whatever begins, fail with this error. The first one counts. */
  fail(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#failure = error;
    this.#receiver?.reject(error);
    this.#sender?.reject(error);
    this.#abort.abort(error);
  }

  /** Ends the call. */
  end(status: Parameters<ServerInterceptingCallInterface['sendStatus']>[0]): void {
    this.#over = true;
    this.#call.sendStatus(status);
    if (this.#unsentBytes > 0) this.#clock.schedule(LINGER_MS, () => this.#cutOff());
  }

  /**
   * A status is sent after all messages, so that a peer that does not read them never gets it, and the messages stay
   * in memory. Only a reset of the HTTP/2 stream drops them, and gRPC has no way to ask for it.
   */
  #cutOff(): void {
    const { stream } = this.#call as unknown as { stream?: Http2Stream };
    stream?.close(constants.NGHTTP2_CANCEL);
  }

  #deliver(message: Received | null): void {
    this.#movedBytes += message?.data?.length ?? 0;
    const receiver = this.#receiver;
    this.#receiver = null;
    receiver?.resolve(message);
  }

  #untilUnsent(bytes: number): Promise<void> {
    if (this.#over) return Promise.reject(this.#reason());
    if (this.#unsentBytes <= bytes) return Promise.resolve();
    this.#awaitedBytes = bytes;
    return new Promise((resolve, reject) => {
      this.#sender = { resolve, reject };
    });
  }

  #wakeSender(): void {
    if (!this.#sender || this.#unsentBytes > this.#awaitedBytes) return;
    const sender = this.#sender;
    this.#sender = null;
    sender.resolve();
  }

  #reason(): Error {
    return this.#failure instanceof Error ? this.#failure : new CmkError('INTERNAL', 'the stream has ended');
  }
}

function cancelled(): CmkError {
  return new CmkError('CANCELLED', 'the call was cancelled');
}
