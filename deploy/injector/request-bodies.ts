import { MalformedReview } from './admission.ts';

/** Kubernetes' objects have 1.5 MiB at the most, and a review may hold a second one. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** More than reviews of pods have, but for rare ones. */
const USUAL_BYTES = 64 * 1024;
/** What may be beyond {@link USUAL_BYTES} of all bodies together: the process has 192 MiB for everything. */
const MAX_HELD_BYTES = 32 * 1024 * 1024;

/**
 * Reads requests' bodies. Whoever reaches the port may send: bodies of usual length are always read, and of larger ones
 * so many that they fit into the memory together.
 */
export class RequestBodies {
  #heldBytes = 0;

  /** @throws {MalformedReview} for too many bytes, for one that breaks off, and for what is not JSON */
  async readJson(request: AsyncIterable<Buffer>): Promise<unknown> {
    const body = await this.#read(request);
    try {
      return JSON.parse(body.toString('utf8')) as unknown;
    } catch {
      throw new MalformedReview('expected JSON');
    }
  }

  async #read(request: AsyncIterable<Buffer>): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let length = 0;
    let heldBytes = 0;
    try {
      for await (const piece of request) {
        length += piece.length;
        if (length > MAX_BODY_BYTES) throw new MalformedReview(`expected at most ${MAX_BODY_BYTES} bytes`);
        const more = Math.max(0, length - USUAL_BYTES) - heldBytes;
        if (this.#heldBytes + more > MAX_HELD_BYTES)
          throw new MalformedReview('expected fewer long requests at a time');
        this.#heldBytes += more;
        heldBytes += more;
        pieces.push(piece);
      }
    } catch (error) {
      // Only the other side, or its silence, ends a body early.
      throw error instanceof MalformedReview ? error : new MalformedReview('the request broke off');
    } finally {
      this.#heldBytes -= heldBytes;
    }
    return Buffer.concat(pieces);
  }
}
