/** About the most that is sealed or opened at a time: what a reader that stalls leaves behind. */
const SLICE_BYTES = 260 * 1024;

/**
 * Cuts pieces, one after another, into slices that end where frames end: a frame that is cut is copied to be put
 * together again. Copies nothing itself.
 */
export class Slicer {
  readonly #frameBytes: number;
  readonly #sliceBytes: number;
  /** Bytes of the begun frame that went by already. */
  #begun = 0;

  /** @param frameBytes of one frame, as it is in the pieces: plain or sealed */
  constructor(frameBytes: number) {
    this.#frameBytes = frameBytes;
    this.#sliceBytes = Math.max(1, Math.floor(SLICE_BYTES / frameBytes)) * frameBytes;
  }

  /** The next piece, in order. */
  *slices(piece: Uint8Array): Generator<Uint8Array, void, void> {
    let start = 0;
    for (let end = this.#sliceBytes - this.#begun; start < piece.length; end += this.#sliceBytes) {
      yield piece.subarray(start, end);
      start = end;
    }
    this.#begun = (this.#begun + piece.length) % this.#frameBytes;
  }
}
