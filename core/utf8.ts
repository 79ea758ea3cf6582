// `ignoreBOM` keeps a byte order mark as the character it is: decoding must not lose bytes.
const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Decodes UTF-8; null when the bytes are not well-formed. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return DECODER.decode(bytes);
  } catch {
    return null;
  }
}

/** Encodes a text; null when it holds half a surrogate pair, which UTF-8 cannot express. */
export function encodeUtf8(text: string): Buffer | null {
  return /\p{Surrogate}/u.test(text) ? null : Buffer.from(text, 'utf8');
}
