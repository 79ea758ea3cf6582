import type { Asset } from '../../core/asset.ts';
import type { EncryptionContext } from '../../core/encryption-context.ts';
import type { NewerWord } from './newer-word.ts';

/** A customer. */
export interface Account {
  readonly id: string;
  readonly name: string;
  readonly licence: Licence | NewerWord;
  /**
   * What the broker names when it assumes a role in the customer's AWS account; made when the account is first stored,
   * and never changed. Their trust policy demands it, so that a role serves this account alone. No secret.
   */
  readonly externalId: string;
}

/** Whose assets an account's licence covers: nobody's, everyone's, or those of the members of licensed groups. */
export const LICENCES = ['NONE', 'ACCOUNT', 'GROUPS'] as const;
export type Licence = (typeof LICENCES)[number];

/** Users of an account whose assets are covered together. */
export interface Group {
  readonly account: string;
  readonly id: string;
  readonly name: string;
  readonly licensed: boolean;
  readonly members: readonly string[];
}

/** `PENDING → STANDBY → ACTIVE → DECRYPT_ONLY → RETIRED`. */
export const KEY_LIFECYCLES = ['PENDING', 'STANDBY', 'ACTIVE', 'DECRYPT_ONLY', 'RETIRED'] as const;
export type KeyLifecycle = (typeof KEY_LIFECYCLES)[number];

/** Names of the KMS providers; each is a folder in broker/kms. */
export const PROVIDER_NAMES = ['aws', 'azure', 'oci', 'transit', 'pkcs11'] as const;
export type ProviderName = (typeof PROVIDER_NAMES)[number];

/** A key-encryption key as the KMS and the store know it. */
export interface Kek {
  /** UUIDv7. */
  readonly id: string;
  /** The owning account; null: the platform key. */
  readonly account: string | null;
  readonly provider: ProviderName;
  /** Identifiers in the KMS, e.g. ARNs: the key itself first, then its replicas in the order to try. */
  readonly references: readonly [string, ...string[]];
  /** The role in the customer's account through which the key is reached; null: with the broker's own identity. */
  readonly role: AssumedRole | null;
  readonly lifecycle: KeyLifecycle;
  /** A wrapped data key that protects nothing: unwrapping it proves that the key still works. */
  readonly canary: Canary | null;
  /** UNIX seconds. */
  readonly createdAt: number;
}

/** A key to be looked at, not to be used: its provider or the state of its life may be ones that a newer release knows. */
export type ListedKek = Omit<Kek, 'provider' | 'lifecycle'> & {
  readonly provider: ProviderName | NewerWord;
  readonly lifecycle: KeyLifecycle | NewerWord;
};

/** A role in a customer's AWS account that the broker assumes. */
export interface AssumedRole {
  readonly arn: string;
  /** The external id of the key's account. */
  readonly externalId: string;
}

export interface Canary {
  readonly wrapped: Uint8Array;
  readonly context: EncryptionContext;
}

/** When the platform key may stand in for a customer key that fails to wrap: never, in outages, whatever the cause. */
export const FALLBACK_MODES = ['OFF', 'OUTAGE', 'ANY'] as const;
export type FallbackMode = (typeof FALLBACK_MODES)[number];

/** What an account wants to happen when its key cannot wrap. */
export interface FallbackPolicy {
  readonly mode: FallbackMode | NewerWord;
  /** Hours from the beginning of an episode; null: without end. */
  readonly maxHours: number | null;
  /** Assets of one episode; null: any number. */
  readonly maxAssets: number | null;
}

export const NO_FALLBACK = { mode: 'OFF', maxHours: null, maxAssets: null } as const satisfies FallbackPolicy;

/** A time in which the platform key stands in for an account's key, until that works again. */
export interface FallbackEpisode {
  /** UUIDv7. */
  readonly id: string;
  readonly account: string;
  /** The key that failed. */
  readonly kekId: string;
  /** The error code of its latest failure. */
  readonly cause: string;
  /** UNIX milliseconds. */
  readonly startedAt: number;
  /** UNIX milliseconds; null: it lasts. */
  readonly endedAt: number | null;
  /** Data keys made under the platform key in it. */
  readonly assets: number;
  /** How often the key was tried in vain since. */
  readonly probes: number;
  /** UNIX milliseconds, when it is tried next. */
  readonly nextProbeAt: number;
}

/** What a service should do when nothing can be stored: give up the asset, or the whole session, e.g. a phone call. */
export const FAILURE_WISHES = ['FAIL_ASSET', 'DROP_SESSION'] as const;
export type FailureWish = (typeof FAILURE_WISHES)[number];

/** Under which kind of key a data key is wrapped. */
export const PROTECTIONS = ['CUSTOMER_KEY', 'FALLBACK_KEY', 'PLATFORM_KEY'] as const;
export type Protection = (typeof PROTECTIONS)[number];

/** A data key as stored: wrapped, never plain. */
export interface DataKeyRecord {
  readonly asset: Asset;
  /** UUIDv7. */
  readonly id: string;
  /** From 1. */
  readonly generation: number;
  readonly kekId: string;
  readonly protection: Protection;
  /** As the KMS gave it; empty when the data key was destroyed. */
  readonly wrapped: Uint8Array;
  /** What it was wrapped under; always `assetContext(asset, createdAt)`. */
  readonly context: EncryptionContext;
  /** UNIX seconds. */
  readonly createdAt: number;
  /** Who owned the asset when its data key was made; null: made before that was stored. */
  readonly owner: string | null;
  /** Since when the asset is to be sealed again under a newer generation, UNIX milliseconds; null: it need not be. */
  readonly reencryptSince: number | null;
  /** UNIX milliseconds; {@link wrapped} is empty since then. Null: it is not destroyed. */
  readonly destroyedAt: number | null;
}

/** A data key to be looked at, not to be used: its protection may be one that a newer release knows. */
export type ListedDataKey = Omit<DataKeyRecord, 'protection'> & {
  readonly protection: Protection | NewerWord;
};

/** Why a key is used; see `Reason` in proto/cmk/v1/common.proto. */
export const REASONS = [
  'STORAGE',
  'USER_ACCESS',
  'INDEXING',
  'PROCESSING',
  'BACKUP',
  'LEGAL',
  'SUPPORT',
] as const;
export type Reason = (typeof REASONS)[number];

/** How a recorded act ended. */
export const AUDIT_OUTCOMES = ['ALLOWED', 'REFUSED', 'FAILED'] as const;
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

/** Where the plaintext key that was used came from: a KMS, a broker's cache, or a sidecar's. */
export const KEY_SOURCES = ['KMS', 'CACHE', 'SIDECAR_CACHE'] as const;
export type KeySource = (typeof KEY_SOURCES)[number];

/** What a data key was used for. */
export const USE_OPERATIONS = ['SEAL', 'OPEN'] as const;
export type UseOperation = (typeof USE_OPERATIONS)[number];

/** One line of the account's history. Holds no personal data beyond the ids that callers send, and no key material. */
export interface AuditEvent {
  /** UUIDv7: sorts by time. */
  readonly id: string;
  /** UNIX milliseconds. */
  readonly at: number;
  /** Null when the caller could not even be tied to an account. */
  readonly account: string | null;
  readonly action: AuditAction | NewerWord;
  readonly outcome: AuditOutcome | NewerWord;
  /** The caller's SPIFFE id, a principal's name such as `operator`, or `broker`; for an unknown peer a short description of why. */
  readonly actor: string;
  readonly asset: Asset | null;
  readonly reason: Reason | NewerWord | null;
  readonly dataKeyId: string | null;
  readonly kekId: string | null;
  /** Where the plaintext key came from; null when none was handed out. */
  readonly source: KeySource | NewerWord | null;
  /** For uses that a sidecar reports: what they were. */
  readonly operation: UseOperation | NewerWord | null;
  /** For uses that a sidecar reports: how many there were. For a gap: how many are not told; null when unknown. */
  readonly count: number | null;
  /** For uses that a sidecar reports: the first and the last of them. For a gap: its span. UNIX milliseconds. */
  readonly from: number | null;
  readonly until: number | null;
  /**
   * For a refusal or failure: the cause in words. For a new data key: why this key-encryption key was chosen. For an
   * administrative act: what was changed. For uses and gaps: whose.
   */
  readonly detail: string | null;
}

export const AUDIT_ACTIONS = [
  'ISSUE',
  'RESOLVE',
  'DESCRIBE',
  'WATCH',
  'CONNECT',
  'REVOKE',
  'ADMINISTER',
  // Streams that a sidecar served with a data key from its cache, as it reported them.
  'USE',
  // Uses by a sidecar that nobody reported, or a time in which there may have been some.
  'GAP',
  // Data keys moved from one key to another; `kekId` is the one that they are under now.
  'MOVE',
  // Assets listed for re-encryption, and data keys destroyed after it.
  'REENCRYPT',
  // How a use of a key or replica goes has changed.
  'STATUS',
  // The platform key no longer stands in for the account's.
  'FALLBACK',
  // Somebody signed in to the portal, or was refused, and signed out.
  'SIGN_IN',
  'SIGN_OUT',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** Acts of services: what an administrator was refused is no news to anybody else. */
export const ACTS_OF_SERVICES = [
  'ISSUE',
  'RESOLVE',
  'DESCRIBE',
  'WATCH',
  'CONNECT',
  'USE',
  'REENCRYPT',
] as const satisfies readonly AuditAction[];

/** Something happened to a key that every broker and sidecar must know. */
export interface KeyEvent {
  /** Gapless and in commit order, from 1. */
  readonly position: number;
  readonly kekId: string;
  /** An error code such as KEY_DISABLED. */
  readonly reason: string;
  /** UNIX milliseconds. */
  readonly at: number;
}

/** A sidecar's process that was lent data keys of an account for a service, so that it owes reports of their use. */
export interface Reporter {
  /** The process: a UUID that it made for itself. */
  readonly instance: string;
  readonly spiffeId: string;
}

/** How long a process may use data keys of one account for one service. */
export interface ReporterLease {
  readonly account: string;
  readonly srvId: string;
  /** UNIX milliseconds; up to some minutes too late, never too early. */
  readonly until: number;
}

/** A process that has not been heard of for longer than it may be silent. */
export interface SilentReporter extends Reporter {
  /** When it was heard of last, UNIX milliseconds. */
  readonly heardAt: number;
  /** Until when all its uses are recorded, UNIX milliseconds. */
  readonly coveredUntil: number;
  readonly leases: readonly ReporterLease[];
}

/** One report of uses; reports of a process are numbered from 1. */
export interface UseReport extends Reporter {
  readonly sequence: number;
  readonly heardAt: number;
  /** Until when this report and those before it tell of all uses, UNIX milliseconds; null: more is to come. */
  readonly coveredUntil: number | null;
  /** After so long without a word the process counts as gone, milliseconds. */
  readonly patienceMs: number;
  /** Whether it is the last one. */
  readonly final: boolean;
}

/** Facts for one policy decision: there is nothing in them that this release does not know. */
export interface Coverage {
  readonly account: Account & { readonly licence: Licence };
  /** Whether a licensed group has the owner as a member. */
  readonly ownerInLicensedGroup: boolean;
  readonly enrolled: boolean;
  readonly fallback: FallbackPolicy & { readonly mode: FallbackMode };
  readonly onFailure: FailureWish;
  /** The account's keys, newest first. */
  readonly keks: readonly Kek[];
}
