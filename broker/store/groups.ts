import type { Knex } from 'knex';
import { CmkError } from '../../core/errors.ts';
import type { GroupChange } from '../model/coverage.ts';
import type { Group } from '../model/types.ts';
import { readRow, readRows } from './database.ts';
import type { Row } from './row.ts';
import type { Versioned } from './versions.ts';

/** SQLite takes no more than 500 rows in one statement. */
const MEMBERS_A_STATEMENT = 400;

export async function putGroup(
  db: Knex,
  { account, id, name, licensed, members }: Group,
): Promise<Versioned<Group>> {
  // The group's own row first: it makes two writers of one group take turns.
  await db('account_groups')
    .insert({ account, id, name, licensed })
    .onConflict(['account', 'id'])
    .merge({ name, licensed, version: db.raw('account_groups.version + 1') });
  await db('group_members').where({ account, group_id: id }).delete();
  await insertMembers(db, { account, id }, new Set(members));
  const stored = await findVersioned(db, account, id);
  if (!stored) throw new CmkError('INTERNAL', 'the group that was put is not stored');
  return stored;
}

async function insertMembers(
  db: Knex,
  { account, id }: Pick<Group, 'account' | 'id'>,
  members: ReadonlySet<string>,
): Promise<void> {
  const rows = [...members].map((user) => ({ account, user_id: user, group_id: id }));
  for (let start = 0; start < rows.length; start += MEMBERS_A_STATEMENT) {
    const some = rows.slice(start, start + MEMBERS_A_STATEMENT);
    await db('group_members').insert(some).onConflict(['account', 'user_id', 'group_id']).ignore();
  }
}

/** @throws CmkError CONFLICT when there is no such group, or it would have more members than `most` */
export async function changeGroup(
  db: Knex,
  account: string,
  { group: id, licensed, add = [], remove = [] }: GroupChange,
  most: number,
): Promise<void> {
  const set = { version: db.raw('version + 1'), ...(licensed !== undefined && { licensed }) };
  const changed = await db('account_groups').where({ account, id }).update(set);
  if (changed !== 1) throw new CmkError('CONFLICT', 'the group is not stored');
  await insertMembers(db, { account, id }, new Set(add));
  await db('group_members').where({ account, group_id: id }).whereIn('user_id', remove).delete();
  const query = db('group_members').where({ account, group_id: id }).count('* as count');
  const members = (await readRow('group_members', query))?.integer('count') ?? 0;
  if (members > most) {
    throw new CmkError('CONFLICT', `expected a group of at most ${most} members, got one of ${members}`);
  }
}

/** One statement, so that the group and its members are of one moment. */
export async function findVersioned(db: Knex, account: string, id: string): Promise<Versioned<Group> | null> {
  const rows = await readRows('account_groups', withMembers(db, account).where('g.id', id));
  const [first] = rows;
  const group = toGroups(account, rows)[0];
  return first && group ? { value: group, version: first.integer('version', 1) } : null;
}

export async function listGroups(
  db: Knex,
  account: string,
  afterId: string | null,
  limit: number,
): Promise<Group[]> {
  const page = db('account_groups').where({ account }).orderBy('id').limit(limit).select('id');
  if (afterId !== null) void page.where('id', '>', afterId);
  const ids = (await readRows('account_groups', page)).map((row) => row.text('id'));
  return toGroups(account, await readRows('account_groups', withMembers(db, account).whereIn('g.id', ids)));
}

function withMembers(db: Knex, account: string): Knex.QueryBuilder {
  return db('account_groups as g')
    .leftJoin('group_members as m', (on) => on.on('m.account', 'g.account').on('m.group_id', 'g.id'))
    .where('g.account', account)
    .orderBy(['g.id', 'm.user_id'])
    .select('g.id', 'g.name', 'g.licensed', 'g.version', 'm.user_id');
}

function toGroups(account: string, rows: readonly Row[]): Group[] {
  const groups = new Map<string, Group & { members: string[] }>();
  for (const row of rows) {
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
