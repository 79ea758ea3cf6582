/** What the API answers. */

export type Role = 'OPERATOR' | 'ADMINISTRATOR' | 'AUDITOR';
export type Licence = 'NONE' | 'ACCOUNT' | 'GROUPS';
export type ProviderName = 'aws' | 'azure' | 'oci' | 'transit' | 'pkcs11';
export type Lifecycle = 'PENDING' | 'STANDBY' | 'ACTIVE' | 'DECRYPT_ONLY' | 'RETIRED';
export type KeyStatus = 'UNKNOWN' | 'OK' | 'DEGRADED' | 'FAILED';
export type KeyUse = 'ENCRYPT' | 'DECRYPT';
export type Protection = 'CUSTOMER_KEY' | 'FALLBACK_KEY' | 'PLATFORM_KEY';
export type FallbackMode = 'OFF' | 'OUTAGE' | 'ANY';
export type FailureWish = 'FAIL_ASSET' | 'DROP_SESSION';
export type MoveKind = 'ENROL' | 'ROTATE' | 'RECOVER' | 'SHRINK' | 'LEAVE';
export type MoveState = 'RUNNING' | 'PAUSED' | 'DONE' | 'CANCELLED';
export type Outcome = 'ALLOWED' | 'REFUSED' | 'FAILED';

export interface Problem {
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly retryable: boolean;
  readonly [extension: string]: unknown;
}

/** Who is signed in. */
export interface Me {
  readonly name: string;
  readonly role: Role;
  /** The only account that it sees; null: all. */
  readonly account: string | null;
  readonly csrfToken?: string | null;
}

export interface Account {
  readonly id: string;
  readonly name: string;
  readonly licence: Licence;
  readonly externalId: string;
}

export interface Group {
  readonly id: string;
  readonly name: string;
  readonly licensed: boolean;
  readonly members: readonly string[];
}

export interface AssetType {
  readonly srvId: string;
  readonly type: string;
}

export interface Service {
  readonly srvId: string;
  readonly name: string;
  readonly types: readonly string[];
}

export interface StatusRecord {
  readonly reference: string;
  readonly use: KeyUse;
  readonly status: KeyStatus;
  readonly cause: string | null;
  /** UNIX milliseconds, as all times that end in At. */
  readonly lastSuccessAt: number | null;
  readonly lastFailureAt: number | null;
  readonly failingSince: number | null;
}

export interface Key {
  readonly id: string;
  readonly account: string | null;
  readonly provider: ProviderName;
  readonly references: readonly string[];
  readonly role: { readonly arn: string; readonly externalId: string } | null;
  readonly lifecycle: Lifecycle;
  /** UNIX seconds. */
  readonly createdAt: number;
  readonly statuses: readonly StatusRecord[];
}

export interface BlastRadius {
  readonly dataKeys: number;
  readonly assets: number;
  readonly types: readonly (AssetType & { readonly dataKeys: number; readonly assets: number })[];
  readonly references: readonly {
    readonly reference: string;
    readonly decrypt: KeyStatus;
    readonly othersOpen: boolean;
  }[];
  readonly leasesEndInMs: number | null;
  readonly leaseMs: number;
  readonly newData: 'UNAFFECTED' | 'FALLBACK' | 'FALLBACK_IN_OUTAGES' | 'REFUSED';
  /** When it is retired rather than taken away. */
  readonly newDataIfRetired: 'UNAFFECTED' | 'PLATFORM_KEY';
}

export interface SetUpDocument {
  readonly title: string;
  readonly who: 'CUSTOMER' | 'PROVIDER';
  readonly language: 'json' | 'sh' | 'hcl' | 'text';
  readonly text: string;
  readonly note?: string;
}

export interface VerificationStep {
  readonly step: string;
  readonly reference: string;
  readonly outcome: 'OK' | 'FAILED' | 'SKIPPED';
  readonly cause: string | null;
  readonly detail: string | null;
  readonly advice: string | null;
}

export interface FallbackPolicy {
  readonly mode: FallbackMode;
  readonly maxHours: number | null;
  readonly maxAssets: number | null;
}

export interface FallbackEpisode {
  readonly id: string;
  readonly kekId: string;
  readonly cause: string;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly assets: number;
  readonly probes: number;
  readonly nextProbeAt: number;
}

export interface Move {
  readonly id: string;
  readonly kind: MoveKind;
  readonly state: MoveState;
  readonly selection: {
    readonly kekIds: readonly string[];
    readonly protections?: readonly Protection[];
    readonly srvId?: string;
    readonly type?: string;
  };
  readonly target: string;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly total: number;
  readonly moved: number;
  readonly left: number;
  readonly failed: number;
  readonly perSecond: number | null;
  readonly estimatedEndAt: number | null;
  readonly problem: { readonly code: string; readonly detail: string } | null;
}

export interface Webhook {
  readonly id: string;
  readonly url: string;
  readonly createdAt: number;
}

export interface ApiToken {
  readonly id: string;
  readonly name: string;
  readonly role: 'ADMINISTRATOR' | 'AUDITOR';
  readonly createdBy: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly lastUsedAt: number | null;
}

/** A change of who and what is covered. */
export type CoverageChange =
  | { readonly kind: 'LICENCE'; readonly licence: Licence }
  | {
      readonly kind: 'GROUP';
      readonly group: string;
      readonly licensed?: boolean;
      readonly add?: readonly string[];
      readonly remove?: readonly string[];
    }
  | ({ readonly kind: 'ENROLMENT'; readonly enrolled: boolean } & AssetType);

interface Outlook {
  readonly protection: Protection;
  readonly reason: string;
}

/** What a change of coverage would do. */
export interface CoveragePreview {
  readonly newAssets: readonly (AssetType & {
    readonly owners: 'EVERYONE' | 'LICENSED' | 'NOT_LICENSED' | readonly string[];
    readonly before: Outlook;
    readonly after: Outlook;
  })[];
  readonly existing: readonly (AssetType & {
    readonly kind: MoveKind;
    readonly count: number;
    readonly ownerUnknown: number;
    readonly target: string | null;
  })[];
}
