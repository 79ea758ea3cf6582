/** What is done now and then for all brokers, by one of them. */
export type Chore = 'PRUNE';

/**
 * Work that keeps the database small. A part of broker/store/store.ts, with the same promises. The ledger is never
 * touched: what was recorded stays recorded.
 */
export interface ChoreStore {
  /**
   * Takes a chore on: nobody else gets it before `nextAtMs`.
   * @param nowMs UNIX milliseconds, as all times here
   * @returns whether it was due
   */
  claim(chore: Chore, nowMs: number, nextAtMs: number): Promise<boolean>;
  /**
   * Forgets messages that were delivered or given up before that time.
   * @returns how many; at most `limit`
   */
  pruneDeliveries(beforeMs: number, limit: number): Promise<number>;
  /** Forgets alerts of before that time of which no message is left. @returns how many; at most `limit` */
  pruneAlerts(beforeMs: number, limit: number): Promise<number>;
  /**
   * Forgets revocations of before that time. Positions go on, and those that are left have no gaps.
   * @returns how many; at most `limit`
   */
  pruneKeyEvents(beforeMs: number, limit: number): Promise<number>;
}
