import type {
  Account,
  AssetType,
  FallbackEpisode,
  FallbackPolicy,
  Key,
  KeyUse,
  Lifecycle,
  Move,
  MoveKind,
  Outcome,
  Protection,
} from './types.ts';

/** What the API answers to those who look. Times are UNIX milliseconds. */

export type AttentionLevel = 'URGENT' | 'WARNING' | 'SET_UP';

export type Attention = { readonly level: AttentionLevel } & (
  | {
      readonly code: 'KEY_FAILED' | 'KEY_DEGRADED';
      readonly kekId: string;
      readonly reference: string;
      readonly use: KeyUse;
      readonly cause: string | null;
      readonly since: number | null;
    }
  | {
      readonly code: 'FALLBACK_ACTIVE' | 'FALLBACK_EXHAUSTED';
      readonly kekId: string;
      readonly cause: string;
      readonly startedAt: number;
      readonly endsAt: number | null;
      readonly assets: number;
      readonly maxAssets: number | null;
    }
  | {
      readonly code: 'MOVE_WAITING';
      readonly moveId: string;
      readonly kind: MoveKind;
      readonly cause: string;
      readonly left: number;
    }
  | {
      readonly code: 'MOVE_FAILURES';
      readonly moveId: string;
      readonly kind: MoveKind;
      readonly failed: number;
    }
  | { readonly code: 'MOVE_PAUSED'; readonly moveId: string; readonly kind: MoveKind; readonly left: number }
  | { readonly code: 'RETIRED_KEY_PROTECTS'; readonly kekId: string; readonly reference: string }
  | { readonly code: 'REENCRYPTION_BACKLOG'; readonly dataKeys: number; readonly oldestSince: number }
  | { readonly code: 'CALLS_REFUSED'; readonly count: number }
  | { readonly code: 'USES_UNKNOWN'; readonly gaps: number }
  | { readonly code: 'NO_KEY' }
  | { readonly code: 'NOTHING_ENROLLED' }
  | { readonly code: 'NO_CONTACTS' }
);

export interface FallbackOverview extends FallbackEpisode {
  readonly state: 'STANDING_IN' | 'EXHAUSTED' | 'SWITCHED_OFF';
  readonly endsAt: number | null;
  readonly endsInMs: number | null;
  readonly assetsLeft: number | null;
}

export interface ProtectionCount extends AssetType {
  readonly protection: Protection;
  readonly assets: number;
  readonly dataKeys: number;
}

export interface RefusalCount {
  readonly outcome: Exclude<Outcome, 'ALLOWED'>;
  readonly cause: string | null;
  readonly count: number;
}

export interface Overview {
  readonly at: number;
  readonly account: Account;
  readonly enrolments: readonly AssetType[];
  readonly protection: readonly ProtectionCount[];
  readonly keys: readonly (Key & { readonly dataKeys: number })[];
  readonly fallback: { readonly policy: FallbackPolicy; readonly episode: FallbackOverview | null };
  readonly moves: readonly Move[];
  readonly reencryption: { readonly dataKeys: number; readonly oldestSince: number | null };
  readonly refusals: { readonly since: number; readonly causes: readonly RefusalCount[] };
  readonly attention: readonly Attention[];
}

export interface Asset extends AssetType {
  readonly account: string;
  readonly id: string;
}

export interface KeyName {
  readonly id: string;
  readonly platform: boolean;
  readonly reference: string | null;
  readonly lifecycle: Lifecycle;
}

export type DataKeyState = 'CURRENT' | 'TO_GIVE_WAY' | 'OLDER' | 'DESTROYED';

export interface DataKeyView {
  readonly id: string;
  readonly generation: number;
  readonly state: DataKeyState;
  readonly protection: Protection;
  readonly key: KeyName;
  readonly madeAt: number;
  readonly reencryptSince: number | null;
  readonly destroyedAt: number | null;
}

export interface ListedAsset extends DataKeyView {
  readonly asset: Asset;
  readonly owner: string | null;
}

export interface AssetView {
  readonly asset: Asset;
  readonly protection: Protection;
  readonly key: KeyName;
  readonly generation: number;
  readonly owner: string | null;
  readonly madeAt: number;
  readonly dataKeys: readonly DataKeyView[];
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
] as const;
export type Action = (typeof ACTIONS)[number];

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
export const OUTCOMES = ['ALLOWED', 'REFUSED', 'FAILED'] as const;

export interface ActivityEvent {
  readonly id: string;
  readonly at: number;
  readonly action: Action;
  readonly outcome: Outcome;
  readonly actor: string;
  readonly asset?: Asset | null;
  readonly reason?: Reason | null;
  readonly dataKeyId?: string | null;
  readonly kekId?: string | null;
  readonly source?: 'KMS' | 'CACHE' | 'SIDECAR_CACHE' | null;
  readonly operation?: 'SEAL' | 'OPEN' | null;
  readonly count?: number | null;
  readonly detail?: string | null;
}

export interface ActivityPage {
  readonly events: readonly ActivityEvent[];
  readonly next: string | null;
}

/** One hour of a key. */
export interface UseBucket {
  readonly at: number;
  readonly kms: number;
  readonly cache: number;
  readonly refused: number;
}
