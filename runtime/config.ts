import { resolve } from 'node:path';
import { inspect } from 'node:util';
import { CmkError } from '../core/errors.ts';

/** Settings as data: what a process can be told, how it is read, and what docs/configuration.md says about it. */

/** One environment variable. */
export interface Setting<T> {
  readonly name: string;
  /** One sentence for docs/configuration.md. */
  readonly doc: string;
  /** What stands when the variable is unset, written as an operator would; null: none needed; undefined: required. */
  readonly default: string | null | undefined;
  /** What is accepted, for people: `duration from 1s to 5m`. */
  readonly expects: string;
  /** Whether its value may be shown. */
  readonly secret: boolean;
  /** The value, or undefined when the text is not what `expects` says. */
  readonly parse: (text: string) => T | undefined;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a bag of settings of every type
export type Settings = Readonly<Record<string, Setting<any>>>;

/** What {@link readConfig} makes of settings. */
export type Config<S extends Settings> = {
  readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never;
};

interface Spec {
  name: string;
  doc: string;
  /** Leave out for a required setting; null for an optional one. */
  default?: string | null;
}

/** An optional setting (`default: null`) may be null; any other never is. */
type Value<S extends Spec, T> = S extends { default: null } ? T | null : T;

/** A text that cannot be printed by accident. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return 'Secret(redacted)';
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/** Any text, or one that a pattern describes (`expects` then says so in words). */
export function text<S extends Spec & { pattern?: RegExp; expects?: string }>(
  spec: S,
): Setting<Value<S, string>> {
  const { pattern, expects = 'text' } = spec;
  return setting(spec, expects, (value) => (pattern && !pattern.test(value) ? undefined : value));
}

/** A text that must not be shown, such as a token. */
export function secret<S extends Spec & { minLength?: number }>(spec: S): Setting<Value<S, Secret>> {
  const { minLength = 1 } = spec;
  const expects = minLength > 1 ? `secret of at least ${minLength} characters` : 'secret';
  const parse = (value: string) => (value.length < minLength ? undefined : new Secret(value));
  return { ...setting(spec, expects, parse), secret: true };
}

/** A whole decimal number; both bounds are allowed values. */
export function integer<S extends Spec & { min: number; max: number }>(spec: S): Setting<Value<S, number>> {
  const { min, max } = spec;
  return setting(spec, `whole number from ${min} to ${max}`, (value) =>
    /^-?\d{1,15}$/.test(value) ? within(Number(value), min, max) : undefined,
  );
}

/** A part of a whole, from 0 to 1 in millionths, such as `0.01`. */
export function fraction<S extends Spec>(spec: S): Setting<Value<S, number>> {
  return setting(spec, 'number from 0 to 1', (value) =>
    /^(0(\.\d{1,6})?|1)$/.test(value) ? Number(value) : undefined,
  );
}

const DURATION_UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** A length of time with its unit, such as `250ms`, `5s`, `5m`, `1h`; read in milliseconds, as the bounds are. */
export function durationMs<S extends Spec & { min: number; max: number }>(
  spec: S,
): Setting<Value<S, number>> {
  return quantity(spec, 'duration', DURATION_UNITS);
}

const BYTE_UNITS = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;

/** A number of bytes with its unit, such as `64KiB`; the bounds are in bytes. */
export function bytes<S extends Spec & { min: number; max: number }>(spec: S): Setting<Value<S, number>> {
  return quantity(spec, 'size', BYTE_UNITS);
}

/** One of a few words. */
export function choice<const S extends Spec & { of: readonly string[] }>(
  spec: S,
): Setting<Value<S, S['of'][number]>> {
  const of: readonly S['of'][number][] = spec.of;
  return setting(spec, `one of ${of.join(', ')}`, (value) => of.find((word) => word === value));
}

/** A file or folder; relative ones start at the working directory. Whether it exists is not looked at. */
export function path<S extends Spec>(spec: S): Setting<Value<S, string>> {
  return setting(spec, 'path', (value) => (value.includes('\0') ? undefined : resolve(value)));
}

/** An absolute URL without user name and password; `protocols` such as `['https:']`. Read without a final slash. */
export function url<S extends Spec & { protocols: readonly string[] }>(spec: S): Setting<Value<S, string>> {
  const { protocols } = spec;
  const expects = `URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`;
  return setting(spec, expects, (value) => {
    if (!URL.canParse(value)) return undefined;
    const parsed = new URL(value);
    const allowed = protocols.includes(parsed.protocol) && parsed.username === '' && parsed.password === '';
    return allowed ? parsed.href.replace(/\/$/, '') : undefined;
  });
}

/** Texts between commas, none of them empty; each may have to match a pattern. */
export function list<S extends Spec & { pattern?: RegExp; expects?: string }>(
  spec: S,
): Setting<Value<S, readonly string[]>> {
  const { pattern, expects = 'texts between commas' } = spec;
  return setting(spec, expects, (value) => {
    const items = value.split(',').map((item) => item.trim());
    return items.every((item) => item !== '' && (!pattern || pattern.test(item))) ? items : undefined;
  });
}

/**
 * Reads every setting from the environment. An empty variable counts as unset.
 * @throws {CmkError} CONFIG_INVALID that lists all problems at once
 */
export function readConfig<S extends Settings>(settings: S, env: NodeJS.ProcessEnv): Config<S> {
  const problems: string[] = [];
  const entries = Object.entries(settings).map(([key, each]) => {
    const given = env[each.name] ?? '';
    const value = given === '' ? each.default : given;
    if (value === undefined) problems.push(`${each.name}: expected ${each.expects}, but it is not set`);
    if (value === undefined || value === null) return [key, value];
    const parsed: unknown = each.parse(value);
    if (parsed === undefined) problems.push(malformed(each, value));
    return [key, parsed];
  });
  if (problems.length > 0) throw new CmkError('CONFIG_INVALID', problems.join('\n'));
  return Object.fromEntries(entries) as Config<S>;
}

function malformed(each: Setting<unknown>, value: string): string {
  const actual = each.secret ? `a value of ${value.length} characters` : JSON.stringify(value.slice(0, 200));
  return `${each.name}: expected ${each.expects}, got ${actual}`;
}

function setting<S extends Spec, T>(
  { name, doc, default: preset }: S,
  expects: string,
  parse: (text: string) => T | undefined,
): Setting<Value<S, T>> {
  return { name, doc, default: preset, expects, secret: false, parse };
}

function quantity<S extends Spec & { min: number; max: number }>(
  spec: S,
  what: string,
  units: Readonly<Record<string, number>>,
): Setting<Value<S, number>> {
  const { min, max } = spec;
  const names = Object.keys(units);
  const pattern = new RegExp(`^(\\d{1,12})(${names.join('|')})$`);
  const expects = `${what} (${names.join(', ')}) from ${inUnits(min, units)} to ${inUnits(max, units)}`;
  return setting(spec, expects, (value) => {
    const [, digits, unit] = pattern.exec(value) ?? [];
    const factor = unit === undefined ? undefined : units[unit];
    return factor === undefined ? undefined : within(Number(digits) * factor, min, max);
  });
}

function inUnits(value: number, units: Readonly<Record<string, number>>): string {
  const largest = Object.entries(units).findLast(([, factor]) => value % factor === 0 && value >= factor);
  return largest ? `${value / largest[1]}${largest[0]}` : `${value}${Object.keys(units)[0] ?? ''}`;
}

function within(value: number, min: number, max: number): number | undefined {
  return value >= min && value <= max ? value : undefined;
}
