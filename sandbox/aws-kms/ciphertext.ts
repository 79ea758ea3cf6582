import type { KeyObject } from 'node:crypto';
import { OVERHEAD_BYTES, open, seal, u32, type Binding } from '../emulation/bound-ciphertext.ts';
import { AwsError } from './errors.ts';

/**
 * The opaque blob that Encrypt and GenerateDataKey answer:
 * magic ‖ u8 length ‖ key id ‖ u32 material version ‖ IV ‖ AES-256-GCM ciphertext ‖ tag.
 * Authenticated beside it: everything before the IV, the owner's account and the encryption context.
 */
const MAGIC = Buffer.from([0x01, 0x02, 0x02, 0x00]);

export type EncryptionContext = Readonly<Record<string, string>>;

/** What a blob says of itself. */
export interface BlobKey {
  readonly keyId: string;
  readonly materialVersion: number;
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
  return seal(plaintext, key, header, binding);
}

/** @throws AwsError InvalidCiphertextException when it is no blob at all */
export function readBlob(blob: Buffer): BlobKey & { headerBytes: number } {
  const idBytes = blob[MAGIC.length] ?? 0;
  const versionAt = MAGIC.length + 1 + idBytes;
  const headerBytes = versionAt + 4;
  if (!blob.subarray(0, MAGIC.length).equals(MAGIC) || blob.length < headerBytes + OVERHEAD_BYTES) {
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
  const plaintext = open(blob, readBlob(blob).headerBytes, key, binding);
  if (plaintext === null) throw new AwsError('InvalidCiphertextException');
  return plaintext;
}
