import type { AuditEvent } from '../model/types.ts';

/** From `fromHour` up to, but not, `untilHour`; hours since the UNIX epoch. */
export interface HourSpan {
  readonly fromHour: number;
  readonly untilHour: number;
  /** Hours that are summed up, from multiples of them on; default 1. */
  readonly bucketHours?: number;
}

/** How often something stands in an account's ledger. */
export interface LedgerTally {
  /** The first of its bucket, since the UNIX epoch. */
  readonly hour: number;
  readonly kekId: string | null;
  readonly action: AuditEvent['action'];
  readonly outcome: AuditEvent['outcome'];
  readonly source: AuditEvent['source'];
  /**
   * What begins an event's detail: the cause of a refusal or failure; of a data key that was made, why it was made under
   * that key. Null: nothing of the kind.
   */
  readonly cause: string | null;
  readonly events: number;
  /** Uses of a data key that they tell of: an event may stand for many. */
  readonly uses: number;
}

/**
 * How often a key was asked for something. `result` is OK, the cause of the failure, or, where this broker did not let
 * the call out, the limit.
 */
export interface KmsTally {
  readonly account: string | null;
  readonly hour: number;
  /** Null: a key that is being tried, and not stored. */
  readonly kekId: string | null;
  readonly reference: string;
  readonly operation: string;
  readonly result: string;
  readonly calls: number;
}

/**
 * Sums by the hour, so that charts do not depend on how long a ledger is. A part of broker/store/store.ts, with the
 * same promises.
 *
 * The ledger is counted after it was written, in the order of its chains, which have no gaps: each event once, whoever
 * counts, and nothing has to be done where events are written.
 */
export interface TallyStore {
  /**
   * Counts what of a chain is not counted yet.
   * @param account null: the chain of the events without an account
   */
  count(account: string | null): Promise<void>;
  /** Chains that are not counted to their ends, at most `limit`; null: that of the events without an account. */
  uncounted(limit: number): Promise<(string | null)[]>;
  /**
   * What is counted of an account's ledger, in order of hour.
   * @param kekId of this key alone
   */
  ledger(account: string, span: HourSpan, kekId?: string): Promise<LedgerTally[]>;
  /** Adds to what is counted. */
  addKms(tallies: readonly KmsTally[]): Promise<void>;
  /** Calls for an account, in order of hour. @param kekId of this key alone */
  kms(account: string, span: HourSpan, kekId?: string): Promise<KmsTally[]>;
}
