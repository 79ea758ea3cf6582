import { createCipheriv, createDecipheriv, randomBytes, type KeyObject } from 'node:crypto';
import { AwsError } from './errors.ts';

/**
 * The opaque blob that Encrypt and GenerateDataKey answer:
 * magic ‖ u8 length ‖ key id ‖ u32 material version ‖ IV ‖ AES-256-GCM ciphertext ‖ tag.
 * Authenticated beside it: everything before the IV, the owner's account and the encryption context.
 */
const MAGIC = Buffer.from([0x01, 0x02, 0x02, 0x00]);
const IV_BYTES = 12;
const TAG_BYTES = 16;

export type EncryptionContext = Readonly<Record<string, string>>;

/** What a blob says of itself. */
export interface BlobKey {
  readonly keyId: string;
  readonly materialVersion: number;
}

export interface Binding {
  readonly account: string;
  readonly context: EncryptionContext;
}

export function encryptBlob(
  plaintext: Uint8Array,
  key: KeyObject,
  { keyId, materialVersion }: BlobKey,
  binding: Binding,
): Buffer {
  const header = Buffer.concat([
    MAGIC,
    Buffer.from([keyId.length]),
    Buffer.from(keyId, 'latin1'),
    u32(materialVersion),
  ]);
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(additionalData(header, binding));
  return Buffer.concat([header, iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** @throws AwsError InvalidCiphertextException when it is no blob at all */
export function readBlob(blob: Buffer): BlobKey & { headerBytes: number } {
  const idBytes = blob[MAGIC.length] ?? 0;
  const versionAt = MAGIC.length + 1 + idBytes;
  const headerBytes = versionAt + 4;
  if (!blob.subarray(0, MAGIC.length).equals(MAGIC) || blob.length < headerBytes + IV_BYTES + TAG_BYTES) {
    throw new AwsError('InvalidCiphertextException');
  }
  return {
    keyId: blob.toString('latin1', MAGIC.length + 1, versionAt),
    materialVersion: blob.readUInt32BE(versionAt),
    headerBytes,
  };
}

/** @throws AwsError InvalidCiphertextException for another context, another key or a changed blob alike */
export function decryptBlob(blob: Buffer, key: KeyObject, binding: Binding): Buffer {
  const { headerBytes } = readBlob(blob);
  const iv = blob.subarray(headerBytes, headerBytes + IV_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(additionalData(blob.subarray(0, headerBytes), binding));
  decipher.setAuthTag(blob.subarray(blob.length - TAG_BYTES));
  const plaintext = decipher.update(blob.subarray(headerBytes + IV_BYTES, blob.length - TAG_BYTES));
  try {
    return Buffer.concat([plaintext, decipher.final()]);
  } catch {
    plaintext.fill(0);
    throw new AwsError('InvalidCiphertextException');
  }
}

/** Injective: every text is preceded by its length, the pairs are sorted. */
function additionalData(header: Buffer, { account, context }: Binding): Buffer {
  const pairs = Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1));
  const texts = [account, ...pairs.flat()].flatMap((text) => {
    const bytes = Buffer.from(text, 'utf8');
    return [u32(bytes.length), bytes];
  });
  return Buffer.concat([u32(header.length), header, ...texts]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
