import { encodeContext, parseContext } from './context-encoding.ts';
import type { EncryptionContext } from './encryption-context.ts';
import { CmkError } from './errors.ts';
import {
  ALGORITHM_SUITE,
  COMMITMENT_BYTES,
  CONTENT_TYPE_FRAMED,
  FORMAT_VERSION,
  MAX_ENCRYPTED_DATA_KEYS,
  MAX_FRAME_BYTES,
  MAX_HEADER_BYTES,
  MESSAGE_ID_BYTES,
  TAG_BYTES,
} from './message-format.ts';
import { Poison } from './poison.ts';
import { malformed, truncated } from './refusals.ts';
import { decodeUtf8, encodeUtf8 } from './utf8.ts';

/** A wrapped data key, or a reference to one, as a sealed header carries it. */
export interface EncryptedDataKey {
  /** Who can unwrap it, e.g. `cmk-broker`. */
  readonly providerId: string;
  /** Which key, in the provider's own terms. */
  readonly providerInfo: Uint8Array;
  readonly ciphertext: Uint8Array;
}

/** What a header is made of, apart from its authentication. */
export interface HeaderFields {
  /** 32 random bytes, never used twice with one data key. */
  readonly messageId: Uint8Array;
  readonly context: EncryptionContext;
  readonly encryptedDataKeys: readonly EncryptedDataKey[];
  /** Plaintext bytes in each frame but the last. */
  readonly frameBytes: number;
}

/** A header as read. Nothing in it is authenticated before an `Opener` took it. */
export interface Header extends HeaderFields {
  readonly commitment: Uint8Array;
  readonly tag: Uint8Array;
  /** The bytes under the tag. */
  readonly authenticated: Uint8Array;
  /** The header's length, its tag included. */
  readonly headerBytes: number;
}

/**
 * Serialises a header up to its tag: docs/format.md, "Header".
 * @throws CmkError INVALID_ARGUMENT for fields that the format cannot carry
 */
export function encodeHeader(fields: HeaderFields, commitment: Uint8Array): Buffer {
  checkFields(fields);
  const { messageId, context, encryptedDataKeys, frameBytes } = fields;
  const encoded = Buffer.concat([
    uint(FORMAT_VERSION, 1),
    uint(ALGORITHM_SUITE, 2),
    messageId,
    encodeContext(context),
    uint(encryptedDataKeys.length, 2),
    ...encryptedDataKeys.flatMap(encodeEncryptedDataKey),
    uint(CONTENT_TYPE_FRAMED, 1),
    uint(frameBytes, 4),
    commitment,
  ]);
  const headerBytes = encoded.length + TAG_BYTES;
  if (headerBytes > MAX_HEADER_BYTES) {
    throw invalid(`header: expected at most ${MAX_HEADER_BYTES} bytes, got ${headerBytes}`);
  }
  return encoded;
}

function checkFields({ messageId, encryptedDataKeys, frameBytes }: HeaderFields): void {
  if (messageId.length !== MESSAGE_ID_BYTES) {
    throw invalid(`message id: expected ${MESSAGE_ID_BYTES} bytes, got ${messageId.length}`);
  }
  if (!Number.isInteger(frameBytes) || frameBytes < 1 || frameBytes > MAX_FRAME_BYTES) {
    throw invalid(`frame length: expected 1 to ${MAX_FRAME_BYTES} bytes, got ${frameBytes}`);
  }
  const count = encryptedDataKeys.length;
  if (count < 1 || count > MAX_ENCRYPTED_DATA_KEYS) {
    throw invalid(`encrypted data keys: expected 1 to ${MAX_ENCRYPTED_DATA_KEYS}, got ${count}`);
  }
}

function encodeEncryptedDataKey({ providerId, providerInfo, ciphertext }: EncryptedDataKey): Uint8Array[] {
  const id = encodeUtf8(providerId);
  if (!id) throw invalid('encrypted data key: expected a Unicode text as provider id');
  return [id, providerInfo, ciphertext].flatMap((field) => {
    if (field.length < 1 || field.length > 0xffff) {
      throw invalid(`encrypted data key: expected fields of 1 to 65535 bytes, got ${field.length}`);
    }
    return [uint(field.length, 2), field];
  });
}

function uint(value: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
}

function invalid(message: string): CmkError {
  return new CmkError('INVALID_ARGUMENT', message);
}

/** Asks for the next so many bytes of the header, and gets exactly these. */
type FieldParser<Result> = Generator<number, Result, Buffer>;

/** Reads a header that arrives in pieces of any size, and holds no more than the header's cap. */
export class HeaderReader {
  readonly #parser = parseHeader();
  #bytes: Buffer = Buffer.allocUnsafeSlow(512);
  #length = 0;
  #fieldStart = 0;
  #fieldBytes = 0;
  #done = false;
  readonly #poison = new Poison();

  constructor() {
    this.#expect(this.#parser.next().value as number);
  }

  /**
   * Takes the next piece of the sealed file.
   * @returns null until the header is complete; then the header, and what of this piece follows it. The rest is a
   * view of the piece, the header owns its bytes
   * @throws CmkError MALFORMED as soon as the header cannot be one of ours
   */
  push(piece: Uint8Array): { header: Header; rest: Uint8Array } | null {
    if (this.#done) throw new CmkError('INTERNAL', 'header reader used after its end');
    return this.#poison.guard(() => this.#read(piece));
  }

  /**
   * The sealed file has ended.
   * @throws CmkError TRUNCATED unless the header is complete
   */
  end(): void {
    this.#poison.guard(() => {
      if (!this.#done) throw truncated(`ends ${this.#length} bytes into the header`);
    });
  }

  #read(piece: Uint8Array): { header: Header; rest: Uint8Array } | null {
    let taken = 0;
    for (;;) {
      const end = Math.min(piece.length, taken + this.#fieldStart + this.#fieldBytes - this.#length);
      this.#append(piece.subarray(taken, end));
      taken = end;
      if (this.#length < this.#fieldStart + this.#fieldBytes) return null;
      const header = this.#parseField();
      if (header) return { header, rest: piece.subarray(taken) };
    }
  }

  #parseField(): Header | null {
    const step = this.#parser.next(this.#bytes.subarray(this.#fieldStart, this.#length));
    if (!step.done) {
      this.#expect(step.value);
      return null;
    }
    this.#done = true;
    const authenticated = this.#bytes.subarray(0, this.#length - TAG_BYTES);
    return { ...step.value, authenticated, headerBytes: this.#length };
  }

  #expect(fieldBytes: number): void {
    this.#fieldStart = this.#length;
    this.#fieldBytes = fieldBytes;
    if (this.#fieldStart + fieldBytes > MAX_HEADER_BYTES) {
      throw malformed(`header: expected at most ${MAX_HEADER_BYTES} bytes`);
    }
  }

  #append(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#bytes.length) {
      // Fields handed to the parser stay views of the smaller buffer, which keeps its contents.
      const grown = Buffer.allocUnsafeSlow(Math.max(length, this.#bytes.length * 2));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = length;
  }
}

/** The grammar of docs/format.md, "Header", in its order; every length is checked before the bytes are awaited. */
function* parseHeader(): FieldParser<Omit<Header, 'authenticated' | 'headerBytes'>> {
  expectValue('version', yield* readUint(1), FORMAT_VERSION);
  expectValue('algorithm suite', yield* readUint(2), ALGORITHM_SUITE);
  const messageId = yield MESSAGE_ID_BYTES;
  const context = parseContext(yield yield* readUint(2));

  const count = yield* readUint(2);
  if (count < 1 || count > MAX_ENCRYPTED_DATA_KEYS) {
    throw malformed(`encrypted data keys: expected 1 to ${MAX_ENCRYPTED_DATA_KEYS}, got ${count}`);
  }
  const encryptedDataKeys: EncryptedDataKey[] = [];
  for (let i = 0; i < count; i++) encryptedDataKeys.push(yield* readEncryptedDataKey());

  expectValue('content type', yield* readUint(1), CONTENT_TYPE_FRAMED);
  const frameBytes = yield* readUint(4);
  if (frameBytes < 1 || frameBytes > MAX_FRAME_BYTES) {
    throw malformed(`frame length: expected 1 to ${MAX_FRAME_BYTES} bytes, got ${frameBytes}`);
  }
  const commitment = yield COMMITMENT_BYTES;
  const tag = yield TAG_BYTES;
  return { messageId, context, encryptedDataKeys, frameBytes, commitment, tag };
}

function* readEncryptedDataKey(): FieldParser<EncryptedDataKey> {
  const providerId = decodeUtf8(yield* readField());
  if (providerId === null) throw malformed('encrypted data key: expected a provider id in UTF-8');
  return { providerId, providerInfo: yield* readField(), ciphertext: yield* readField() };
}

function* readField(): FieldParser<Buffer> {
  const bytes = yield* readUint(2);
  if (bytes === 0) throw malformed('encrypted data key: expected no empty field');
  return yield bytes;
}

function* readUint(bytes: number): FieldParser<number> {
  return (yield bytes).readUIntBE(0, bytes);
}

function expectValue(field: string, actual: number, expected: number): void {
  if (actual !== expected) throw malformed(`${field}: expected ${expected}, got ${actual}`);
}
