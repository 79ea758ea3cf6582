import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CmkError } from '../../../core/errors.ts';

/** A Vault or OpenBao server that the operator named, and how the broker proves to it who it is. */
export interface TransitServer {
  /** Scheme, host and port, as a URL prints them. */
  readonly origin: string;
  /** Where the login method is mounted and the token is valid, e.g. `acme/prod`; empty: the root namespace. */
  readonly namespace: string;
  /** Certificate authorities in place of the system's, PEM. */
  readonly ca: string | null;
  readonly login: Login;
}

/** `tokenPath`: a file that something else keeps fresh; it is read at every login (`token`: at every call). */
export type Login =
  | { readonly method: 'token'; readonly tokenPath: string }
  | {
      readonly method: 'kubernetes' | 'jwt';
      /** Below `auth/`. */
      readonly mount: string;
      readonly role: string;
      readonly tokenPath: string;
    };

/** Names of mounts and namespaces; no dots alone, nothing that would need escaping. */
export const SEGMENTS = /^(?:[A-Za-z0-9_-][A-Za-z0-9._-]{0,127})(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]{0,127})*$/;

/** Kubernetes' own place for a pod's service-account token. */
const POD_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/**
 * Reads the file that CMK_TRANSIT_SERVERS names; docs/kms/transit.md describes it.
 * @throws CmkError CONFIG_INVALID that lists every problem
 */
export function readServers(path: string): readonly TransitServer[] {
  return parseServers(readText(path, 'CMK_TRANSIT_SERVERS'));
}

/** @throws CmkError CONFIG_INVALID that lists every problem */
export function parseServers(text: string): readonly TransitServer[] {
  const problems: string[] = [];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new CmkError('CONFIG_INVALID', 'CMK_TRANSIT_SERVERS: expected JSON');
  }
  const servers = Object(value) as { servers?: unknown };
  const list = Array.isArray(servers.servers) ? (servers.servers as unknown[]) : [];
  if (list.length === 0) problems.push('servers: expected at least one');
  const parsed = list.map((item, index) => new Fields(item, `servers[${index}]`, problems).server());
  const ids = parsed.map(({ origin, namespace }) => `${origin} ${namespace}`);
  if (new Set(ids).size !== ids.length) problems.push('servers: expected no server and namespace twice');
  if (problems.length > 0) {
    throw new CmkError('CONFIG_INVALID', `CMK_TRANSIT_SERVERS: ${problems.join('; ')}`);
  }
  return parsed;
}

/** An object of the file, read field by field; problems are collected. */
class Fields {
  readonly #fields: Record<string, unknown>;
  readonly #at: string;
  readonly #problems: string[];

  constructor(value: unknown, at: string, problems: string[]) {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (!isObject) problems.push(`${at}: expected an object`);
    this.#fields = isObject ? (value as Record<string, unknown>) : {};
    this.#at = at;
    this.#problems = problems;
  }

  server(): TransitServer {
    this.#only(['url', 'namespace', 'caPath', 'login']);
    const caPath = this.#text('caPath', /^[^\0]+$/, 'path', '');
    return {
      origin: this.#origin('url'),
      namespace: this.#text('namespace', SEGMENTS, 'namespace without slashes at its ends', ''),
      ca: caPath === '' ? null : this.#file('caPath', caPath),
      login: new Fields(this.#fields['login'], `${this.#at}.login`, this.#problems).#login(),
    };
  }

  #login(): Login {
    const method = this.#text('method', /^(kubernetes|jwt|token)$/, 'one of kubernetes, jwt, token');
    const preset = method === 'kubernetes' ? POD_TOKEN : undefined;
    const tokenPath = resolve(this.#text('tokenPath', /^[^\0]+$/, 'path', preset));
    if (method !== 'kubernetes' && method !== 'jwt') {
      this.#only(['method', 'tokenPath']);
      return { method: 'token', tokenPath };
    }
    this.#only(['method', 'mount', 'role', 'tokenPath']);
    const mount = this.#text('mount', SEGMENTS, 'path below auth/', method);
    return { method, mount, role: this.#text('role', /^[\w.-]{1,128}$/, 'name of a role'), tokenPath };
  }

  #only(known: readonly string[]): void {
    for (const name of Object.keys(this.#fields)) {
      if (!known.includes(name))
        this.#problems.push(`${this.#at}.${name}: expected one of ${known.join(', ')}`);
    }
  }

  #text(name: string, pattern: RegExp, expected: string, preset?: string): string {
    const value = this.#fields[name] ?? preset;
    if (typeof value === 'string' && (value === preset || pattern.test(value))) return value;
    this.#problems.push(`${this.#at}.${name}: expected ${expected}`);
    return '';
  }

  #origin(name: string): string {
    const text = this.#text(name, /^https?:\/\//, 'URL that begins with https:// or http://');
    if (text === '' || !URL.canParse(text)) return '';
    const { origin, href } = new URL(text);
    if (href !== `${origin}/`)
      this.#problems.push(`${this.#at}.${name}: expected scheme, host and port alone`);
    return origin;
  }

  #file(name: string, path: string): string | null {
    try {
      return readText(path, `${this.#at}.${name}`);
    } catch (error) {
      this.#problems.push((error as CmkError).message);
      return null;
    }
  }
}

function readText(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new CmkError('CONFIG_INVALID', `${what}: cannot read ${path}`, { cause });
  }
}
