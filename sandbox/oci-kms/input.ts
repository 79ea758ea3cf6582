import type { AssociatedData } from './ciphertext.ts';
import { OciError } from './errors.ts';

/** Either map, as text. */
const MAP_CHARS_LIMIT = 4_096;

/** A request's JSON body, read field by field; wrong types and unknown fields are refused as OCI does. */
export class Input {
  readonly #fields: Readonly<Record<string, unknown>>;

  /** @param known the fields that the operation supports here; others are refused, never ignored */
  constructor(fields: Readonly<Record<string, unknown>>, known: readonly string[]) {
    for (const [name, value] of Object.entries(fields)) {
      if (value !== null && !known.includes(name)) throw invalid(name, 'is not supported by this emulator');
    }
    this.#fields = fields;
  }

  text(name: string): string | undefined {
    const value = this.#fields[name] ?? undefined;
    if (value !== undefined && typeof value !== 'string') throw invalid(name, 'must be a string');
    return value;
  }

  requiredText(name: string): string {
    const value = this.text(name);
    if (value === undefined || value === '')
      throw new OciError('MissingParameter', `${name} must not be null`);
    return value;
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = values.find((known) => known === text);
    if (value === undefined) throw invalid(name, `must be one of ${values.join(', ')}`);
    return value;
  }

  requiredFlag(name: string): boolean {
    const value = this.#fields[name];
    if (typeof value !== 'boolean') throw new OciError('MissingParameter', `${name} must not be null`);
    return value;
  }

  /** A key shape of AES. @returns its length in bytes */
  aesLength(name: string): number {
    const shape = this.#fields[name];
    if (typeof shape !== 'object' || shape === null) {
      throw new OciError('MissingParameter', `${name} must not be null`);
    }
    const { algorithm, length } = shape as Record<string, unknown>;
    if (algorithm !== 'AES') throw invalid(name, 'must be AES');
    if (length !== 16 && length !== 24 && length !== 32) throw invalid(name, 'must have length 16, 24 or 32');
    return length;
  }

  base64(name: string, maxBytes: number): Buffer {
    const text = this.requiredText(name);
    const bytes = Buffer.from(text, 'base64');
    if (bytes.toString('base64') !== text) throw invalid(name, 'must be base64');
    if (bytes.length > maxBytes) throw invalid(name, `must be at most ${maxBytes} bytes`);
    return bytes;
  }

  map(name: 'associatedData' | 'loggingContext'): AssociatedData {
    const map = this.#fields[name] ?? {};
    if (typeof map !== 'object' || Array.isArray(map)) throw invalid(name, 'must be a map');
    for (const value of Object.values(map)) {
      if (typeof value !== 'string') throw invalid(name, 'must be a map of strings');
    }
    if (JSON.stringify(map).length >= MAP_CHARS_LIMIT) {
      throw invalid(name, `must be fewer than ${MAP_CHARS_LIMIT} characters`);
    }
    return map as AssociatedData;
  }

  date(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const ms = Date.parse(text);
    if (Number.isNaN(ms)) throw invalid(name, 'must be a date');
    return ms;
  }
}

function invalid(name: string, constraint: string): OciError {
  return new OciError('InvalidParameter', `${name} ${constraint}`);
}
