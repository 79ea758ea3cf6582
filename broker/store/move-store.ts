import type { ErrorCode } from '../../core/errors.ts';
import type { Alert } from '../model/alerts.ts';
import type {
  DataKeyPlace,
  Move,
  MoveCount,
  MoveFailure,
  MovePlan,
  MoveProblem,
  MoveSelection,
  MoveState,
} from '../model/moves.ts';
import type { AuditEvent, DataKeyRecord, Protection } from '../model/types.ts';

/** A move that one broker has taken on itself, until its claim expires. */
export interface ClaimedMove {
  readonly move: Move;
  /** Names this broker's turn: only its holder may report progress. */
  readonly claim: string;
  /** How often in a row it had to wait without having moved anything. */
  readonly tries: number;
}

/** The holder's part of a move. */
export type MoveClaim = Pick<ClaimedMove, 'claim'> & { readonly id: string };

export interface PageRequest {
  readonly account: string;
  readonly selection: MoveSelection;
  /** One of the selection's keys. */
  readonly kekId: string;
  /** From after this place; null: from the beginning. */
  readonly after: DataKeyPlace | null;
  readonly limit: number;
}

export interface Page {
  readonly records: readonly DataKeyRecord[];
  /** Rows that make no sense. */
  readonly corrupt: readonly DataKeyPlace[];
  /** Where the next page begins after; null: this was the last. */
  readonly next: DataKeyPlace | null;
}

/** A data key as it was read, and as the target wraps it. */
export interface Rewrapped {
  readonly record: DataKeyRecord;
  readonly wrapped: Uint8Array;
}

export interface MoveBatch {
  readonly target: { readonly kekId: string; readonly protection: Protection };
  readonly rewrapped: readonly Rewrapped[];
  readonly failures: readonly (DataKeyPlace & { readonly code: ErrorCode })[];
  /** Whether the assets of those that are moved are to be sealed anew. */
  readonly reencrypt: boolean;
  readonly nowMs: number;
  /** The claim lasts until then. */
  readonly untilMs: number;
}

/**
 * What is stored with a change of a move's state: told the move after it, how many data keys its sources have, and, at the
 * end of one that takes data keys back, how many made in fallback meanwhile stay under the platform key.
 */
export type MoveRecord = (
  move: Move,
  underSources: number,
  staying: number,
) => { readonly audit: AuditEvent; readonly alerts: readonly Alert[] };

/**
 * Moves of data keys between keys. A part of broker/store/store.ts, with the same promises.
 *
 * A move is worked on by one broker at a time, who holds an expiring claim. Should two believe that they hold it,
 * nothing is lost: a data key changes only from exactly the wrapped form that was read.
 */
export interface MoveStore {
  /** What a selection holds now, by service and type, in their order. */
  count(account: string, selection: MoveSelection): Promise<MoveCount[]>;

  /**
   * Counts and stores a move, RUNNING and due at once. Data keys that the platform key wrapped in place of the key in use
   * become PLATFORM_KEY when the move takes such ones back from that key (LEAVE, SHRINK), now and when it ends: no
   * recovery moves them any more.
   * @param audit told how many data keys there are, and how many made in fallback stay by that
   * @throws CmkError CONFLICT when a move that has not ended takes data keys from this one's target, or brings them to
   *   one of its keys: they would go round in circles
   */
  start(
    move: MovePlan & { readonly id: string; readonly startedAt: number },
    audit: (total: number, staying: number) => AuditEvent,
  ): Promise<Move>;
  find(account: string, id: string): Promise<Move | null>;
  /** Newest first. @param before the id of the last one seen */
  list(account: string, limit: number, before?: string | null): Promise<Move[]>;
  /** In order of place. */
  failures(id: string, limit: number): Promise<MoveFailure[]>;
  /** Moves of whatever account that moved something at or after `sinceMs`. */
  movedSince(sinceMs: number): Promise<Move[]>;
  /**
   * Pauses, resumes (due at once) or cancels. Whoever holds the claim has lost it then.
   * @returns whether the move was in one of `from`
   */
  setState(
    account: string,
    id: string,
    change: { readonly from: readonly MoveState[]; readonly to: MoveState; readonly nowMs: number },
    record: MoveRecord,
  ): Promise<boolean>;

  /** Takes on a RUNNING move that is due, so that nobody else does until `untilMs`; null: there is none. */
  claim(nowMs: number, untilMs: number): Promise<ClaimedMove | null>;
  /** @returns false when the claim is lost */
  renew(claim: MoveClaim, untilMs: number): Promise<boolean>;
  /**
   * Data keys under one key of the selection, in order of place.
   * @throws CmkError STORE_UNAVAILABLE
   */
  page(request: PageRequest): Promise<Page>;
  /**
   * Overwrites data keys, each only if it is still as it was read, with what the move has to say of it. A STANDBY target
   * becomes ACTIVE.
   * @param audit of this batch, told how many were moved; stored unless that is none
   * @returns how many were moved; null, and nothing stored, when the claim is lost
   */
  commit(claim: MoveClaim, batch: MoveBatch, audit: (moved: number) => AuditEvent): Promise<number | null>;
  /**
   * Counts what is left, and forgets failures from before the round: those data keys are gone or moved.
   * @returns null when the claim is lost
   */
  endRound(claim: MoveClaim, roundStartedAt: number): Promise<number | null>;
  /** Gives the claim back until `dueMs`. With a problem the move says that it waits, and why. */
  release(
    claim: MoveClaim,
    turn: { readonly dueMs: number; readonly problem: MoveProblem | null; readonly tries: number },
  ): Promise<void>;
  /** Ends the move. @returns false when something is left after all, or the claim is lost */
  finish(claim: MoveClaim, nowMs: number, record: MoveRecord): Promise<boolean>;
}
