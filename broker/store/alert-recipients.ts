import type { Knex } from 'knex';
import type { Webhook } from '../model/alerts.ts';
import { CmkError } from '../../core/errors.ts';
import { readRows } from './database.ts';
import type { Row } from './row.ts';
import type { Precondition, Versioned } from './versions.ts';

type Contacts = Versioned<readonly string[]>;

/** One statement, so that the addresses and their version are of one moment. */
export async function findContacts(db: Knex, account: string): Promise<Contacts | null> {
  const query = db('accounts as a')
    .leftJoin('contacts as c', 'c.account', 'a.id')
    .where('a.id', account)
    .orderBy('c.email')
    .select('a.contacts_version', 'c.email');
  const rows = await readRows('contacts', query);
  const [first] = rows;
  const value = rows.map((row) => row.optionalText('email')).filter((email) => email !== null);
  return first ? { value, version: first.integer('contacts_version', 1) } : null;
}

export async function listContacts(db: Knex, account: string): Promise<readonly string[]> {
  return (await findContacts(db, account))?.value ?? [];
}

export async function setContacts(
  db: Knex,
  account: string,
  emails: readonly string[],
  precondition?: Precondition<Contacts>,
): Promise<Contacts> {
  await lockAccount(db, account);
  precondition?.(await findContacts(db, account));
  await db('accounts')
    .where({ id: account })
    .update({ contacts_version: db.raw('contacts_version + 1') });
  await db('contacts').where({ account }).delete();
  const rows = [...new Set(emails)].map((email) => ({ account, email }));
  if (rows.length > 0) await db('contacts').insert(rows);
  await dropPending(db, (query) =>
    query.where({ account, channel: 'MAIL' }).whereNotIn('recipient', [...emails]),
  );
  const stored = await findContacts(db, account);
  if (!stored) throw new CmkError('INTERNAL', 'the account whose contacts were set is not stored');
  return stored;
}

export async function listWebhooks(db: Knex, account: string): Promise<Webhook[]> {
  return (await readRows('webhooks', db('webhooks').where({ account }).orderBy('id'))).map(toWebhook);
}

function toWebhook(row: Row): Webhook {
  const [id, account, url] = [row.text('id'), row.text('account'), row.text('url')];
  return { id, account, url, createdAt: row.integer('created_at') };
}

/** @returns false when the account has `max` already */
export async function insertWebhook(db: Knex, webhook: Webhook, max: number): Promise<boolean> {
  const { id, account, url, createdAt } = webhook;
  await lockAccount(db, account);
  if ((await listWebhooks(db, account)).length >= max) return false;
  await db('webhooks').insert({ id, account, url, created_at: createdAt });
  return true;
}

/** @returns whether there was one */
export async function deleteWebhook(db: Knex, account: string, id: string): Promise<boolean> {
  if ((await db('webhooks').where({ account, id }).delete()) === 0) return false;
  await dropPending(db, (query) => query.where({ account, channel: 'WEBHOOK', recipient: id }));
  return true;
}

/** A write, so that those who change one account's recipients take turns. */
export async function lockAccount(db: Knex, id: string): Promise<void> {
  const locked = await db('accounts').where({ id }).update({ id });
  if (locked !== 1)
    throw new CmkError('CONFLICT', 'the account whose recipients were to be set is not stored');
}

/** What is on its way just now may still arrive. */
async function dropPending(db: Knex, narrow: (query: Knex.QueryBuilder) => Knex.QueryBuilder): Promise<void> {
  const pending = narrow(db('alert_deliveries').where({ state: 'PENDING' })).select('id');
  const ids = (await readRows('alert_deliveries', pending.forUpdate())).map((row) => row.text('id'));
  await db('alert_delivery_items').whereIn('delivery_id', ids).delete();
  await db('alert_deliveries').whereIn('id', ids).delete();
}
