import type { Knex } from 'knex';
import { ROLES } from '../model/principal.ts';
import type { Session } from '../model/sessions.ts';
import type { AuditEvent } from '../model/types.ts';
import { readRow, type Database } from './database.ts';
import { appendAudit, type HeadGuesses } from './ledger.ts';
import type { Row } from './row.ts';
import type { SessionBounds, SessionStore } from './session-store.ts';

/** Of one begin: what is over goes bit by bit. */
const FORGOTTEN_AT_A_TIME = 100;

/** Sessions in a SQL database. */
export class SqlSessionStore implements SessionStore {
  readonly #database: Database;
  readonly #guesses: HeadGuesses;

  constructor(database: Database, guesses: HeadGuesses) {
    this.#database = database;
    this.#guesses = guesses;
  }

  begin(session: Session, replaces: string | null, bounds: SessionBounds, audit: AuditEvent): Promise<void> {
    return this.#database.transact(async (db) => {
      await db('sessions').where({ id_hash: replaces }).delete();
      await forget(db, bounds);
      await db('sessions').insert(toColumns(session));
      await endOldest(db, session.person, bounds.most);
      await appendAudit(db, [audit], this.#guesses);
    });
  }

  async find(idHash: string): Promise<Session | null> {
    const row = await this.#database.run((db) =>
      readRow('sessions', db('sessions').where({ id_hash: idHash })),
    );
    return row && toSession(row);
  }

  async seen(idHash: string, atMs: number): Promise<void> {
    await this.#database.run((db) =>
      db('sessions').where({ id_hash: idHash }).where('seen_at', '<', atMs).update({ seen_at: atMs }),
    );
  }

  end(idHash: string, audit: AuditEvent): Promise<boolean> {
    return this.#database.transact(async (db) => {
      if ((await db('sessions').where({ id_hash: idHash }).delete()) === 0) return false;
      await appendAudit(db, [audit], this.#guesses);
      return true;
    });
  }
}

async function forget(db: Knex, { nowMs, idleMs }: SessionBounds): Promise<void> {
  const over = db('sessions')
    .where('ends_at', '<=', nowMs)
    .orWhere('seen_at', '<=', nowMs - idleMs)
    .limit(FORGOTTEN_AT_A_TIME)
    .select('id_hash');
  await db('sessions').whereIn('id_hash', over).delete();
}

async function endOldest(db: Knex, person: string, most: number): Promise<void> {
  const order = [
    { column: 'created_at', order: 'desc' },
    { column: 'id_hash', order: 'desc' },
  ];
  const newest = db('sessions').where({ person }).orderBy(order).limit(most).select('id_hash');
  await db('sessions').where({ person }).whereNotIn('id_hash', newest).delete();
}

function toColumns(session: Session): Record<string, unknown> {
  return {
    id_hash: session.idHash,
    person: session.person,
    name: session.name,
    role: session.role,
    account: session.account,
    created_at: session.createdAt,
    seen_at: session.seenAt,
    ends_at: session.endsAt,
    sealed_id_token: session.sealedIdToken,
  };
}

function toSession(row: Row): Session {
  return {
    idHash: row.text('id_hash'),
    person: row.text('person'),
    name: row.text('name'),
    role: row.word('role', ROLES),
    account: row.optionalText('account'),
    createdAt: row.integer('created_at'),
    seenAt: row.integer('seen_at'),
    endsAt: row.integer('ends_at'),
    sealedIdToken: row.optionalText('sealed_id_token'),
  };
}
