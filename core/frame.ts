import {
  FINAL_FRAME_MARKER,
  FINAL_HEAD_BYTES,
  FINAL_OVERHEAD_BYTES,
  IV_BYTES,
  MESSAGE_ID_BYTES,
  REGULAR_HEAD_BYTES,
  REGULAR_OVERHEAD_BYTES,
  SEQUENCE_BYTES,
} from './message-format.ts';
import { malformed } from './refusals.ts';

const REGULAR_TEXT = Buffer.from('AWSKMSEncryptionClient Frame');
const FINAL_TEXT = Buffer.from('AWSKMSEncryptionClient Final Frame');
const LENGTH_BYTES = 8;

/** Whether the frame that begins here is the final one. Needs its first four bytes. */
export function isFinalFrame(frame: Buffer, start: number): boolean {
  return frame.readUInt32BE(start) === FINAL_FRAME_MARKER;
}

/**
 * How many bytes the frame that begins here has, as far as the bytes at hand tell: an answer greater than
 * `available` means that these many are needed to go on. Checks all that a frame says of itself, as soon as it is
 * there: docs/format.md, "Frames".
 * @param available bytes at hand from `start`
 * @param sequence the number that this frame must bear
 * @throws CmkError MALFORMED
 */
export function neededBytes(
  bytes: Buffer,
  start: number,
  available: number,
  sequence: number,
  frameBytes: number,
): number {
  if (available < SEQUENCE_BYTES) return SEQUENCE_BYTES;
  const isFinal = isFinalFrame(bytes, start);
  const headBytes = isFinal ? FINAL_HEAD_BYTES : REGULAR_HEAD_BYTES;
  if (available < headBytes) return headBytes;

  const sequenceAt = isFinal ? start + SEQUENCE_BYTES : start;
  const ivAt = sequenceAt + SEQUENCE_BYTES;
  expectSequence('sequence number', bytes.readUInt32BE(sequenceAt), sequence);
  expectSequence('IV', bytes.readUIntBE(ivAt, 6), 0);
  expectSequence('IV', bytes.readUIntBE(ivAt + 6, 6), sequence);
  if (!isFinal) return REGULAR_OVERHEAD_BYTES + frameBytes;

  const length = bytes.readUInt32BE(ivAt + IV_BYTES);
  if (length > frameBytes)
    throw malformed(`final frame: expected at most ${frameBytes} bytes, got ${length}`);
  return FINAL_OVERHEAD_BYTES + length;
}

function expectSequence(field: string, actual: number, expected: number): void {
  if (actual !== expected) throw malformed(`frame: expected ${field} ${expected}, got ${actual}`);
}

/** Writes a regular frame's sequence number and IV, and returns where its ciphertext begins. */
export function writeRegularHead(out: Buffer, start: number, sequence: number): number {
  return writeIv(out, out.writeUInt32BE(sequence, start), sequence);
}

/** Writes a final frame's marker, sequence number, IV and length, and returns where its ciphertext begins. */
export function writeFinalHead(out: Buffer, start: number, sequence: number, plaintextBytes: number): number {
  const sequenceAt = out.writeUInt32BE(FINAL_FRAME_MARKER, start);
  const lengthAt = writeIv(out, out.writeUInt32BE(sequence, sequenceAt), sequence);
  return out.writeUInt32BE(plaintextBytes, lengthAt);
}

function writeIv(out: Buffer, start: number, sequence: number): number {
  out.writeUIntBE(0, start, 6);
  return out.writeUIntBE(sequence, start + 6, 6);
}

/**
 * The IV and the additional authenticated data of a message's frames. Node copies both when it is given them, so
 * that one buffer of each serves all frames; a returned buffer is good until the next call.
 */
export class FrameAuthentication {
  readonly #iv = Buffer.alloc(IV_BYTES);
  readonly #regular: Buffer;
  readonly #final: Buffer;

  constructor(messageId: Uint8Array, frameBytes: number) {
    const blank = Buffer.alloc(SEQUENCE_BYTES + LENGTH_BYTES);
    this.#regular = Buffer.concat([messageId, REGULAR_TEXT, blank]);
    this.#final = Buffer.concat([messageId, FINAL_TEXT, blank]);
    writeLength(this.#regular, frameBytes);
  }

  iv(sequence: number): Buffer {
    this.#iv.writeUInt32BE(sequence, IV_BYTES - SEQUENCE_BYTES);
    return this.#iv;
  }

  regular(sequence: number): Buffer {
    this.#regular.writeUInt32BE(sequence, MESSAGE_ID_BYTES + REGULAR_TEXT.length);
    return this.#regular;
  }

  final(sequence: number, plaintextBytes: number): Buffer {
    this.#final.writeUInt32BE(sequence, MESSAGE_ID_BYTES + FINAL_TEXT.length);
    writeLength(this.#final, plaintextBytes);
    return this.#final;
  }
}

/** The 64-bit length at the end; a frame is far shorter than 48 bits can count. */
function writeLength(data: Buffer, plaintextBytes: number): void {
  data.writeUIntBE(plaintextBytes, data.length - 6, 6);
}
