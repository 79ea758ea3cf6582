import type {
  Alert,
  AssetType,
  AuditEvent,
  CreateTokenData,
  DataKey,
  FallbackPolicy,
  GetKmsBudgetResponse,
  Key,
  KeyStatus as StatusRecord,
  Me,
  Move,
  Overview,
  PreviewCoverageData,
  PutFailureWishData,
} from './types.gen.ts';

/** Shorter names for what the API says of itself. */

export type {
  Account,
  AccountHealth,
  Alert,
  AlertFacts,
  ApiToken,
  Asset,
  AssetDetails,
  AssetType,
  Attention,
  AuditEvent,
  BlastRadius,
  CoveragePreview,
  DataKey,
  FallbackOverview,
  FallbackPolicy,
  Fleet,
  Group,
  Key,
  KeyName,
  KeyStatus as StatusRecord,
  KmsBudget,
  LedgerHead,
  Licence,
  ListedAsset,
  Me,
  Move,
  Overview,
  Service,
  SetUpDocument,
  Sidecar,
  TypeLease,
  Uses,
  VerificationStep,
  Webhook,
} from './types.gen.ts';

export type Role = Me['role'];
export type ProviderName = Key['provider'];
export type Lifecycle = Key['lifecycle'];
export type KeyStatus = StatusRecord['status'];
export type KeyUse = StatusRecord['use'];
export type Protection = DataKey['protection'];
export type DataKeyState = DataKey['state'];
export type FallbackMode = FallbackPolicy['mode'];
export type FailureWish = PutFailureWishData['body']['wish'];
export type MoveKind = Move['kind'];
export type MoveState = Move['state'];
export type AttentionLevel = Overview['attention'][number]['level'];
export type ProtectionCount = Overview['protection'][number];
export type CoverageChange = PreviewCoverageData['body'];
export type TokenWish = CreateTokenData['body'];
export type Delivery = Alert['deliveries'][number];
export type ReplicaBudget = GetKmsBudgetResponse['budget']['replicas'][number];

export type Outcome = AuditEvent['outcome'];
export type Action = AuditEvent['action'];
export type Reason = NonNullable<AuditEvent['reason']>;

/** As it comes: also from what stands between here and the broker, which knows no codes of ours. */
export interface Problem {
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly retryable: boolean;
  readonly [extension: string]: unknown;
}

export const ACTIONS = [
  'ISSUE',
  'RESOLVE',
  'USE',
  'GAP',
  'DESCRIBE',
  'WATCH',
  'CONNECT',
  'REVOKE',
  'ADMINISTER',
  'MOVE',
  'REENCRYPT',
  'STATUS',
  'FALLBACK',
  'SIGN_IN',
  'SIGN_OUT',
] as const satisfies readonly Action[];

export const REASONS = [
  'STORAGE',
  'USER_ACCESS',
  'INDEXING',
  'PROCESSING',
  'BACKUP',
  'LEGAL',
  'SUPPORT',
] as const satisfies readonly Reason[];

export const PROTECTIONS = [
  'CUSTOMER_KEY',
  'FALLBACK_KEY',
  'PLATFORM_KEY',
] as const satisfies readonly Protection[];

export const OUTCOMES = ['ALLOWED', 'REFUSED', 'FAILED'] as const satisfies readonly Outcome[];

export function isSameType(one: AssetType, other: AssetType): boolean {
  return one.srvId === other.srvId && one.type === other.type;
}
