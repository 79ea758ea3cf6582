import { createDecipheriv } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { DataKey } from './data-key.ts';
import { deriveCommitment, deriveEncryptionKey, equalInConstantTime, headerTag } from './derived-keys.ts';
import { CmkError } from './errors.ts';
import { FrameAuthentication, isFinalFrame, neededBytes } from './frame.ts';
import type { Header } from './header.ts';
import {
  FINAL_HEAD_BYTES,
  FINAL_OVERHEAD_BYTES,
  FIRST_SEQUENCE,
  REGULAR_HEAD_BYTES,
  REGULAR_OVERHEAD_BYTES,
  TAG_BYTES,
} from './message-format.ts';
import { moveBytes } from './move-bytes.ts';
import { Poison } from './poison.ts';
import { authenticationFailed, malformed, truncated } from './refusals.ts';

const GCM = { authTagLength: TAG_BYTES };

/**
 * Opens the frames that follow a header, in pieces of any size. Plaintext comes out in whole frames, each after its
 * own authentication: docs/format.md, "A reader's order". Only after `final` returned is the plaintext known to be
 * complete. After an error every call throws that error again.
 */
export class Opener {
  readonly #key: KeyObject;
  readonly #frameBytes: number;
  readonly #authentication: FrameAuthentication;
  /** The begun frame, sealed; made when a piece first ends inside a frame. */
  #held: Buffer | undefined;
  #heldBytes = 0;
  #sequence = FIRST_SEQUENCE;
  #finished = false;
  readonly #poison = new Poison();

  /**
   * @param dataKey may be disposed of as soon as the opener is made
   * @throws CmkError AUTHENTICATION_FAILED when the data key is not the header's, or the header was changed
   */
  constructor(header: Header, dataKey: DataKey) {
    if (!equalInConstantTime(deriveCommitment(dataKey, header.messageId), header.commitment)) {
      throw authenticationFailed('commitment: this is not the data key that the header commits to');
    }
    this.#key = deriveEncryptionKey(dataKey, header.messageId);
    if (!equalInConstantTime(headerTag(this.#key, header.authenticated), header.tag)) {
      throw authenticationFailed('header tag: the header was changed');
    }
    this.#frameBytes = header.frameBytes;
    this.#authentication = new FrameAuthentication(header.messageId, header.frameBytes);
  }

  /**
   * How many bytes an `update` with a piece of this length will write at the most; 0 when the piece is known not to
   * complete a frame.
   */
  updateBytes(pieceBytes: number): number {
    const available = this.#heldBytes + pieceBytes;
    if (this.#neededForHeld() > available) return 0;
    const sealedFrameBytes = this.#frameBytes + REGULAR_OVERHEAD_BYTES;
    const regularFrames = Math.floor(available / sealedFrameBytes);
    const finalLength = Math.max(0, (available % sealedFrameBytes) - FINAL_OVERHEAD_BYTES);
    return regularFrames * this.#frameBytes + finalLength;
  }

  /**
   * Opens the frames that this piece completes and keeps the rest, less than a frame. The piece is free afterwards.
   * @param out room for `updateBytes(piece.length)` from `offset`; must not share memory with the piece. Only
   * authenticated plaintext is ever written into it, also when this throws
   * @returns bytes written
   * @throws CmkError MALFORMED, AUTHENTICATION_FAILED
   */
  update(piece: Uint8Array, out: Buffer, offset: number): number {
    return this.#poison.guard(() => {
      const room = this.updateBytes(piece.length);
      if (out.length - offset < room) {
        throw new CmkError('INTERNAL', `opener: expected room for ${room} bytes, got ${out.length - offset}`);
      }
      return this.#open(Buffer.from(piece.buffer, piece.byteOffset, piece.length), out, offset) - offset;
    });
  }

  /**
   * The sealed file has ended.
   * @throws CmkError TRUNCATED unless the final frame was opened
   */
  final(): void {
    this.#poison.guard(() => {
      if (!this.#finished) throw truncated(`ends ${this.#heldBytes} bytes into frame ${this.#sequence}`);
    });
  }

  #open(piece: Buffer, out: Buffer, offset: number): number {
    let read = 0;
    let written = offset;
    while (read < piece.length) {
      if (this.#finished) throw malformed('bytes after the final frame');
      if (this.#heldBytes > 0) {
        const needed = this.#neededForHeld();
        read += this.#hold(piece.subarray(read, read + needed - this.#heldBytes));
        if (this.#held && this.#heldBytes === needed && this.#neededForHeld() === needed) {
          written = this.#openFrame(this.#held, 0, needed, out, written);
          this.#heldBytes = 0;
        }
        continue;
      }
      const available = piece.length - read;
      const needed = neededBytes(piece, read, available, this.#sequence, this.#frameBytes);
      if (needed <= available) {
        written = this.#openFrame(piece, read, needed, out, written);
        read += needed;
      } else {
        read += this.#hold(piece.subarray(read));
      }
    }
    return written;
  }

  #neededForHeld(): number {
    return this.#held ? neededBytes(this.#held, 0, this.#heldBytes, this.#sequence, this.#frameBytes) : 0;
  }

  #hold(bytes: Uint8Array): number {
    this.#held ??= Buffer.allocUnsafeSlow(this.#frameBytes + FINAL_OVERHEAD_BYTES);
    this.#held.set(bytes, this.#heldBytes);
    this.#heldBytes += bytes.length;
    return bytes.length;
  }

  /** Opens the whole frame in `bytes` from `start`, and returns where the written plaintext ends. */
  #openFrame(bytes: Buffer, start: number, length: number, out: Buffer, offset: number): number {
    const isFinal = isFinalFrame(bytes, start);
    const ciphertextAt = start + (isFinal ? FINAL_HEAD_BYTES : REGULAR_HEAD_BYTES);
    const tagAt = start + length - TAG_BYTES;
    const aad = isFinal
      ? this.#authentication.final(this.#sequence, tagAt - ciphertextAt)
      : this.#authentication.regular(this.#sequence);

    const iv = this.#authentication.iv(this.#sequence);
    const decipher = createDecipheriv('aes-256-gcm', this.#key, iv, GCM);
    decipher.setAAD(aad);
    const plaintext = decipher.update(bytes.subarray(ciphertextAt, tagAt));
    decipher.setAuthTag(bytes.subarray(tagAt, start + length));
    try {
      decipher.final();
    } catch {
      throw authenticationFailed(`frame ${this.#sequence}: the tag does not match`);
    }
    moveBytes(plaintext, out, offset);
    this.#finished = isFinal;
    this.#sequence += 1;
    return offset + tagAt - ciphertextAt;
  }
}
