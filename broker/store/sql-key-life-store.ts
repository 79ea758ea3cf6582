import { isDeepStrictEqual } from 'node:util';
import type { Knex } from 'knex';
import { CmkError } from '../../core/errors.ts';
import type { Alert } from '../model/alerts.ts';
import { keysInUse } from '../model/keys-in-use.ts';
import type { AuditEvent, Canary, Kek } from '../model/types.ts';
import { findAccount, lockAccount } from './accounts.ts';
import { raiseAlerts } from './alert-outbox.ts';
import { readRow, type Database } from './database.ts';
import { appendKeyEvent } from './key-events.ts';
import type {
  DataKeyCount,
  KeyLifeStore,
  ReferenceChange,
  Retirement,
  RetirementOutcome,
} from './key-life-store.ts';
import * as keks from './keks.ts';
import { appendAudit, type HeadGuesses } from './ledger.ts';
import { countDataKeys } from './key-counts.ts';
import { isSqlite } from './migrations/columns.ts';
import { forgetStatuses } from './sql-key-status-store.ts';
import type { Precondition, Versioned } from './versions.ts';

/** The life of keys in a SQL database: which statements belong together. */
export class SqlKeyLifeStore implements KeyLifeStore {
  readonly #database: Database;
  readonly #guesses: HeadGuesses;

  constructor(database: Database, guesses: HeadGuesses) {
    this.#database = database;
    this.#guesses = guesses;
  }

  count(account: string, kekId: string): Promise<DataKeyCount[]> {
    return this.#database.run((db) => countDataKeys(db, account, kekId));
  }

  retire(
    { kekId, from, dataKeys, acceptNoKey, event }: Retirement,
    audit: AuditEvent,
    alerts: readonly Alert[],
  ): Promise<RetirementOutcome> {
    return this.#database.transact(async (db) => {
      // First the account, as everybody does who locks both.
      const owner = (await keks.findKek(db, kekId))?.account ?? null;
      if (owner !== null) await lockAccount(db, owner);
      const { lifecycle, account } = await lockKek(db, kekId);
      if (!from.includes(lifecycle)) return { outcome: 'OTHER_STATE', lifecycle };
      const actual = await countAll(db, account, kekId);
      if (actual !== dataKeys) return { outcome: 'OTHER_COUNT', dataKeys: actual };
      if (!acceptNoKey && (await isLastKey(db, account, kekId))) return { outcome: 'LAST_KEY' };
      await keks.moveKek(db, kekId, from, 'RETIRED');
      const { position } = await appendKeyEvent(db, event);
      await raiseAlerts(db, alerts);
      await appendAudit(db, [audit], this.#guesses);
      return { outcome: 'RETIRED', position };
    });
  }

  references(kekId: string): Promise<Versioned<readonly string[]> | null> {
    return this.#database.run((db) => keks.findReferences(db, kekId));
  }

  replaceReferences(
    change: ReferenceChange,
    audit: AuditEvent,
    precondition?: Precondition<Versioned<readonly string[]>>,
  ): Promise<Versioned<readonly string[]> | null> {
    const { kekId, from, to, identities } = change;
    return this.#database.transact(async (db) => {
      const kek = await lockKek(db, kekId);
      precondition?.(await keks.findReferences(db, kekId));
      if (!isDeepStrictEqual([...kek.references], [...from])) return null;
      await keks.replaceReferences(db, kek, to, identities);
      const gone = kek.references.filter((reference) => !to.includes(reference));
      await forgetStatuses(db, kekId, gone);
      await appendAudit(db, [audit], this.#guesses);
      return keks.findReferences(db, kekId);
    });
  }

  replaceCanary(kekId: string, canary: Canary, audit: AuditEvent): Promise<void> {
    return this.#database.transact(async (db) => {
      await keks.setCanary(db, kekId, canary);
      await appendAudit(db, [audit], this.#guesses);
    });
  }
}

/**
 * The key, which nobody changes until the transaction ends; nor does a data key come under it meanwhile: on PostgreSQL
 * its foreign key waits for this lock.
 */
async function lockKek(db: Knex, id: string): Promise<Kek> {
  const query = db('keks').where({ id });
  // A write, so that SQLite can queue it; on PostgreSQL the strongest lock at once: to ask for more later is a deadlock.
  if (isSqlite(db)) await query.update({ lifecycle: db.ref('lifecycle') });
  else await query.select('id').forUpdate();
  const kek = await keks.findKek(db, id);
  if (kek) return kek;
  throw new CmkError('CONFLICT', 'the key that was to be changed is not stored');
}

async function isLastKey(db: Knex, account: string | null, kekId: string): Promise<boolean> {
  if (account === null || (await findAccount(db, account))?.licence === 'NONE') return false;
  const [used, next] = keysInUse(await keks.listKeks(db, account));
  return used?.id === kekId && !next;
}

async function countAll(db: Knex, account: string | null, kekId: string): Promise<number> {
  const query = db('data_keys').where({ kek_id: kekId, destroyed_at: null });
  if (account !== null) void query.where({ account });
  const row = await readRow('data_keys', query.select(db.raw('count(*) as count')));
  return row?.integer('count') ?? 0;
}
