import type { KeyObject } from 'node:crypto';
import { OVERHEAD_BYTES, open, seal, type Binding } from '../emulation/bound-ciphertext.ts';
import { OciError } from './errors.ts';

/**
 * The ciphertext that Encrypt and GenerateDataEncryptionKey answer, base64 of:
 * magic ‖ u8 length ‖ key version's OCID ‖ IV ‖ AES-256-GCM ciphertext ‖ tag.
 * Authenticated beside it: everything before the IV, the key's OCID and the associated data.
 */
const MAGIC = Buffer.from('OCI\x01', 'latin1');

export type AssociatedData = Readonly<Record<string, string>>;

export function encryptText(
  plaintext: Uint8Array,
  material: KeyObject,
  versionId: string,
  binding: Binding,
): string {
  const header = Buffer.concat([MAGIC, Buffer.from([versionId.length]), Buffer.from(versionId, 'latin1')]);
  return seal(plaintext, material, header, binding).toString('base64');
}

/** @throws OciError InvalidParameter when it is no ciphertext at all */
export function readCiphertext(text: string): { bytes: Buffer; versionId: string; headerBytes: number } {
  const bytes = Buffer.from(text, 'base64');
  const headerBytes = MAGIC.length + 1 + (bytes[MAGIC.length] ?? 0);
  const isWhole = bytes.length >= headerBytes + OVERHEAD_BYTES;
  // Only the one text that the bytes have: base64 readers forgive others.
  if (bytes.toString('base64') !== text || !isWhole || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw invalid();
  }
  return { bytes, versionId: bytes.toString('latin1', MAGIC.length + 1, headerBytes), headerBytes };
}

/** @throws OciError InvalidParameter for other associated data, another key or a changed ciphertext alike */
export function decryptText(text: string, material: KeyObject, binding: Binding): Buffer {
  const { bytes, headerBytes } = readCiphertext(text);
  const plaintext = open(bytes, headerBytes, material, binding);
  if (plaintext === null) throw invalid();
  return plaintext;
}

export function invalid(): OciError {
  return new OciError('InvalidParameter', 'The ciphertext or the associated data is not valid for this key.');
}
