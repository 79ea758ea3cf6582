import { CmkError } from '../../../core/errors.ts';
import { decodeUtf8 } from '../../../core/utf8.ts';

/** A key in a token. At least one of `object` and `id` is there. */
export interface KeyUri {
  readonly token: string;
  /** The token's serial number, where labels are not unique. */
  readonly serial: string | null;
  /** CKA_LABEL. */
  readonly object: string | null;
  /** CKA_ID, hexadecimal. */
  readonly id: string | null;
}

const EXAMPLE = 'pkcs11:token=acme;object=cmk';
const MAX_CHARACTERS = 1_024;
/** Of a token's label and serial number, by the standard; of the others so that they stay readable. */
const MAX_BYTES = { token: 32, serial: 16, object: 128, id: 64, type: 16 } as const;
type Attribute = keyof typeof MAX_BYTES;

/**
 * Checks a PKCS#11 URI (RFC 7512); spaces around it are forgiven. Only path attributes that name the key: a query could
 * hold a PIN or name a library.
 * @returns the URI with its attributes in one order and one spelling
 * @throws CmkError INVALID_ARGUMENT
 */
export function parseKeyUri(text: string): string {
  return formatKeyUri(readKeyUri(text.trim()));
}

/** @throws CmkError INVALID_ARGUMENT */
export function readKeyUri(uri: string): KeyUri {
  if (uri.length > MAX_CHARACTERS) throw refusal(`at most ${MAX_CHARACTERS} characters`, `${uri.length}`);
  if (!uri.startsWith('pkcs11:')) throw refusal('a PKCS#11 URI', uri.slice(0, 20));
  // Not repeated to whoever reads the error: it may hold a PIN.
  if (uri.includes('?'))
    throw refusal('a URI without query: PINs and libraries are the operator’s', 'a query');
  const attributes = new Map<Attribute, Buffer>();
  for (const pair of uri.slice('pkcs11:'.length).split(';')) {
    const [name = '', value = '', ...rest] = pair.split('=');
    if (!isAttribute(name)) throw refusal(`attributes ${Object.keys(MAX_BYTES).join(', ')}`, name);
    if (attributes.has(name)) throw refusal(`${name} once`, 'it twice');
    attributes.set(name, decode(name, rest.length > 0 ? '%' : value));
  }
  const token = textOf(attributes, 'token');
  const object = textOf(attributes, 'object');
  const id = attributes.get('id')?.toString('hex') ?? null;
  const type = textOf(attributes, 'type');
  if (token === null) throw refusal('the attribute token', 'none');
  if (object === null && id === null) throw refusal('the attribute object or id', 'neither');
  if (type !== null && type !== 'secret-key') throw refusal('type=secret-key', type);
  return { token, serial: textOf(attributes, 'serial'), object, id };
}

/** As the token is named in URIs, and its PIN's file in the folder. */
export function escapeText(text: string): string {
  return [...Buffer.from(text)].map((byte) => escapeByte(byte, /[A-Za-z0-9._~-]/)).join('');
}

function formatKeyUri({ token, serial, object, id }: KeyUri): string {
  const parts = [`token=${escapeText(token)}`];
  if (serial !== null) parts.push(`serial=${escapeText(serial)}`);
  if (object !== null) parts.push(`object=${escapeText(object)}`);
  if (id !== null)
    parts.push(`id=${[...Buffer.from(id, 'hex')].map((byte) => escapeByte(byte, /(?!)/)).join('')}`);
  return `pkcs11:${parts.join(';')}`;
}

function escapeByte(byte: number, plain: RegExp): string {
  const character = String.fromCharCode(byte);
  return plain.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

function isAttribute(name: string): name is Attribute {
  return Object.hasOwn(MAX_BYTES, name);
}

/** The characters that RFC 7512 allows in a path attribute, and escaped bytes. */
function decode(name: Attribute, value: string): Buffer {
  if (!/^(?:[A-Za-z0-9\-._~:[\]@!$'()*+,&]|%[0-9A-Fa-f]{2})+$/.test(value)) {
    throw refusal(`a value of ${name}, with %-escapes for all but plain characters`, value);
  }
  const bytes = Buffer.from(
    value.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  );
  if (bytes.length > MAX_BYTES[name])
    throw refusal(`${name} of at most ${MAX_BYTES[name]} bytes`, `${bytes.length}`);
  return bytes;
}

function textOf(attributes: ReadonlyMap<Attribute, Buffer>, name: Attribute): string | null {
  const bytes = attributes.get(name);
  if (!bytes) return null;
  const text = decodeUtf8(bytes);
  // eslint-disable-next-line no-control-regex -- that is what is refused
  if (text === null || /[\u0000-\u001f\u007f]/.test(text))
    throw refusal(`a printable text as ${name}`, 'another');
  return text;
}

function refusal(expected: string, actual: string): CmkError {
  const got = actual === '' ? 'nothing' : JSON.stringify(actual.slice(0, 80));
  return new CmkError(
    'INVALID_ARGUMENT',
    `reference: expected ${expected}, got ${got}; example: ${EXAMPLE}`,
    {
      metadata: { field: 'reference' },
    },
  );
}
