import { createHmac, randomBytes } from 'node:crypto';
import { EventLog } from '../emulation/event-log.ts';
import type { Token } from './auth.ts';

/** One answered request in the shape of Vault's audit devices: texts of bodies and tokens as keyed hashes. */
export interface AuditEntry {
  readonly type: 'response';
  readonly time: string;
  readonly auth: {
    readonly accessor?: string;
    readonly client_token?: string;
    readonly display_name?: string;
    readonly policies?: readonly string[];
    readonly token_policies?: readonly string[];
    readonly policy_results: { readonly allowed: boolean };
    readonly token_type: 'service' | 'default';
  };
  readonly request: {
    readonly id: string;
    readonly operation: string;
    readonly client_token?: string;
    readonly client_token_accessor?: string;
    readonly namespace: { readonly id: string; readonly path?: string };
    readonly path: string;
    readonly mount_point: string;
    readonly mount_type: string;
    readonly data?: Readonly<Record<string, unknown>>;
    readonly remote_address: string;
  };
  readonly response?: { readonly mount_type: string; readonly data?: Readonly<Record<string, unknown>> };
  readonly error?: string;
}

/** What the server knows of a request that has ended. */
export interface Ended {
  readonly requestId: string;
  readonly nowMs: number;
  readonly operation: string;
  readonly path: string;
  readonly mountPoint: string;
  readonly mountType: string;
  readonly namespace: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly answer: Readonly<Record<string, unknown>> | null;
  readonly token: Token | null;
  readonly allowed: boolean;
  readonly error: string | null;
  readonly remoteAddress: string;
}

/** Whose entries to show; what is absent does not matter. */
export interface EntryFilter {
  /** E.g. `transit/decrypt/cmk`. */
  readonly path?: string;
  readonly operation?: string;
  /** A part of the error's text. */
  readonly error?: string;
}

/** The audit device. */
export class Audit {
  readonly #log: EventLog<AuditEntry>;
  readonly #salt = randomBytes(32);
  readonly #plainKeys: readonly string[];

  /** @param plainKeys request fields in the clear, as the mount's `audit_non_hmac_request_keys` */
  constructor({ path, plainKeys }: { path: string | null; plainKeys: readonly string[] }) {
    this.#log = new EventLog({ path });
    this.#plainKeys = plainKeys;
  }

  /** As `sys/audit-hash`: what a text stands as in the log. */
  hash(text: string): string {
    return `hmac-sha256:${createHmac('sha256', this.#salt).update(text).digest('hex')}`;
  }

  entries({ path, operation, error }: EntryFilter = {}): AuditEntry[] {
    return this.#log.events(
      (entry) =>
        (path === undefined || entry.request.path === path) &&
        (operation === undefined || entry.request.operation === operation) &&
        (error === undefined || (entry.error ?? '').includes(error)),
    );
  }

  record(ended: Ended): void {
    const { token, answer, error, nowMs } = ended;
    this.#log.record({
      type: 'response',
      time: new Date(nowMs).toISOString(),
      auth: {
        ...(token ? this.#identity(token) : {}),
        policy_results: { allowed: ended.allowed },
        token_type: token ? 'service' : 'default',
      },
      request: this.#request(ended),
      ...(answer && error === null
        ? { response: { mount_type: ended.mountType, data: this.#hashed(answer, []) } }
        : {}),
      ...(error === null ? {} : { error }),
    });
  }

  #identity(token: Token): Omit<AuditEntry['auth'], 'policy_results' | 'token_type'> {
    return {
      accessor: this.hash(token.accessor),
      client_token: this.hash(token.value),
      display_name: token.displayName,
      policies: token.policies,
      token_policies: token.policies,
    };
  }

  #request(ended: Ended): AuditEntry['request'] {
    const { requestId: id, operation, token, namespace, path, mountPoint, mountType, fields } = ended;
    return {
      id,
      operation,
      ...(token
        ? { client_token: this.hash(token.value), client_token_accessor: this.hash(token.accessor) }
        : {}),
      namespace: namespace === '' ? { id: 'root' } : { id: 'ns001', path: `${namespace}/` },
      path,
      mount_point: mountPoint,
      mount_type: mountType,
      ...(Object.keys(fields).length === 0 ? {} : { data: this.#hashed(fields, this.#plainKeys) }),
      remote_address: ended.remoteAddress,
    };
  }

  #hashed(fields: Readonly<Record<string, unknown>>, plain: readonly string[]): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [
        name,
        typeof value === 'string' && !plain.includes(name) ? this.hash(value) : value,
      ]),
    );
  }
}
