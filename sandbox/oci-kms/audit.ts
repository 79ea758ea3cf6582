import { randomUUID } from 'node:crypto';
import type { Call } from './call.ts';
import type { AssociatedData } from './ciphertext.ts';
import type { OciError } from './errors.ts';

/** A use of a key, as in the service log that a customer turns on for a vault (`cryptooperations`). */
export interface CryptoEvent {
  readonly datetime: number;
  readonly logContent: {
    readonly id: string;
    readonly time: string;
    readonly specversion: '1.0';
    /** E.g. `com.oraclecloud.keymanagementservice.vault.crypto.decrypt`. */
    readonly type: string;
    /** The vault. */
    readonly source: string;
    /** The key. */
    readonly subject: string;
    readonly oracle: { readonly compartmentid: string; readonly tenantid: string };
    readonly data: {
      readonly requestAction: string;
      readonly principalId: string;
      readonly clientIpAddress: string;
      readonly opcRequestId: string;
      readonly keyVersionId: string | null;
      readonly statusCode: number;
      readonly loggingContext: AssociatedData;
    };
  };
  readonly regionId: string;
}

/** A change or a look at a key, as in the tenancy's audit log. */
export interface AuditEvent {
  readonly eventType: string;
  readonly cloudEventsVersion: '0.1';
  readonly eventTypeVersion: '2.0';
  readonly source: 'KeyManagementService';
  readonly eventId: string;
  readonly eventTime: string;
  readonly contentType: 'application/json';
  readonly data: {
    readonly eventName: string;
    readonly compartmentId: string;
    readonly compartmentName: string;
    readonly resourceName: string;
    readonly resourceId: string;
    readonly identity: {
      readonly principalName: string;
      readonly principalId: string;
      readonly tenantId: string;
      readonly ipAddress: string;
      readonly userAgent: string;
    };
    readonly request: { readonly id: string; readonly path: string; readonly action: string };
    readonly response: { readonly status: string; readonly message: string | null };
  };
}

export type OciEvent = CryptoEvent | AuditEvent;

/** Whose events to show; what is absent does not matter. */
export interface EventFilter {
  /** `GenerateDataEncryptionKey`, `Encrypt`, `Decrypt`, `GetKey`, `DisableKey` … */
  readonly eventName?: string;
  /** The key's OCID. */
  readonly key?: string;
  readonly tenancy?: string;
  /** HTTP status, e.g. `404`. */
  readonly status?: string;
}

/** What the server knows of a call that has ended. */
export interface EndedCall {
  readonly call: Call;
  readonly loggingContext: AssociatedData;
  readonly error: OciError | null;
  readonly requestId: string;
  readonly ipAddress: string;
  readonly userAgent: string;
  readonly url: string;
}

const ACTIONS: Readonly<Record<string, string>> = {
  GenerateDataEncryptionKey: 'GENERATEDEK',
  Encrypt: 'ENCRYPT',
  Decrypt: 'DECRYPT',
};

/** @returns null when no key is concerned, and so no customer's log */
export function toEvent(ended: EndedCall): OciEvent | null {
  if (ended.call.key === null) return null;
  return ended.call.operation.api === 'crypto'
    ? toCryptoEvent(ended, ended.call.key)
    : toAuditEvent(ended, ended.call.key);
}

export function matches(event: OciEvent, filter: EventFilter): boolean {
  const facts = factsOf(event);
  return Object.entries(filter).every(([name, value]) => facts[name as keyof EventFilter] === value);
}

function factsOf(event: OciEvent): Required<EventFilter> & { tenancy: string } {
  if ('logContent' in event) {
    const { data, subject, oracle } = event.logContent;
    const [eventName = ''] =
      Object.entries(ACTIONS).find(([, action]) => action === data.requestAction) ?? [];
    return { eventName, key: subject, tenancy: oracle.tenantid, status: String(data.statusCode) };
  }
  const { eventName, resourceId, identity, response } = event.data;
  return { eventName, key: resourceId, tenancy: identity.tenantId, status: response.status };
}

type EventKey = NonNullable<Call['key']>;

function toCryptoEvent(ended: EndedCall, { ocid, vault }: EventKey): CryptoEvent {
  const { call, error, loggingContext } = ended;
  const action = ACTIONS[call.operation.name] ?? call.operation.name.toUpperCase();
  return {
    datetime: call.nowMs,
    logContent: {
      id: randomUUID(),
      time: new Date(call.nowMs).toISOString(),
      specversion: '1.0',
      type: `com.oraclecloud.keymanagementservice.vault.crypto.${action.toLowerCase()}`,
      source: vault.ocid,
      subject: ocid,
      oracle: { compartmentid: vault.compartmentId, tenantid: vault.tenancy },
      data: {
        requestAction: action,
        principalId: call.principal.ocid,
        clientIpAddress: ended.ipAddress,
        opcRequestId: ended.requestId,
        keyVersionId: call.version?.ocid ?? null,
        statusCode: error?.status ?? 200,
        loggingContext,
      },
    },
    regionId: vault.region.id,
  };
}

function toAuditEvent(ended: EndedCall, key: EventKey): AuditEvent {
  const { call, error } = ended;
  const { name, method } = call.operation;
  const { vault } = key;
  return {
    eventType: `com.oraclecloud.KeyManagementService.${name}`,
    cloudEventsVersion: '0.1',
    eventTypeVersion: '2.0',
    source: 'KeyManagementService',
    eventId: randomUUID(),
    eventTime: new Date(call.nowMs).toISOString(),
    contentType: 'application/json',
    data: {
      eventName: name,
      compartmentId: vault.compartmentId,
      compartmentName: vault.compartmentName,
      resourceName: key.displayName,
      resourceId: key.ocid,
      identity: {
        principalName: call.principal.name,
        principalId: call.principal.ocid,
        tenantId: vault.tenancy,
        ipAddress: ended.ipAddress,
        userAgent: ended.userAgent,
      },
      request: { id: ended.requestId, path: ended.url, action: method },
      response: { status: String(error?.status ?? 200), message: error?.message ?? null },
    },
  };
}
