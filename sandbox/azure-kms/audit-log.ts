import { EventLog } from '../emulation/event-log.ts';
import { resourceIdOf } from './access.ts';
import type { Caller } from './entra.ts';
import type { AzureError } from './errors.ts';
import type { Vault } from './vault-store.ts';

/** One call in the shape of an AuditEvent, as the vault's owner finds it in their log. */
export interface AuditEvent {
  readonly time: string;
  readonly category: 'AuditEvent';
  /** E.g. `KeyUnwrap`; `Authentication` for a call that carried no valid token. */
  readonly operationName: string;
  readonly operationVersion: string;
  readonly resourceId: string;
  readonly resultType: 'Success' | 'Failed';
  readonly resultSignature: string;
  readonly resultDescription: string;
  readonly durationMs: number;
  readonly callerIpAddress: string;
  readonly correlationId: string;
  readonly identity: { readonly claim?: { readonly oid: string; readonly appid: string } };
  readonly properties: {
    /** The versioned key, when it was reached. */
    readonly id: string;
    readonly clientInfo: string;
    readonly requestUri: string;
    readonly httpStatusCode: number;
    readonly tlsVersion: string;
  };
}

/** Whose events to show; what is absent does not matter. */
export interface EventFilter {
  readonly operationName?: string;
  /** The vault's host. */
  readonly vault?: string;
  /** A key's identifier; without a version: all of them. */
  readonly key?: string;
  readonly resultType?: string;
}

/** What the server knows of a call that has ended. */
export interface EndedCall {
  readonly vault: Vault;
  readonly operationName: string;
  readonly apiVersion: string;
  readonly caller: Caller | null;
  readonly keyId: string | null;
  readonly error: AzureError | null;
  readonly status: number;
  readonly requestId: string;
  readonly path: string;
  readonly sourceAddress: string;
  readonly userAgent: string;
  readonly tlsVersion: string;
  readonly nowMs: number;
}

/** The log of every call. */
export class AuditLog {
  readonly #log: EventLog<AuditEvent>;

  /** @param path every event is appended to it as a line of JSON */
  constructor(path: string | null = null) {
    this.#log = new EventLog({ path });
  }

  record(ended: EndedCall): void {
    this.#log.record(toEvent(ended));
  }

  /** Oldest first. */
  events(filter: EventFilter = {}): AuditEvent[] {
    return this.#log.events(
      ({ operationName, resultType, properties: { id, requestUri } }) =>
        (filter.operationName === undefined || filter.operationName === operationName) &&
        (filter.vault === undefined || new URL(requestUri).host === filter.vault) &&
        (filter.key === undefined || id === filter.key || id.startsWith(`${filter.key}/`)) &&
        (filter.resultType === undefined || filter.resultType === resultType),
    );
  }
}

function toEvent(ended: EndedCall): AuditEvent {
  const { vault, caller, error, status } = ended;
  return {
    time: new Date(ended.nowMs).toISOString(),
    category: 'AuditEvent',
    operationName: ended.operationName,
    operationVersion: ended.apiVersion,
    resourceId: resourceIdOf(vault).toUpperCase(),
    resultType: error ? 'Failed' : 'Success',
    resultSignature: error ? error.type : 'OK',
    resultDescription: error?.message ?? '',
    durationMs: 1,
    callerIpAddress: ended.sourceAddress,
    correlationId: ended.requestId,
    identity: caller ? { claim: { oid: caller.oid, appid: caller.appid } } : {},
    properties: {
      id: ended.keyId ?? '',
      clientInfo: ended.userAgent,
      requestUri: `https://${vault.host}${ended.path}`,
      httpStatusCode: status,
      tlsVersion: ended.tlsVersion,
    },
  };
}
