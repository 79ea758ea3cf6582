import type { KmsCause } from '../../broker/kms/provider.ts';
import type { ProviderName } from '../../broker/model/types.ts';
import type { ErrorCode } from '../../core/errors.ts';

/**
 * Whose doing a failure is. `ours`: the provider's, who runs this. `customer`: whoever holds the key wanted it. `kms`: a
 * KMS, or the way to it. `caller`: a service, a program or a person that asks for what it cannot have.
 */
export const FAULTS = ['ours', 'customer', 'kms', 'caller'] as const;
export type Fault = (typeof FAULTS)[number];

/** Whose doing each code is. Only `ours` costs objectives anything; docs/decisions/0019-objectives.md. */
export const FAULT_OF_CODE = {
  INVALID_ARGUMENT: 'caller',
  NOT_AUTHORIZED: 'caller',
  TOKEN_INVALID: 'caller',
  ROLE_INSUFFICIENT: 'caller',
  CROSS_SITE_REQUEST: 'caller',
  RATE_LIMITED: 'caller',
  TOO_MANY_ATTEMPTS: 'caller',
  ACCOUNT_UNKNOWN: 'caller',
  ASSET_NOT_FOUND: 'caller',
  NOT_FOUND: 'caller',
  CONFLICT: 'caller',
  STALE_VERSION: 'caller',
  KEY_DISABLED: 'customer',
  KEY_PERMISSION_REVOKED: 'customer',
  KEY_PENDING_DELETION: 'customer',
  KEY_NOT_FOUND: 'customer',
  DATA_KEY_DESTROYED: 'caller',
  DATA_KEY_IN_USE: 'caller',
  KEY_RETIRED: 'customer',
  KMS_AUTH_FAILED: 'ours',
  KMS_CONTEXT_MISMATCH: 'ours',
  KMS_ACCOUNT_ISSUE: 'customer',
  KMS_THROTTLED: 'kms',
  KMS_UNREACHABLE: 'kms',
  KMS_INVALID_RESPONSE: 'kms',
  BROKER_UNREACHABLE: 'ours',
  STORE_UNAVAILABLE: 'ours',
  SIDECAR_UNREACHABLE: 'ours',
  SHUTTING_DOWN: 'ours',
  TOO_MANY_STREAMS: 'ours',
  STREAM_IDLE: 'caller',
  DEADLINE_EXCEEDED: 'ours',
  CANCELLED: 'caller',
  LOCAL_IO_FAILED: 'caller',
  MALFORMED: 'caller',
  TRUNCATED: 'caller',
  AUTHENTICATION_FAILED: 'caller',
  LEDGER_BROKEN: 'ours',
  CONFIG_INVALID: 'ours',
  INTERNAL: 'ours',
} as const satisfies Record<ErrorCode, Fault>;

/** Whose doing each outcome of a KMS call is. */
export const FAULT_OF_CAUSE = {
  AUTH_FAILED: 'ours',
  PERMISSION_REVOKED: 'customer',
  KEY_DISABLED: 'customer',
  KEY_PENDING_DELETION: 'customer',
  KEY_NOT_FOUND: 'customer',
  CONTEXT_MISMATCH: 'ours',
  THROTTLED: 'kms',
  UNREACHABLE: 'kms',
  INVALID_RESPONSE: 'kms',
  ACCOUNT_ISSUE: 'customer',
} as const satisfies Record<KmsCause, Fault>;

/** Who runs the KMSs of a provider: a cloud, for many customers at once, or each customer their own. */
export const RUN_BY = {
  aws: 'cloud',
  azure: 'cloud',
  oci: 'cloud',
  transit: 'customer',
  pkcs11: 'customer',
} as const satisfies Record<ProviderName, 'cloud' | 'customer'>;

/** The keys of a table whose value is one of these. */
export function keysOf<K extends string, V>(table: Readonly<Record<K, V>>, ...values: readonly V[]): K[] {
  return (Object.keys(table) as K[]).filter((key) => values.includes(table[key]));
}
