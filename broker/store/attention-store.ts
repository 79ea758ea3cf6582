import type { AttentionFacts } from '../model/attention.ts';

/** How things stand with an account, as texts that differ when something changed. */
export interface Pulse {
  /** The newest record of its ledger. */
  readonly ledger: number;
  /** Keys, and how their uses go. */
  readonly keys: string;
  /** Moves that have not ended. */
  readonly moves: string;
  /** The fallback that lasts. */
  readonly fallback: string;
}

/** What is under way in all accounts together, and ends by itself if all goes well. */
export interface Unfinished {
  /** Accounts whose new data goes under the platform key because their own key fails. */
  readonly fallbacks: number;
  /** Data keys that moves of each state have left; a move that runs is `WAITING` while it says what keeps it from going on. */
  readonly leftToMove: Readonly<Record<'RUNNING' | 'WAITING' | 'PAUSED', number>>;
}

/** What concerns somebody who watches accounts. A part of broker/store/store.ts, with the same promises. */
export interface AttentionStore {
  /**
   * Facts about each of these accounts that there is, at most 1000, in a fixed number of reads.
   * @param sinceHour from when refusals, gaps and messages count, hours since the UNIX epoch; as far as they are counted by now
   */
  facts(accounts: readonly string[], sinceHour: number): Promise<ReadonlyMap<string, AttentionFacts>>;
  /** Of each of these accounts, at most 1000, in a fixed number of reads. */
  pulses(accounts: readonly string[]): Promise<ReadonlyMap<string, Pulse>>;
  /** Of all accounts, in a fixed number of reads of what an index has. */
  unfinished(): Promise<Unfinished>;
}
