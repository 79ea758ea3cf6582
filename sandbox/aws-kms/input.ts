import { AwsError } from './errors.ts';
import type { EncryptionContext } from './ciphertext.ts';

const MAX_CONTEXT_BYTES = 8_192;

/** A request's JSON body, read field by field; wrong types and unknown fields are refused as KMS does. */
export class Input {
  readonly #fields: Readonly<Record<string, unknown>>;

  /** @param known the fields that the operation supports here; others are refused, never ignored */
  constructor(fields: Readonly<Record<string, unknown>>, known: readonly string[]) {
    for (const [name, value] of Object.entries(fields)) {
      if (value !== null && !known.includes(name)) {
        throw new AwsError('UnsupportedOperationException', `${name} is not supported by this emulator.`);
      }
    }
    this.#fields = fields;
  }

  text(name: string): string | undefined {
    const value = this.#fields[name] ?? undefined;
    if (value !== undefined && typeof value !== 'string') throw serialization(name);
    return value;
  }

  requiredText(name: string): string {
    const value = this.text(name);
    if (value === undefined || value === '') throw validation(name, 'Member must not be null');
    return value;
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = values.find((known) => known === text);
    if (value === undefined)
      throw validation(name, `Member must satisfy enum value set: [${values.join(', ')}]`);
    return value;
  }

  flag(name: string): boolean {
    const value = this.#fields[name] ?? false;
    if (typeof value !== 'boolean') throw serialization(name);
    return value;
  }

  integer(name: string, [least, most]: readonly [number, number]): number | undefined {
    const value = this.#fields[name] ?? undefined;
    if (value === undefined) return undefined;
    if (typeof value !== 'number' || !Number.isInteger(value)) throw serialization(name);
    if (value < least || value > most) throw validation(name, `Member must be between ${least} and ${most}`);
    return value;
  }

  bytes(name: string, maxBytes: number): Buffer {
    const text = this.requiredText(name);
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0) throw serialization(name);
    const bytes = Buffer.from(text, 'base64');
    if (bytes.length > maxBytes)
      throw validation(name, `Member must have length less than or equal to ${maxBytes}`);
    return bytes;
  }

  encryptionContext(): EncryptionContext {
    const context = this.#fields['EncryptionContext'] ?? {};
    if (typeof context !== 'object' || Array.isArray(context)) throw serialization('EncryptionContext');
    const pairs = Object.entries(context as Record<string, unknown>);
    for (const [, value] of pairs) if (typeof value !== 'string') throw serialization('EncryptionContext');
    if (Buffer.byteLength(JSON.stringify(context)) > MAX_CONTEXT_BYTES) {
      throw validation('EncryptionContext', `Member must be at most ${MAX_CONTEXT_BYTES} bytes`);
    }
    // Condition keys do not see the case of a context key, so that two such pairs would make conditions ambiguous.
    if (new Set(pairs.map(([key]) => key.toLowerCase())).size !== pairs.length) {
      throw validation('EncryptionContext', 'Keys must differ in more than case');
    }
    return context as EncryptionContext;
  }
}

export function validation(name: string, constraint: string): AwsError {
  const field = name.charAt(0).toLowerCase() + name.slice(1);
  return new AwsError(
    'ValidationException',
    `1 validation error detected: Value at '${field}' failed to satisfy constraint: ${constraint}`,
  );
}

function serialization(name: string): AwsError {
  return new AwsError('SerializationException', `${name} has the wrong type`);
}
