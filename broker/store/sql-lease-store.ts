import type { Knex } from 'knex';
import { MAX_LEASE_SECONDS, type TypeLease } from '../model/leases.ts';
import type { AuditEvent } from '../model/types.ts';
import { lockAccount } from './accounts.ts';
import { readRow, readRows, type Database } from './database.ts';
import type { LeaseStore } from './lease-store.ts';
import { appendAudit, type HeadGuesses } from './ledger.ts';
import type { Row } from './row.ts';
import type { Precondition, Versioned } from './versions.ts';

/** Leases per asset type in a SQL database. */
export class SqlLeaseStore implements LeaseStore {
  readonly #database: Database;
  readonly #guesses: HeadGuesses;

  constructor(database: Database, guesses: HeadGuesses) {
    this.#database = database;
    this.#guesses = guesses;
  }

  find(account: string, srvId: string, type: string): Promise<Versioned<TypeLease> | null> {
    return this.#database.run((db) => findLease(db, account, { srvId, type }));
  }

  async list(account: string): Promise<TypeLease[]> {
    const rows = await this.#database.run((db) =>
      readRows(
        'type_leases',
        db('type_leases')
          .where({ account })
          .where('seconds', '<', MAX_LEASE_SECONDS)
          .orderBy(['srv_id', 'type']),
      ),
    );
    return rows.map(toLease);
  }

  set(
    account: string,
    lease: TypeLease,
    auditOf: (before: TypeLease | null) => AuditEvent,
    precondition?: Precondition<Versioned<TypeLease>>,
  ): Promise<Versioned<TypeLease>> {
    const { srvId, type, seconds } = lease;
    return this.#database.transact(async (db) => {
      await lockAccount(db, account);
      const before = await findLease(db, account, lease);
      precondition?.(before);
      const version = (before?.version ?? 0) + 1;
      // The row stays when it says what holds anyway: its version goes on.
      await db('type_leases')
        .insert({ account, srv_id: srvId, type, seconds, version })
        .onConflict(['account', 'srv_id', 'type'])
        .merge();
      await appendAudit(db, [auditOf(before?.value ?? null)], this.#guesses);
      return { value: { srvId, type, seconds }, version };
    });
  }
}

async function findLease(
  db: Knex,
  account: string,
  { srvId, type }: Pick<TypeLease, 'srvId' | 'type'>,
): Promise<Versioned<TypeLease> | null> {
  const row = await readRow('type_leases', db('type_leases').where({ account, srv_id: srvId, type }));
  return row && { value: toLease(row), version: row.integer('version', 1) };
}

function toLease(row: Row): TypeLease {
  return { srvId: row.text('srv_id'), type: row.text('type'), seconds: row.integer('seconds', 1) };
}
