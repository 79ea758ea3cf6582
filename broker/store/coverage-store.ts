import type { CoverageChange, CoverageFacts } from '../model/coverage.ts';
import type { Move, MoveCount, MovePlan, MoveSelection } from '../model/moves.ts';
import type { Account, AuditEvent, Group } from '../model/types.ts';
import type { Precondition, Versioned } from './versions.ts';

/** A move to be started. */
export interface NewMove {
  readonly plan: MovePlan & { readonly id: string; readonly startedAt: number };
  /** Told how many data keys there are, and how many made in fallback stay under the platform key by it. */
  readonly audit: (total: number, staying: number) => AuditEvent;
}

/** What a change brings with it, as far as it depends on what is stored. */
export interface CoverageWrite {
  readonly audit: AuditEvent;
  readonly moves: readonly NewMove[];
}

/** Whether a change may be made, given what it changes. */
export interface CoveragePreconditions {
  readonly account?: Precondition<Versioned<Account>>;
  readonly group?: Precondition<Versioned<Group>>;
}

/** Counts of a selection, by type in their order. */
export interface SelectionCounts {
  readonly selected: readonly MoveCount[];
  /** Those that are in it but for their owner, whom nobody knows. */
  readonly ownerUnknown: readonly MoveCount[];
}

/** Changes of who and what is covered. A part of broker/store/store.ts, with the same promises. */
export interface CoverageStore {
  /** What a change would meet now; null: there is no such account. */
  facts(account: string, change: CoverageChange): Promise<CoverageFacts | null>;
  count(account: string, selection: MoveSelection): Promise<SelectionCounts>;
  /**
   * Makes a change and starts its moves, all or nothing.
   * @param decide told what the change meets; may throw, and nothing is changed then
   * @param preconditions checked before it
   * @returns the moves as started
   * @throws CmkError CONFLICT when there is no such account or group, when the group would have more members than it
   *   may, or when a move that has not ended goes the other way; what `decide` or a precondition throws
   */
  apply(
    account: string,
    change: CoverageChange,
    decide: (facts: CoverageFacts) => CoverageWrite,
    preconditions?: CoveragePreconditions,
  ): Promise<readonly Move[]>;
}
