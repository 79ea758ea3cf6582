import type { EncryptionContext } from './encryption-context.ts';
import { CmkError } from './errors.ts';
import { MAX_CONTEXT_BYTES } from './message-format.ts';
import { malformed } from './refusals.ts';
import { decodeUtf8, encodeUtf8 } from './utf8.ts';

/** Keys that begin so belong to the format itself: docs/format.md, "Reserved names". */
const RESERVED_KEY_PREFIX = 'aws-crypto-';

/**
 * Serialises an encryption context in its one canonical form, its length field included: docs/format.md, "Header".
 * @throws CmkError INVALID_ARGUMENT for a reserved or empty key, a text that is not Unicode, or too many bytes
 */
export function encodeContext(context: EncryptionContext): Buffer {
  const pairs = Object.entries(context)
    .map(([key, value]) => [contextText(key, 'key'), contextText(value, 'value')] as const)
    .sort(([a], [b]) => Buffer.compare(a, b));
  if (pairs.length === 0) return u16(0);

  const fields = pairs.flatMap((pair) => pair.flatMap((bytes) => [u16(bytes.length), bytes]));
  const body = Buffer.concat([u16(pairs.length), ...fields]);
  if (body.length > MAX_CONTEXT_BYTES) throw tooLong(body.length);
  for (const key of Object.keys(context)) {
    const problem = keyProblem(key);
    if (problem) throw new CmkError('INVALID_ARGUMENT', `encryption context: ${problem}`);
  }
  return Buffer.concat([u16(body.length), body]);
}

/**
 * Reads what {@link encodeContext} writes, without the length field.
 * @throws CmkError MALFORMED for anything that encodeContext would not write
 */
export function parseContext(body: Buffer): EncryptionContext {
  if (body.length === 0) return {};
  const pairs: [string, string][] = [];
  let previousKey: Buffer | undefined;
  let position = 0;

  const take = (bytes: number): Buffer => {
    if (position + bytes > body.length)
      throw malformed('encryption context: a field is longer than the context');
    position += bytes;
    return body.subarray(position - bytes, position);
  };
  const takeField = (): Buffer => take(take(2).readUInt16BE());

  const count = take(2).readUInt16BE();
  if (count === 0) throw malformed('encryption context: expected no count for an empty context, got 0');
  for (let pair = 0; pair < count; pair++) {
    const key = takeField();
    if (previousKey && Buffer.compare(previousKey, key) >= 0) {
      throw malformed('encryption context: expected sorted keys without duplicates');
    }
    previousKey = key;
    pairs.push([strictText(key), strictText(takeField())]);
  }
  if (position !== body.length) throw malformed('encryption context: expected no bytes after the last pair');
  for (const [key] of pairs) {
    const problem = keyProblem(key);
    if (problem) throw malformed(`encryption context: ${problem}`);
  }
  // Not an object literal: a key such as `__proto__` must become an own property like any other.
  return Object.fromEntries(pairs);
}

function keyProblem(key: string): string | null {
  if (key === '') return 'expected a key, got an empty one';
  if (key.startsWith(RESERVED_KEY_PREFIX)) return `expected no key that begins with ${RESERVED_KEY_PREFIX}`;
  return null;
}

function contextText(text: string, what: 'key' | 'value'): Buffer {
  const bytes = encodeUtf8(text);
  if (!bytes)
    throw new CmkError('INVALID_ARGUMENT', `encryption context: expected a Unicode text as ${what}`);
  if (bytes.length > MAX_CONTEXT_BYTES) throw tooLong(bytes.length);
  return bytes;
}

function tooLong(bytes: number): CmkError {
  return new CmkError(
    'INVALID_ARGUMENT',
    `encryption context: expected at most ${MAX_CONTEXT_BYTES} bytes, got ${bytes}`,
  );
}

function strictText(bytes: Uint8Array): string {
  const text = decodeUtf8(bytes);
  if (text === null) throw malformed('encryption context: expected UTF-8');
  return text;
}

function u16(value: number): Buffer {
  return Buffer.of(value >> 8, value & 0xff);
}
