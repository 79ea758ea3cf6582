import { createCipheriv, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { DataKey } from './data-key.ts';
import { deriveCommitment, deriveEncryptionKey, headerTag } from './derived-keys.ts';
import type { EncryptionContext } from './encryption-context.ts';
import { CmkError } from './errors.ts';
import { FrameAuthentication, writeFinalHead, writeRegularHead } from './frame.ts';
import { encodeHeader } from './header.ts';
import type { EncryptedDataKey } from './header.ts';
import {
  DEFAULT_FRAME_BYTES,
  FINAL_OVERHEAD_BYTES,
  FIRST_SEQUENCE,
  MAX_SEQUENCE,
  MESSAGE_ID_BYTES,
  REGULAR_OVERHEAD_BYTES,
  TAG_BYTES,
} from './message-format.ts';
import { moveBytes } from './move-bytes.ts';

export interface SealerOptions {
  /** May be disposed of as soon as the sealer is made. */
  readonly dataKey: DataKey;
  readonly context: EncryptionContext;
  /** 1 to 16, each field of 1 to 65,535 bytes. */
  readonly encryptedDataKeys: readonly EncryptedDataKey[];
  /** Plaintext bytes in each frame but the last: 1 to 1,048,576. Default 65,536. */
  readonly frameBytes?: number;
  /** For fixed test vectors only: a message id that is used twice with one data key breaks the encryption. */
  readonly messageId?: Uint8Array;
}

/**
 * Seals one plaintext that arrives in pieces of any size: docs/format.md. Write `header` first, then what each
 * `update` wrote, then what `final` wrote. A sealer never starts over: its header is made once.
 */
export class Sealer {
  /** The sealed file's header, its tag included. */
  readonly header: Buffer;
  readonly #key: KeyObject;
  readonly #frameBytes: number;
  readonly #authentication: FrameAuthentication;
  /** The begun frame's plaintext; made when a piece first ends inside a frame. */
  #held: Buffer | undefined;
  #heldBytes = 0;
  #sequence = FIRST_SEQUENCE;
  #finished = false;

  /** @throws CmkError INVALID_ARGUMENT for options that the format cannot carry */
  constructor(options: SealerOptions) {
    const { dataKey, context, encryptedDataKeys } = options;
    const messageId = options.messageId ?? randomBytes(MESSAGE_ID_BYTES);
    this.#frameBytes = options.frameBytes ?? DEFAULT_FRAME_BYTES;
    const fields = { messageId, context, encryptedDataKeys, frameBytes: this.#frameBytes };
    const authenticated = encodeHeader(fields, deriveCommitment(dataKey, messageId));
    this.#key = deriveEncryptionKey(dataKey, messageId);
    this.header = Buffer.concat([authenticated, headerTag(this.#key, authenticated)]);
    this.#authentication = new FrameAuthentication(messageId, this.#frameBytes);
  }

  /**
   * How many bytes an `update` with a piece of this length will write: exact.
   * @throws CmkError INVALID_ARGUMENT when the plaintext has more frames than the format can number
   */
  updateBytes(pieceBytes: number): number {
    const frames = Math.floor((this.#heldBytes + pieceBytes) / this.#frameBytes);
    // The last number is left to the final frame, which must always follow.
    if (this.#sequence + frames > MAX_SEQUENCE) {
      throw new CmkError('INVALID_ARGUMENT', `plaintext: expected fewer than ${MAX_SEQUENCE} whole frames`);
    }
    return frames * (this.#frameBytes + REGULAR_OVERHEAD_BYTES);
  }

  /**
   * Seals the frames that this piece completes and keeps the rest, less than a frame. The piece is free afterwards.
   * @param out room for `updateBytes(piece.length)` from `offset`; must not share memory with the piece
   * @returns bytes written
   * @throws CmkError INVALID_ARGUMENT as `updateBytes`
   */
  update(piece: Uint8Array, out: Buffer, offset: number): number {
    this.#begin(this.updateBytes(piece.length), out, offset);
    let read = 0;
    let written = offset;
    if (this.#heldBytes > 0) {
      read = Math.min(this.#frameBytes - this.#heldBytes, piece.length);
      this.#hold(piece.subarray(0, read));
      if (this.#held && this.#heldBytes === this.#frameBytes) {
        written = this.#sealRegular(this.#held, out, written);
        this.#heldBytes = 0;
      }
    }
    for (; piece.length - read >= this.#frameBytes; read += this.#frameBytes) {
      written = this.#sealRegular(piece.subarray(read, read + this.#frameBytes), out, written);
    }
    if (read < piece.length) this.#hold(piece.subarray(read));
    return written - offset;
  }

  /** How many bytes `final` will write: exact. */
  finalBytes(): number {
    return FINAL_OVERHEAD_BYTES + this.#heldBytes;
  }

  /**
   * Seals the final frame; it is empty when the plaintext was a multiple of the frame length.
   * @param out room for `finalBytes()` from `offset`
   * @returns bytes written
   */
  final(out: Buffer, offset: number): number {
    this.#begin(this.finalBytes(), out, offset);
    this.#finished = true;
    const plaintext = this.#held?.subarray(0, this.#heldBytes) ?? Buffer.alloc(0);
    const start = writeFinalHead(out, offset, this.#sequence, plaintext.length);
    const aad = this.#authentication.final(this.#sequence, plaintext.length);
    const end = this.#encrypt(plaintext, aad, out, start);
    this.#held = undefined;
    return end - offset;
  }

  #begin(bytes: number, out: Buffer, offset: number): void {
    if (this.#finished) throw new CmkError('INTERNAL', 'sealer used after its end');
    if (out.length - offset < bytes) {
      throw new CmkError('INTERNAL', `sealer: expected room for ${bytes} bytes, got ${out.length - offset}`);
    }
  }

  #hold(plaintext: Uint8Array): void {
    // Not from Node's shared pool: plaintext must not lie beside other people's buffers.
    this.#held ??= Buffer.allocUnsafeSlow(this.#frameBytes);
    this.#held.set(plaintext, this.#heldBytes);
    this.#heldBytes += plaintext.length;
  }

  #sealRegular(plaintext: Uint8Array, out: Buffer, offset: number): number {
    const start = writeRegularHead(out, offset, this.#sequence);
    const end = this.#encrypt(plaintext, this.#authentication.regular(this.#sequence), out, start);
    this.#sequence += 1;
    return end;
  }

  #encrypt(plaintext: Uint8Array, aad: Buffer, out: Buffer, offset: number): number {
    const cipher = createCipheriv('aes-256-gcm', this.#key, this.#authentication.iv(this.#sequence));
    cipher.setAAD(aad);
    moveBytes(cipher.update(plaintext), out, offset);
    cipher.final();
    out.set(cipher.getAuthTag(), offset + plaintext.length);
    return offset + plaintext.length + TAG_BYTES;
  }
}
