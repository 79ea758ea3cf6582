import { CmkError } from '../../core/errors.ts';
import { readRow, type Database } from './database.ts';
import type { IdempotencyStore, IdempotentRequest, StoredAnswer } from './idempotency-store.ts';
import type { Row } from './row.ts';

/** Of one take: what is over goes bit by bit. */
const FORGOTTEN_AT_A_TIME = 100;

/** Requests that may be sent again, in a SQL database. */
export class SqlIdempotencyStore implements IdempotencyStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  take(
    { account, key, hash }: IdempotentRequest,
    { nowMs, untilMs }: { nowMs: number; untilMs: number },
    most: number,
  ): Promise<StoredAnswer | null> {
    return this.#database.transact(async (db) => {
      const where = { account, idempotency_key: key };
      await db('idempotency_keys').where(where).where('expires_at', '<=', nowMs).delete();
      const taken = await db('idempotency_keys')
        .insert({ ...where, request_hash: hash, expires_at: untilMs })
        .onConflict(['account', 'idempotency_key'])
        .ignore()
        .returning('idempotency_key');
      if (taken.length === 0) {
        const row = await readRow('idempotency_keys', db('idempotency_keys').where(where));
        if (!row) throw new CmkError('STORE_UNAVAILABLE', 'an idempotency key was in the way and is gone');
        return toAnswer(row);
      }
      const over = db('idempotency_keys')
        .where('expires_at', '<=', nowMs)
        .limit(FORGOTTEN_AT_A_TIME)
        .select('idempotency_key');
      await db('idempotency_keys').where('expires_at', '<=', nowMs).whereIn('idempotency_key', over).delete();
      const count = db('idempotency_keys')
        .where({ account })
        .where('expires_at', '>', nowMs)
        .count('* as count');
      if (((await readRow('idempotency_keys', count))?.integer('count') ?? 0) <= most) return null;
      throw new CmkError('CONFLICT', `expected at most ${most} idempotency keys of an account at a time`);
    });
  }

  async answered(
    { account, key, hash }: IdempotentRequest,
    { status, body }: { status: number; body: string },
    untilMs: number,
  ): Promise<void> {
    await this.#database.run((db) =>
      db('idempotency_keys')
        .where({ account, idempotency_key: key, request_hash: hash, status: null })
        .update({ status, answer: body, expires_at: untilMs }),
    );
  }

  async release({ account, key, hash }: IdempotentRequest): Promise<void> {
    await this.#database.run((db) =>
      db('idempotency_keys')
        .where({ account, idempotency_key: key, request_hash: hash, status: null })
        .delete(),
    );
  }
}

function toAnswer(row: Row): StoredAnswer {
  const hash = row.text('request_hash');
  if (row.isNull('status')) return { hash, answer: null };
  return { hash, answer: { status: row.integer('status'), body: row.text('answer') } };
}
