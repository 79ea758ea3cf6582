import { createCipheriv, createSecretKey, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { DataKey } from './data-key.ts';
import { ALGORITHM_SUITE, COMMITMENT_BYTES, DATA_KEY_BYTES, IV_BYTES } from './message-format.ts';

const SUITE_ID = Buffer.of(ALGORITHM_SUITE >> 8, ALGORITHM_SUITE & 0xff);
const ENCRYPTION_INFO = Buffer.concat([SUITE_ID, Buffer.from('DERIVEKEY')]);
const COMMITMENT_INFO = Buffer.from('COMMITKEY');
const HEADER_IV = Buffer.alloc(IV_BYTES);

/** The key that a message's header tag and frames are made with: docs/format.md, "Keys". */
export function deriveEncryptionKey(dataKey: DataKey, messageId: Uint8Array): KeyObject {
  const bytes = Buffer.from(
    hkdfSync('sha512', dataKey.keyObject, messageId, ENCRYPTION_INFO, DATA_KEY_BYTES),
  );
  try {
    return createSecretKey(bytes);
  } finally {
    bytes.fill(0);
  }
}

/** The public value that ties a message to one data key: docs/format.md, "Keys". */
export function deriveCommitment(dataKey: DataKey, messageId: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha512', dataKey.keyObject, messageId, COMMITMENT_INFO, COMMITMENT_BYTES));
}

/** The tag over a header: an AES-GCM of nothing, with the header as the additional data. */
export function headerTag(encryptionKey: KeyObject, authenticated: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-gcm', encryptionKey, HEADER_IV);
  cipher.setAAD(authenticated);
  cipher.final();
  return cipher.getAuthTag();
}

/** Compares two values of one known length in constant time. */
export function equalInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
