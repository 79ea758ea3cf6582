import { createCipheriv, createDecipheriv, randomBytes, type KeyObject } from 'node:crypto';

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** How much longer a sealed text is than header and plaintext together. */
export const OVERHEAD_BYTES = IV_BYTES + TAG_BYTES;

/** What a ciphertext is bound to besides its header. */
export interface Binding {
  /** Whoever or whatever the key belongs to, as the KMS has it. */
  readonly owner: string;
  readonly context: Readonly<Record<string, string>>;
}

/** @returns header ‖ IV ‖ AES-256-GCM ciphertext ‖ tag */
export function seal(plaintext: Uint8Array, key: KeyObject, header: Buffer, binding: Binding): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(additionalData(header, binding));
  return Buffer.concat([header, iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/**
 * @param sealed at least its header and {@link OVERHEAD_BYTES} long
 * @returns null for another binding, another key or a changed text alike
 */
export function open(sealed: Buffer, headerBytes: number, key: KeyObject, binding: Binding): Buffer | null {
  const ivEndsAt = headerBytes + IV_BYTES;
  const tagAt = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(headerBytes, ivEndsAt), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(additionalData(sealed.subarray(0, headerBytes), binding));
  decipher.setAuthTag(sealed.subarray(tagAt));
  const plaintext = decipher.update(sealed.subarray(ivEndsAt, tagAt));
  try {
    return Buffer.concat([plaintext, decipher.final()]);
  } catch {
    plaintext.fill(0);
    return null;
  }
}

/** Injective: every text is preceded by its length, the pairs are sorted. */
function additionalData(header: Buffer, { owner, context }: Binding): Buffer {
  const pairs = Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1));
  const texts = [owner, ...pairs.flat()].flatMap((text) => {
    const bytes = Buffer.from(text, 'utf8');
    return [u32(bytes.length), bytes];
  });
  return Buffer.concat([u32(header.length), header, ...texts]);
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
