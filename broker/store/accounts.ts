import type { Knex } from 'knex';
import { CmkError } from '../../core/errors.ts';
import { type Account, type Group, LICENCES } from '../model/types.ts';
import { readRow, readRows } from './database.ts';
import type { Row } from './row.ts';
import type { AccountFacts } from './store.ts';

/** SQLite takes no more than 500 rows in one statement. */
const MEMBERS_A_STATEMENT = 400;

export function toAccount(row: Row): Account {
  return {
    id: row.text('id'),
    name: row.text('name'),
    licence: row.oneOf('licence', LICENCES),
    externalId: row.text('external_id'),
  };
}

/** The database makes the external id, see migrations/0002-assumed-roles.ts; what is not named here stays as it is. */
export async function putAccount(db: Knex, { id, name, licence }: AccountFacts): Promise<Account> {
  await db('accounts').insert({ id, name, licence }).onConflict('id').merge();
  const stored = await findAccount(db, id);
  if (!stored) throw new CmkError('INTERNAL', 'the account that was put is not stored');
  return stored;
}

export async function findAccount(db: Knex, id: string): Promise<Account | null> {
  const row = await readRow('accounts', db('accounts').where({ id }));
  return row && toAccount(row);
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

export async function putGroup(db: Knex, { account, id, name, licensed, members }: Group): Promise<void> {
  // The group's own row first: it makes two writers of one group take turns.
  await db('account_groups').insert({ account, id, name, licensed }).onConflict(['account', 'id']).merge();
  await db('group_members').where({ account, group_id: id }).delete();
  const rows = [...new Set(members)].map((user) => ({ account, user_id: user, group_id: id }));
  for (let start = 0; start < rows.length; start += MEMBERS_A_STATEMENT) {
    await db('group_members').insert(rows.slice(start, start + MEMBERS_A_STATEMENT));
  }
}

/** One statement, so that groups and members are of one moment. */
export async function listGroups(db: Knex, account: string): Promise<Group[]> {
  const query = db('account_groups as g')
    .leftJoin('group_members as m', (on) => on.on('m.account', 'g.account').on('m.group_id', 'g.id'))
    .where('g.account', account)
    .orderBy(['g.id', 'm.user_id'])
    .select('g.id', 'g.name', 'g.licensed', 'm.user_id');
  const groups = new Map<string, Group & { members: string[] }>();
  for (const row of await readRows('account_groups', query)) {
    const id = row.text('id');
    const group = groups.get(id) ?? newGroup(account, id, row);
    groups.set(id, group);
    const member = row.optionalText('user_id');
    if (member !== null) group.members.push(member);
  }
  return [...groups.values()];
}

function newGroup(account: string, id: string, row: Row): Group & { members: string[] } {
  return { account, id, name: row.text('name'), licensed: row.boolean('licensed'), members: [] };
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
