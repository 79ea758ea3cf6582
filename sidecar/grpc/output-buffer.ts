import { DATA_HEADROOM, encodeInPlace, type EncodedData } from '../../proto/stream-codec.ts';

/**
 * Where the next message's data is written. One buffer serves all streams of the process: what is written is sent in
 * the same turn, and gRPC copies what it takes. A buffer for each message would be garbage at the rate of the data.
 */
export class OutputBuffer {
  #bytes = Buffer.allocUnsafeSlow(0);

  /** Room for this many bytes of data, from {@link OutputBuffer.start}. What was written before is lost. */
  reserve(dataBytes: number): Buffer {
    const needed = DATA_HEADROOM + dataBytes;
    if (this.#bytes.length < needed) this.#bytes = Buffer.allocUnsafeSlow(needed);
    return this.#bytes;
  }

  /** Where data begins. */
  get start(): number {
    return DATA_HEADROOM;
  }

  /** The first `dataBytes` as a message, to be sent before anything else is reserved. */
  message(dataBytes: number): EncodedData {
    return encodeInPlace(this.#bytes, DATA_HEADROOM, DATA_HEADROOM + dataBytes);
  }
}
