import type { ErrorCode } from '../../core/errors.ts';
import type { NewerWord } from './newer-word.ts';
import type { Protection } from './types.ts';

/**
 * Why wrapped data keys move from one key-encryption key to another. ENROL: from the platform key to the customer's.
 * ROTATE: between two of the customer's. RECOVER: as ENROL, and the assets are to be sealed anew. SHRINK and LEAVE:
 * from the customer's to the platform key.
 */
export const MOVE_KINDS = ['ENROL', 'ROTATE', 'RECOVER', 'SHRINK', 'LEAVE'] as const;
export type MoveKind = (typeof MOVE_KINDS)[number];

/** RUNNING until nothing is left (DONE), or somebody says otherwise. A move that cannot go on is RUNNING and waits. */
export const MOVE_STATES = ['RUNNING', 'PAUSED', 'DONE', 'CANCELLED'] as const;
export type MoveState = (typeof MOVE_STATES)[number];

/** Which of an account's data keys to move. What is absent does not matter. */
export interface MoveSelection {
  /** Under which keys they are. */
  readonly kekIds: readonly string[];
  readonly protections?: readonly Protection[];
  readonly srvId?: string;
  readonly type?: string;
  /** Who owned the asset when its data key was made. Data keys from before owners were stored match nobody. */
  readonly owners?: readonly string[];
  /**
   * Whether a licensed group has the owner as a member, whenever the move looks: members who come or go meanwhile are
   * heeded. Data keys from before owners were stored match neither.
   */
  readonly ownerLicensed?: boolean;
}

/** What somebody wants moved. */
export interface MovePlan {
  readonly account: string;
  readonly kind: MoveKind;
  readonly selection: MoveSelection;
  /** The key that they are to be under. */
  readonly target: string;
}

/** One background move of data keys between keys. Times are UNIX milliseconds. */
export interface Move extends Omit<MovePlan, 'kind'> {
  /** UUIDv7. */
  readonly id: string;
  readonly kind: MoveKind | NewerWord;
  readonly state: MoveState | NewerWord;
  readonly startedAt: number;
  readonly endedAt: number | null;
  /** Data keys under the selection when it started. */
  readonly total: number;
  readonly moved: number;
  /** Those under the selection that are still to be moved; counted anew at the end of each round. */
  readonly left: number;
  /** Those of them that cannot be moved for a reason of their own; they are tried again. */
  readonly failed: number;
  /** When the last ones were moved. */
  readonly progressAt: number | null;
  /** Since when, and from how many on, the rate is measured; null before it was ever worked on. */
  readonly pace: { readonly since: number; readonly moved: number } | null;
  /** Why it waits; null when it goes on. */
  readonly problem: MoveProblem | null;
  /** When it is looked at again at the latest. */
  readonly dueAt: number;
}

export interface MoveProblem {
  readonly code: ErrorCode | NewerWord;
  /** In words: which key, and what its KMS said. */
  readonly detail: string;
}

/** How many data keys of a type are concerned. */
export interface MoveCount {
  readonly srvId: string;
  readonly type: string;
  readonly count: number;
}

/** Where a data key stands: with its account, the primary key of its row. */
export interface DataKeyPlace {
  readonly srvId: string;
  readonly type: string;
  readonly assetId: string;
  readonly generation: number;
}

/** A data key that cannot be moved for a reason of its own. */
export interface MoveFailure extends DataKeyPlace {
  readonly code: ErrorCode | NewerWord;
  /** When it was tried last, UNIX milliseconds. */
  readonly at: number;
}

/**
 * How long after its start a move does not end. A broker that decided before the start may store a data key under the
 * old key until then: a KMS operation takes 9 s at the most, and waiting for the database some more.
 */
export const MOVE_SETTLES_MS = 30_000;

/** How fast a move is, and when it ends if it goes on like that. */
export interface MovePace {
  /** Data keys a second; null until it is known. */
  readonly perSecond: number | null;
  /** UNIX milliseconds; null when it is not known, or the move does not go on. */
  readonly estimatedEndAt: number | null;
}

export function paceOf({ pace, startedAt, progressAt, moved, left, state, problem }: Move): MovePace {
  if (!pace || progressAt === null || progressAt <= pace.since || moved <= pace.moved) {
    return { perSecond: null, estimatedEndAt: null };
  }
  const perSecond = ((moved - pace.moved) / (progressAt - pace.since)) * 1_000;
  const goesOn = state === 'RUNNING' && !problem;
  const allMovedAt = Math.ceil(progressAt + (left / perSecond) * 1_000);
  return { perSecond, estimatedEndAt: goesOn ? Math.max(allMovedAt, startedAt + MOVE_SETTLES_MS) : null };
}
