import { CmkError } from '../../core/errors.ts';
import { isNewerWord, type NewerWord } from '../model/newer-word.ts';

/** One row as the driver gave it. Nothing leaves it unchecked: a corrupt row is an INTERNAL error that names the column. */
export class Row {
  readonly #table: string;
  readonly #columns: Readonly<Record<string, unknown>>;

  constructor(table: string, columns: unknown) {
    this.#table = table;
    this.#columns = (columns ?? {}) as Record<string, unknown>;
  }

  text(column: string): string {
    const value = this.#columns[column];
    return typeof value === 'string' ? value : this.#corrupt(column, 'text', value);
  }

  optionalText(column: string): string | null {
    return this.isNull(column) ? null : this.text(column);
  }

  /** Where something is decided upon it: a word that a newer release added makes this one row unreadable. */
  oneOf<T extends string>(column: string, values: readonly T[]): T {
    const value = this.text(column);
    const known = values.find((each) => each === value);
    if (known !== undefined) return known;
    return isNewerWord(value, values)
      ? this.#refuse('not of this release', column, values.join(' or '), 'another word')
      : this.#corrupt(column, values.join(' or '), value);
  }

  /** Where it is only shown: also a word that a newer release added. */
  word<T extends string>(column: string, values: readonly T[]): T | NewerWord {
    const value = this.text(column);
    return isNewerWord(value, values) ? value : this.oneOf(column, values);
  }

  optionalWord<T extends string>(column: string, values: readonly T[]): T | NewerWord | null {
    return this.isNull(column) ? null : this.word(column, values);
  }

  /** PostgreSQL's driver gives 64-bit integers as text. */
  integer(column: string, least = 0): number {
    const value = this.#columns[column];
    const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
    if (typeof number === 'number' && Number.isSafeInteger(number) && number >= least) return number;
    return this.#corrupt(column, `an integer from ${least}`, value);
  }

  optionalInteger(column: string, least = 0): number | null {
    return this.isNull(column) ? null : this.integer(column, least);
  }

  /** SQLite has no booleans: 0 or 1. */
  boolean(column: string): boolean {
    const value = this.#columns[column];
    if (value === true || value === 1) return true;
    if (value === false || value === 0) return false;
    return this.#corrupt(column, 'a boolean', value);
  }

  bytes(column: string): Uint8Array {
    const value = this.#columns[column];
    return value instanceof Uint8Array && value.length > 0
      ? new Uint8Array(value)
      : this.#corrupt(column, 'bytes', value);
  }

  /** Pairs of texts, stored as JSON. */
  pairs(column: string): Record<string, string> {
    const pairs = parseJson(this.text(column));
    const sound =
      typeof pairs === 'object' &&
      pairs !== null &&
      !Array.isArray(pairs) &&
      Object.values(pairs).every((value) => typeof value === 'string');
    return sound ? (pairs as Record<string, string>) : this.#corrupt(column, 'a JSON object of texts', pairs);
  }

  /** JSON that `check` knows. */
  json<T>(column: string, expected: string, check: (value: unknown) => value is T): T {
    const value = parseJson(this.text(column));
    return check(value) ? value : this.#corrupt(column, expected, value);
  }

  isNull(column: string): boolean {
    return this.#columns[column] === null;
  }

  #corrupt(column: string, expected: string, value: unknown): never {
    const got = value === null ? 'null' : typeof value === 'string' ? 'another text' : typeof value;
    return this.#refuse('corrupt', column, expected, got);
  }

  /** @param got what kind of thing is there, never the thing itself */
  #refuse(is: string, column: string, expected: string, got: string): never {
    throw new CmkError(
      'INTERNAL',
      `stored row is ${is}: ${this.#table}.${column}: expected ${expected}, got ${got}`,
    );
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
