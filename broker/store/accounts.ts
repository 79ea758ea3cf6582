import type { Knex } from 'knex';
import { CmkError } from '../../core/errors.ts';
import { type Account, type Coverage, type Licence, LICENCES } from '../model/types.ts';
import { readRow, readRows } from './database.ts';
import type { Row } from './row.ts';
import type { AccountFacts } from './store.ts';
import type { Versioned } from './versions.ts';

export function toAccount(row: Row): Account {
  return {
    id: row.text('id'),
    name: row.text('name'),
    licence: row.word('licence', LICENCES),
    externalId: row.text('external_id'),
  };
}

/** To decide by. */
export function toKnownAccount(row: Row): Coverage['account'] {
  return { ...toAccount(row), licence: row.oneOf('licence', LICENCES) };
}

/** The database makes the external id, see migrations/0002-assumed-roles.ts; what is not named here stays as it is. */
export async function putAccount(db: Knex, { id, name, licence }: AccountFacts): Promise<Versioned<Account>> {
  const version = db.raw('accounts.version + 1');
  await db('accounts').insert({ id, name, licence }).onConflict('id').merge({ name, licence, version });
  const stored = await findVersioned(db, id);
  if (!stored) throw new CmkError('INTERNAL', 'the account that was put is not stored');
  return stored;
}

/** @throws CmkError CONFLICT when there is no such account */
export async function setLicence(db: Knex, id: string, licence: Licence): Promise<void> {
  const changed = await db('accounts')
    .where({ id })
    .update({ licence, version: db.raw('version + 1') });
  if (changed !== 1) throw new CmkError('CONFLICT', 'the account is not stored');
}

export async function findVersioned(db: Knex, id: string): Promise<Versioned<Account> | null> {
  const row = await readRow('accounts', db('accounts').where({ id }));
  return row && { value: toAccount(row), version: row.integer('version', 1) };
}

export async function findAccount(db: Knex, id: string): Promise<Account | null> {
  const row = await readRow('accounts', db('accounts').where({ id }));
  return row && toAccount(row);
}

/** As {@link findAccount}, to decide by its licence. */
export async function findKnownAccount(db: Knex, id: string): Promise<Coverage['account'] | null> {
  const row = await readRow('accounts', db('accounts').where({ id }));
  return row && toKnownAccount(row);
}

/** For this transaction: whoever else locks it waits. @throws CmkError CONFLICT when there is no such account */
export async function lockAccount(db: Knex, id: string): Promise<void> {
  const changed = await db('accounts').where({ id }).update({ id });
  if (changed === 0) throw new CmkError('CONFLICT', 'the account is not stored');
}

export async function listAccounts(db: Knex, afterId: string | null, limit: number): Promise<Account[]> {
  const query = db('accounts').orderBy('id').limit(limit);
  if (afterId !== null) void query.where('id', '>', afterId);
  return (await readRows('accounts', query)).map(toAccount);
}

export async function setEnrolment(
  db: Knex,
  account: string,
  srvId: string,
  type: string,
  enrolled: boolean,
): Promise<void> {
  const enrolment = { account, srv_id: srvId, type };
  if (enrolled) await db('enrolments').insert(enrolment).onConflict(['account', 'srv_id', 'type']).ignore();
  else await db('enrolments').where(enrolment).delete();
}

export async function listEnrolments(db: Knex, account: string): Promise<{ srvId: string; type: string }[]> {
  const rows = await readRows('enrolments', db('enrolments').where({ account }).orderBy(['srv_id', 'type']));
  return rows.map((row) => ({ srvId: row.text('srv_id'), type: row.text('type') }));
}
