import { createCipheriv, createDecipheriv, randomBytes, type KeyObject } from 'node:crypto';
import { OciError } from './errors.ts';

/**
 * The ciphertext that Encrypt and GenerateDataEncryptionKey answer, base64 of:
 * magic ‖ u8 length ‖ key version's OCID ‖ IV ‖ AES-256-GCM ciphertext ‖ tag.
 * Authenticated beside it: everything before the IV, the key's OCID and the associated data.
 */
const MAGIC = Buffer.from('OCI\x01', 'latin1');
const IV_BYTES = 12;
const TAG_BYTES = 16;

export type AssociatedData = Readonly<Record<string, string>>;

/** What a ciphertext is bound to. */
export interface Binding {
  readonly keyId: string;
  readonly associatedData: AssociatedData;
}

export function encryptText(
  plaintext: Uint8Array,
  material: KeyObject,
  versionId: string,
  binding: Binding,
): string {
  const header = Buffer.concat([MAGIC, Buffer.from([versionId.length]), Buffer.from(versionId, 'latin1')]);
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', material, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(additionalData(header, binding));
  const parts = [header, iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat(parts).toString('base64');
}

/** @throws OciError InvalidParameter when it is no ciphertext at all */
export function readCiphertext(text: string): { bytes: Buffer; versionId: string; headerBytes: number } {
  const bytes = Buffer.from(text, 'base64');
  const headerBytes = MAGIC.length + 1 + (bytes[MAGIC.length] ?? 0);
  const isWhole = bytes.length >= headerBytes + IV_BYTES + TAG_BYTES;
  // Only the one text that the bytes have: base64 readers forgive others.
  if (bytes.toString('base64') !== text || !isWhole || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw invalid();
  }
  return { bytes, versionId: bytes.toString('latin1', MAGIC.length + 1, headerBytes), headerBytes };
}

/** @throws OciError InvalidParameter for other associated data, another key or a changed ciphertext alike */
export function decryptText(text: string, material: KeyObject, binding: Binding): Buffer {
  const { bytes, headerBytes } = readCiphertext(text);
  const iv = bytes.subarray(headerBytes, headerBytes + IV_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', material, iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(additionalData(bytes.subarray(0, headerBytes), binding));
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
  const plaintext = decipher.update(bytes.subarray(headerBytes + IV_BYTES, bytes.length - TAG_BYTES));
  try {
    return Buffer.concat([plaintext, decipher.final()]);
  } catch {
    plaintext.fill(0);
    throw invalid();
  }
}

export function invalid(): OciError {
  return new OciError('InvalidParameter', 'The ciphertext or the associated data is not valid for this key.');
}

/** Injective: every text is preceded by its length, the pairs are sorted. */
function additionalData(header: Buffer, { keyId, associatedData }: Binding): Buffer {
  const pairs = Object.entries(associatedData).sort(([a], [b]) => (a < b ? -1 : 1));
  const texts = [keyId, ...pairs.flat()].flatMap((text) => {
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
