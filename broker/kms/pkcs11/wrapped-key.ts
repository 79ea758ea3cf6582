import { DATA_KEY_BYTES, IV_BYTES, TAG_BYTES } from '../../../core/message-format.ts';

/** Version, IV, then ciphertext and tag as CKM_AES_GCM gives them. */
const VERSION = 1;
export const SEALED_BYTES = DATA_KEY_BYTES + TAG_BYTES;
export const WRAPPED_BYTES = 1 + IV_BYTES + SEALED_BYTES;

export interface WrappedKey {
  readonly iv: Uint8Array;
  readonly sealed: Uint8Array;
}

/** The bytes that are stored; docs/kms/pkcs11.md shows them. */
export function joinWrappedKey({ iv, sealed }: WrappedKey): Uint8Array {
  const bytes = new Uint8Array(WRAPPED_BYTES);
  bytes[0] = VERSION;
  bytes.set(iv, 1);
  bytes.set(sealed, 1 + IV_BYTES);
  return bytes;
}

/** @returns null for anything else */
export function splitWrappedKey(bytes: Uint8Array): WrappedKey | null {
  if (bytes.length !== WRAPPED_BYTES || bytes[0] !== VERSION) return null;
  return { iv: bytes.subarray(1, 1 + IV_BYTES), sealed: bytes.subarray(1 + IV_BYTES) };
}
