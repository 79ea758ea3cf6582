import type { Knex } from 'knex';
import { ERROR_CODES, type ErrorCode } from '../../core/errors.ts';
import { KEY_STATUSES, KEY_USES } from '../model/alerts.ts';
import type { KeyStatusPlace, KeyStatusRecord } from '../model/key-status.ts';
import { raiseAlerts } from './alert-outbox.ts';
import { readRow, readRows, type Database } from './database.ts';
import type { KeyStatusChange, KeyStatusStore, ProbeClaim } from './key-status-store.ts';
import { appendAudit, type HeadGuesses } from './ledger.ts';
import { isSqlite } from './migrations/columns.ts';
import { Row } from './row.ts';

const PRIMARY_KEY = ['kek_id', 'reference', 'key_use'];
const CODES = Object.keys(ERROR_CODES) as ErrorCode[];

/** The statuses of a SQL database: which statements belong together. */
export class SqlKeyStatusStore implements KeyStatusStore {
  readonly #database: Database;
  readonly #guesses: HeadGuesses;

  constructor(database: Database, guesses: HeadGuesses) {
    this.#database = database;
    this.#guesses = guesses;
  }

  list(kekIds: readonly string[]): Promise<KeyStatusRecord[]> {
    return this.#database.run(async (db) => {
      const query = db('key_statuses').whereIn('kek_id', kekIds).orderBy(PRIMARY_KEY);
      return (await readRows('key_statuses', query)).map(toRecord);
    });
  }

  apply(
    places: readonly KeyStatusPlace[],
    change: (stored: KeyStatusRecord) => KeyStatusChange,
  ): Promise<KeyStatusRecord[]> {
    // All brokers lock in the same order.
    const inOrder = places.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
    return this.#database.transact(async (db) => {
      const changes: KeyStatusChange[] = [];
      for (const place of inOrder) {
        const applied = await applyOne(db, place, change);
        if (applied) changes.push(applied);
      }
      await raiseAlerts(
        db,
        changes.flatMap(({ alerts }) => alerts),
      );
      const events = changes.flatMap(({ audit }) => audit ?? []);
      if (events.length > 0) await appendAudit(db, events, this.#guesses);
      return changes.map(({ record }) => record);
    });
  }

  async claimProbes(claim: ProbeClaim): Promise<KeyStatusRecord[]> {
    const isAnythingDue = await this.#database.run((db) => readRow('key_statuses', due(db, claim)));
    // A read: idle brokers write nothing.
    return isAnythingDue ? this.#database.transact((db) => claimDue(db, claim)) : [];
  }

  dropProbe(place: KeyStatusPlace): Promise<void> {
    return this.#database.run(async (db) => {
      await db('key_statuses').where(placeColumns(place)).update({ probe_at: null });
    });
  }
}

/** What is known of references that a key has no more. */
export async function forgetStatuses(db: Knex, kekId: string, references: readonly string[]): Promise<void> {
  await db('key_statuses').where({ kek_id: kekId }).whereIn('reference', references).delete();
}

async function applyOne(
  db: Knex,
  place: KeyStatusPlace,
  change: (stored: KeyStatusRecord) => KeyStatusChange,
): Promise<KeyStatusChange | null> {
  await db.raw(
    `insert into key_statuses (kek_id, reference, key_use, status)
     select kek_id, reference, ?, 'UNKNOWN' from kek_references where kek_id = ? and reference = ?
     on conflict do nothing`,
    [place.use, place.kekId, place.reference],
  );
  const query = db('key_statuses').where(placeColumns(place));
  const row = await readRow('key_statuses', isSqlite(db) ? query : query.forUpdate());
  if (!row) return null;
  const changed = change(toRecord(row));
  const { record } = changed;
  const probeAt = row.isNull('probe_at') ? record.failingSince : row.integer('probe_at');
  await db('key_statuses')
    .where(placeColumns(place))
    .update({
      status: record.status,
      cause: record.cause,
      last_success_at: record.lastSuccessAt,
      last_failure_at: record.lastFailureAt,
      failing_since: record.failingSince,
      probe_at: record.failingSince === null ? null : probeAt,
    });
  return changed;
}

/** One statement finds and takes, so that it is all or nothing wherever it runs. */
async function claimDue(db: Knex, claim: ProbeClaim): Promise<KeyStatusRecord[]> {
  const query = due(db, claim).orderBy('probe_at').limit(claim.limit).select(PRIMARY_KEY);
  // SQLite has one writer, and no words for this.
  if (!isSqlite(db)) void query.forUpdate().skipLocked();
  const rows: unknown[] = await db('key_statuses')
    .whereIn(PRIMARY_KEY, query)
    .update({ probe_at: claim.untilMs })
    .returning('*');
  return rows.map((columns) => toRecord(new Row('key_statuses', columns)));
}

function due(db: Knex, { nowMs }: ProbeClaim): Knex.QueryBuilder {
  // Uses that a newer release adds are for its brokers.
  return db('key_statuses').where('probe_at', '<=', nowMs).whereIn('key_use', KEY_USES);
}

function placeColumns({ kekId, reference, use }: KeyStatusPlace): Record<string, string> {
  return { kek_id: kekId, reference, key_use: use };
}

function nameOf({ kekId, reference, use }: KeyStatusPlace): string {
  return `${kekId} ${use} ${reference}`;
}

function toRecord(row: Row): KeyStatusRecord {
  return {
    kekId: row.text('kek_id'),
    reference: row.text('reference'),
    use: row.word('key_use', KEY_USES),
    status: row.word('status', KEY_STATUSES),
    cause: row.optionalWord('cause', CODES),
    lastSuccessAt: row.isNull('last_success_at') ? null : row.integer('last_success_at'),
    lastFailureAt: row.isNull('last_failure_at') ? null : row.integer('last_failure_at'),
    failingSince: row.isNull('failing_since') ? null : row.integer('failing_since'),
  };
}
