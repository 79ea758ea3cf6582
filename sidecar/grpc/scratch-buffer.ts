/**
 * Where plaintext lies for a moment, between being opened and being sealed again. One buffer serves all streams of the
 * process: it is lent within one turn of the event loop, and overwritten before the next.
 */
export class ScratchBuffer {
  // Not from Node's shared pool: plaintext must not lie beside other people's buffers.
  #bytes = Buffer.allocUnsafeSlow(0);

  /** Lends room for so many bytes to `use`, which must not keep it. */
  lend(bytes: number, use: (room: Buffer) => void): void {
    if (this.#bytes.length < bytes) this.#bytes = Buffer.allocUnsafeSlow(bytes);
    const room = this.#bytes.subarray(0, bytes);
    try {
      use(room);
    } finally {
      room.fill(0);
    }
  }
}
