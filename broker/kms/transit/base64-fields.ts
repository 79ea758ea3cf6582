/**
 * Base64 and JSON by bytes. Transit carries the data key as Base64 in JSON; strings can be neither wiped nor found
 * again in memory, so that the one secret field of a body never becomes one.
 */

const ALPHABET = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const PADDING = 0x3d;
const VALUE = new Int16Array(256).fill(-1);
for (const [value, code] of ALPHABET.entries()) VALUE[code] = value;

/** The characters of the Base64 of `bytes`; the caller wipes them. */
export function encodeBase64(bytes: Uint8Array): Buffer {
  const text = Buffer.alloc(Math.ceil(bytes.length / 3) * 4, PADDING);
  let at = 0;
  for (let index = 0; index < bytes.length; index += 3) {
    const group = ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
    const characters = Math.min(4, bytes.length - index + 1);
    for (let position = 0; position < characters; position++) {
      text[at + position] = ALPHABET[(group >> (18 - 6 * position)) & 0x3f] ?? 0;
    }
    at += 4;
  }
  return text;
}

/** @returns null for anything but whole, padded Base64; else bytes that the caller wipes */
export function decodeBase64(text: Uint8Array): Buffer | null {
  if (text.length % 4 !== 0) return null;
  let padding = 0;
  while (padding < 2 && text[text.length - 1 - padding] === PADDING) padding++;
  const bytes = Buffer.alloc((text.length / 4) * 3 - padding);
  let group = 0;
  let at = 0;
  for (const [index, code] of text.entries()) {
    const value = index >= text.length - padding ? 0 : (VALUE[code] ?? -1);
    if (value < 0) {
      bytes.fill(0);
      return null;
    }
    group = ((group << 6) | value) & 0xffffff;
    if (index % 4 !== 3) continue;
    for (let shift = 16; shift >= 0 && at < bytes.length; shift -= 8) bytes[at++] = (group >> shift) & 0xff;
  }
  return bytes;
}

/** JSON of `fields` and one field more, whose value is the Base64 of `bytes`; the caller wipes it. */
export function jsonWithBytes(fields: object, name: string, bytes: Uint8Array): Buffer {
  const rest = JSON.stringify(fields).slice(1);
  const head = Buffer.from(`{${JSON.stringify(name)}:"`);
  const value = encodeBase64(bytes);
  const body = Buffer.concat([head, value, Buffer.from(rest === '}' ? '"}' : `",${rest}`)]);
  value.fill(0);
  return body;
}

/**
 * Takes a field's Base64 value out of JSON and leaves an empty text in its place, to be parsed without it.
 * @returns null when there is no such field with such a value; else bytes that the caller wipes
 */
export function takeBytes(json: Buffer, name: string): Buffer | null {
  const key = Buffer.from(JSON.stringify(name));
  const found = json.indexOf(key);
  if (found < 0) return null;
  let start = skipSpace(json, found + key.length);
  if (json[start] !== 0x3a) return null;
  start = skipSpace(json, start + 1);
  if (json[start] !== 0x22) return null;
  const end = json.indexOf(0x22, start + 1);
  if (end < 0) return null;
  const value = json.subarray(start + 1, end);
  const bytes = decodeBase64(value);
  // Spaces after the text instead of in it: the quotes move together.
  value.fill(0x20);
  json[end] = 0x20;
  json[start + 1] = 0x22;
  return bytes;
}

function skipSpace(json: Buffer, from: number): number {
  let at = from;
  while (json[at] === 0x20 || json[at] === 0x09 || json[at] === 0x0a || json[at] === 0x0d) at++;
  return at;
}
