import { setTimeout as delay } from 'node:timers/promises';
import type { Knex } from 'knex';
import { CmkError, toCmkError, type ErrorCode } from '../../core/errors.ts';
import { isSerializationConflict, translateStoreError } from './errors.ts';
import { Row } from './row.ts';

/**
 * How long a transaction that meets serialization conflicts is tried again. Each conflict means that somebody else's
 * went through, so it passes; when it does not, the database is overloaded.
 */
const MAX_RETRY_MS = 5_000;
const MAX_PAUSE_MS = 100;

/** Knex would write to the console; all that it says there is in the errors as well. */
export const SILENT = {
  warn: () => undefined,
  error: () => undefined,
  debug: () => undefined,
  deprecate: () => undefined,
};

/** Told of each call that came back: `OK` or the code of its error. Must not throw. */
export type DatabaseObserver = (outcome: 'OK' | ErrorCode, durationMs: number) => void;

/** Access to one SQL database: errors are translated, conflicts retried, closing waits for what is under way. */
export class Database {
  readonly #knex: Knex;
  readonly #observe: DatabaseObserver;
  readonly #underWay = new Set<Promise<unknown>>();
  #closing: Promise<void> | null = null;

  constructor(db: Knex, observe: DatabaseObserver = () => undefined) {
    this.#knex = db;
    this.#observe = observe;
  }

  /** One statement. */
  run<T>(work: (db: Knex) => PromiseLike<T>): Promise<T> {
    return this.#track(async () => work(this.#knex));
  }

  /** All of `work`'s statements or none. It may run several times, and must use only the transaction that it gets. */
  transact<T>(work: (transaction: Knex) => Promise<T>): Promise<T> {
    return this.#track(() => this.#knex.transaction(work));
  }

  close(): Promise<void> {
    this.#closing ??= Promise.allSettled(this.#underWay).then(() => this.#knex.destroy());
    return this.#closing;
  }

  #track<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closing) return Promise.reject(new CmkError('STORE_UNAVAILABLE', 'the store is closed'));
    const result = this.#observed(retryConflicts(work));
    const settled = result.catch(() => undefined).finally(() => this.#underWay.delete(settled));
    this.#underWay.add(settled);
    return result;
  }

  async #observed<T>(result: Promise<T>): Promise<T> {
    const start = performance.now();
    let outcome: 'OK' | ErrorCode = 'OK';
    try {
      return await result;
    } catch (error) {
      outcome = toCmkError(error).code;
      throw error;
    } finally {
      this.#observe(outcome, performance.now() - start);
    }
  }
}

async function retryConflicts<T>(work: () => Promise<T>): Promise<T> {
  const end = performance.now() + MAX_RETRY_MS;
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isSerializationConflict(error) || performance.now() > end) throw translateStoreError(error);
    }
    // Full jitter: those who collided once must not come back together.
    await delay(Math.random() * Math.min(MAX_PAUSE_MS, 5 * 2 ** attempt));
  }
}

/** The rows of a query, to be read column by column. */
export async function readRows(table: string, query: Knex.QueryBuilder): Promise<Row[]> {
  const rows = (await query) as unknown[];
  return rows.map((columns) => new Row(table, columns));
}

export async function readRow(table: string, query: Knex.QueryBuilder): Promise<Row | null> {
  const [row] = await readRows(table, query.limit(1));
  return row ?? null;
}
