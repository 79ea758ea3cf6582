import { isFinalFrame, neededBytes } from './frame.ts';
import { HeaderReader } from './header.ts';
import type { Header } from './header.ts';
import {
  FINAL_HEAD_BYTES,
  FINAL_OVERHEAD_BYTES,
  FIRST_SEQUENCE,
  REGULAR_HEAD_BYTES,
} from './message-format.ts';
import { Poison } from './poison.ts';
import { malformed, truncated } from './refusals.ts';

/** What can be told of a sealed file without its key: its structure is whole; nothing is authenticated. */
export interface Inspection {
  readonly header: Header;
  /** The final frame included. */
  readonly frames: number;
  readonly plaintextBytes: number;
  /** The whole sealed file. */
  readonly sealedBytes: number;
}

/** Walks a sealed file that arrives in pieces of any size, without a key, holding no more than its header. */
export class Inspector {
  readonly #reader = new HeaderReader();
  #header: Header | undefined;
  /** What has come of the head of the frame at hand. */
  readonly #head = Buffer.alloc(FINAL_HEAD_BYTES);
  #headBytes = 0;
  /** Bytes of the frame at hand that are still to be passed over. */
  #toSkip = 0;
  #sequence = FIRST_SEQUENCE;
  #plaintextBytes = 0;
  #sealedBytes = 0;
  #finished = false;
  readonly #poison = new Poison();

  /** The header, once it is complete. */
  get header(): Header | undefined {
    return this.#header;
  }

  /**
   * Takes the next piece.
   * @throws CmkError MALFORMED where an `Opener` would
   */
  update(piece: Uint8Array): void {
    this.#poison.guard(() => {
      this.#sealedBytes += piece.length;
      let rest = piece;
      if (!this.#header) {
        const read = this.#reader.push(piece);
        if (!read) return;
        this.#header = read.header;
        rest = read.rest;
      }
      while (rest.length > 0) rest = this.#walk(rest, this.#header.frameBytes);
    });
  }

  /**
   * The sealed file has ended.
   * @throws CmkError TRUNCATED unless its final frame is whole
   */
  end(): Inspection {
    return this.#poison.guard(() => {
      this.#reader.end();
      if (!this.#header || !this.#finished || this.#toSkip > 0) {
        throw truncated(`ends inside frame ${this.#sequence}`);
      }
      return {
        header: this.#header,
        frames: this.#sequence - FIRST_SEQUENCE,
        plaintextBytes: this.#plaintextBytes,
        sealedBytes: this.#sealedBytes,
      };
    });
  }

  /** Passes over as much of one frame as there is, and returns what is left. */
  #walk(rest: Uint8Array, frameBytes: number): Uint8Array {
    if (this.#toSkip > 0) {
      const skipped = Math.min(this.#toSkip, rest.length);
      this.#toSkip -= skipped;
      return rest.subarray(skipped);
    }
    if (this.#finished) throw malformed('bytes after the final frame');

    const needed = neededBytes(this.#head, 0, this.#headBytes, this.#sequence, frameBytes);
    const taken = rest.subarray(0, needed - this.#headBytes);
    this.#head.set(taken, this.#headBytes);
    this.#headBytes += taken.length;
    if (this.#headBytes >= REGULAR_HEAD_BYTES) this.#endHead(frameBytes);
    return rest.subarray(taken.length);
  }

  #endHead(frameBytes: number): void {
    const isFinal = isFinalFrame(this.#head, 0);
    const total = neededBytes(this.#head, 0, this.#headBytes, this.#sequence, frameBytes);
    if (isFinal && this.#headBytes < FINAL_HEAD_BYTES) return;
    this.#plaintextBytes += isFinal ? total - FINAL_OVERHEAD_BYTES : frameBytes;
    this.#toSkip = total - this.#headBytes;
    this.#headBytes = 0;
    this.#sequence += 1;
    this.#finished = isFinal;
  }
}
