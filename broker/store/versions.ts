/** Something stored, and how often it was written. */
export interface Versioned<T> {
  readonly value: T;
  /** From 1. */
  readonly version: number;
}

/**
 * Throws when a write must not be made on what is stored; called inside the write's transaction.
 * @param stored null: nothing yet
 */
export type Precondition<T> = (stored: T | null) => void;
