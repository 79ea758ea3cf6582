import type { ErrorCode } from '../../core/errors.ts';
import type { KeyStatus, KeyUse } from './alerts.ts';
import type { MoveKind } from './moves.ts';
import type { NewerWord } from './newer-word.ts';
import type { FallbackEpisode, FallbackPolicy, KeyLifecycle, Licence } from './types.ts';

/**
 * How soon somebody should look: URGENT, something is unreadable or not stored, or will be; WARNING, it works but not as
 * it should; SET_UP, something was never done.
 */
export const ATTENTION_LEVELS = ['URGENT', 'WARNING', 'SET_UP'] as const;
export type AttentionLevel = (typeof ATTENTION_LEVELS)[number];

/** What of an account needs somebody's attention, with the facts for a text. Times are UNIX milliseconds. */
export type Attention = { readonly level: AttentionLevel } & (
  | KeyTrouble
  | FallbackTrouble
  | {
      readonly code: 'MOVE_WAITING';
      readonly moveId: string;
      readonly kind: MoveKind | NewerWord;
      readonly cause: ErrorCode | NewerWord;
      readonly left: number;
    }
  | {
      readonly code: 'MOVE_FAILURES';
      readonly moveId: string;
      readonly kind: MoveKind | NewerWord;
      readonly failed: number;
    }
  | {
      readonly code: 'MOVE_PAUSED';
      readonly moveId: string;
      readonly kind: MoveKind | NewerWord;
      readonly left: number;
    }
  /** Data keys are under a key that was retired: nothing opens them. */
  | { readonly code: 'RETIRED_KEY_PROTECTS'; readonly kekId: string; readonly reference: string }
  | { readonly code: 'REENCRYPTION_BACKLOG'; readonly dataKeys: number; readonly oldestSince: number }
  /** Services were refused within the last day, because they may not or asked for what is not so. */
  | { readonly code: 'CALLS_REFUSED'; readonly count: number }
  /** Times within the last day in which nobody knows how data keys were used. */
  | { readonly code: 'USES_UNKNOWN'; readonly gaps: number }
  /** Contacts and webhooks whose alerts of the last day did not get through. */
  | { readonly code: 'ALERTS_NOT_DELIVERED'; readonly recipients: number }
  | { readonly code: 'NO_KEY' }
  | { readonly code: 'NOTHING_ENROLLED' }
  | { readonly code: 'NO_CONTACTS' }
);

export interface KeyTrouble {
  readonly code: 'KEY_FAILED' | 'KEY_DEGRADED';
  readonly kekId: string;
  readonly lifecycle: KeyLifecycle | NewerWord;
  readonly reference: string;
  readonly use: KeyUse | NewerWord;
  readonly cause: ErrorCode | NewerWord | null;
  readonly since: number | null;
}

/** The platform key stands in for the account's, or may not any more. */
export interface FallbackTrouble {
  readonly code: 'FALLBACK_ACTIVE' | 'FALLBACK_EXHAUSTED';
  readonly kekId: string;
  readonly cause: string;
  readonly startedAt: number;
  /** Null: without end. */
  readonly endsAt: number | null;
  readonly assets: number;
  readonly maxAssets: number | null;
}

/** What is stored of an account, as far as somebody may have to act on it. */
export interface AttentionFacts {
  readonly licence: Licence | NewerWord;
  readonly enrolments: number;
  /** Of both kinds: e-mail addresses and webhooks. */
  readonly recipients: number;
  /** Those of them to whom the newest message within the last day did not get through. */
  readonly untold: number;
  readonly keks: readonly KekFacts[];
  readonly troubles: readonly StatusFacts[];
  readonly fallback: FallbackPolicy;
  readonly episode: FallbackEpisode | null;
  readonly moves: readonly MoveFacts[];
  readonly backlog: { readonly dataKeys: number; readonly oldestSince: number } | null;
  /** Within the last day. */
  readonly refusals: number;
  readonly gaps: number;
}

export interface KekFacts {
  readonly id: string;
  readonly lifecycle: KeyLifecycle | NewerWord;
  readonly reference: string;
  /** Whether a data key that is not destroyed is under it; told of retired keys alone. */
  readonly protects: boolean;
}

/** A use of a key or replica that does not go well. */
export interface StatusFacts {
  readonly kekId: string;
  readonly reference: string;
  readonly use: KeyUse | NewerWord;
  readonly status: Extract<KeyStatus, 'DEGRADED' | 'FAILED'>;
  readonly cause: ErrorCode | NewerWord | null;
  readonly since: number | null;
}

/** A move that has not ended. */
export interface MoveFacts {
  readonly id: string;
  readonly kind: MoveKind | NewerWord;
  readonly isPaused: boolean;
  readonly problem: ErrorCode | NewerWord | null;
  readonly left: number;
  readonly failed: number;
}
