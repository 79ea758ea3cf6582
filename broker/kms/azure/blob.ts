import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { encodeContext } from '../../../core/context-encoding.ts';
import { DataKey } from '../../../core/data-key.ts';
import type { EncryptionContext } from '../../../core/encryption-context.ts';
import { DATA_KEY_BYTES } from '../../../core/message-format.ts';

/**
 * A data key as it is stored: docs/kms/azure.md, "The wrapped data key". Azure's wrapping carries no encryption
 * context. So the vault wraps a one-time key, and that key seals the data key together with the context.
 */
export interface Blob {
  readonly algorithm: WrapAlgorithm;
  /** The versioned identifier of the key that wrapped. */
  readonly keyId: string;
  /** The one-time key, as the vault answered it. */
  readonly wrappedKey: Uint8Array;
  readonly iv: Uint8Array;
  /** Ciphertext and tag. */
  readonly sealed: Uint8Array;
}

export type WrapAlgorithm = 'RSA-OAEP-256' | 'A256KW';

/** A blob that is no blob, or whose tag does not verify. */
export class BlobError extends Error {
  override readonly name = 'BlobError';
}

const MAGIC = Buffer.from('AKV\x01', 'latin1');
const CODE_OF: Readonly<Record<WrapAlgorithm, number>> = { 'RSA-OAEP-256': 1, A256KW: 2 };
const ALGORITHM_OF: readonly (WrapAlgorithm | null)[] = [null, 'RSA-OAEP-256', 'A256KW'];
const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const SEALED_BYTES = DATA_KEY_BYTES + TAG_BYTES;
const MAX_KEY_ID_BYTES = 300;
/** Of an RSA key of 4096 bits; AES key wrap adds 8 bytes to the 32. */
const MAX_WRAPPED_BYTES = 512;
const MIN_WRAPPED_BYTES = 40;
export const ONE_TIME_KEY_BYTES = 32;

/** @param oneTimeKey used for this one blob and wiped by the caller */
export function sealBlob(
  head: Pick<Blob, 'algorithm' | 'keyId' | 'wrappedKey'>,
  oneTimeKey: Uint8Array,
  dataKey: DataKey,
  context: EncryptionContext,
): Buffer {
  const header = encodeHeader(head);
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, oneTimeKey, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(additionalData(header, context));
  const plaintext = dataKey.copyBytes();
  try {
    return Buffer.concat([header, iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  } finally {
    plaintext.fill(0);
  }
}

/** @throws BlobError for another context, another one-time key or a changed blob alike */
export function openBlob(blob: Blob, oneTimeKey: Uint8Array, context: EncryptionContext): DataKey {
  const decipher = createDecipheriv(CIPHER, oneTimeKey, blob.iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(additionalData(encodeHeader(blob), context));
  decipher.setAuthTag(blob.sealed.subarray(DATA_KEY_BYTES));
  const plaintext = decipher.update(blob.sealed.subarray(0, DATA_KEY_BYTES));
  try {
    decipher.final();
    return DataKey.take(plaintext);
  } catch {
    throw new BlobError('the tag does not verify');
  } finally {
    plaintext.fill(0);
  }
}

/** @throws BlobError */
export function parseBlob(bytes: Uint8Array): Blob {
  const reader = new Reader(bytes);
  if (!reader.take(MAGIC.length, 'magic').equals(MAGIC)) throw new BlobError('expected magic and version 1');
  const algorithm = ALGORITHM_OF[reader.take(1, 'algorithm')[0] ?? 0] ?? null;
  if (algorithm === null) throw new BlobError('expected a known algorithm');
  const keyId = reader.takeCounted([1, MAX_KEY_ID_BYTES], 'key id').toString('latin1');
  const wrappedKey = reader.takeCounted([MIN_WRAPPED_BYTES, MAX_WRAPPED_BYTES], 'wrapped key');
  const iv = reader.take(IV_BYTES, 'iv');
  const sealed = reader.take(SEALED_BYTES, 'sealed data key');
  reader.end();
  return { algorithm, keyId, wrappedKey, iv, sealed };
}

/** Everything before the IV. */
function encodeHeader({
  algorithm,
  keyId,
  wrappedKey,
}: Pick<Blob, 'algorithm' | 'keyId' | 'wrappedKey'>): Buffer {
  const id = Buffer.from(keyId, 'latin1');
  return Buffer.concat([
    MAGIC,
    Buffer.from([CODE_OF[algorithm]]),
    u16(id.length),
    id,
    u16(wrappedKey.length),
    wrappedKey,
  ]);
}

/** The header says itself where it ends, so that no two pairs of header and context run into the same bytes. */
function additionalData(header: Buffer, context: EncryptionContext): Buffer {
  return Buffer.concat([header, encodeContext(context)]);
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  take(count: number, what: string): Buffer {
    const end = this.#at + count;
    if (end > this.#bytes.length) throw new BlobError(`expected ${what} of ${count} bytes, got fewer`);
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  takeCounted([least, most]: readonly [number, number], what: string): Buffer {
    const count = this.take(2, `length of ${what}`).readUInt16BE();
    if (count < least || count > most)
      throw new BlobError(`expected ${what} of ${least} to ${most} bytes, got ${count}`);
    return this.take(count, what);
  }

  end(): void {
    const left = this.#bytes.length - this.#at;
    if (left > 0) throw new BlobError(`expected nothing after the data key, got ${left} bytes`);
  }
}
