import type { Knex } from 'knex';
import { readRows } from './database.ts';

/**
 * How many contacts and webhooks of each account did not get a message within a while: given up, not sent, or tried in
 * vain so far, and none after it got through.
 */
export async function countUntold(
  db: Knex,
  accounts: readonly string[],
  sinceMs: number,
): Promise<ReadonlyMap<string, number>> {
  const later = db('alert_deliveries as l')
    .where('l.recipient', db.ref('d.recipient'))
    .where('l.state', 'DELIVERED')
    .where('l.account', db.ref('d.account'))
    .where('l.id', '>', db.ref('d.id'))
    .select(db.raw('1'));
  const contact = db('contacts as c')
    .where('c.account', db.ref('d.account'))
    .where('c.email', db.ref('d.recipient'))
    .select(db.raw('1'));
  const webhook = db('webhooks as w').where('w.id', db.ref('d.recipient')).select(db.raw('1'));
  const query = db('alert_deliveries as d')
    .whereIn('d.account', accounts)
    // As the index has it.
    .whereRaw(`d.state <> 'DELIVERED'`)
    .where('d.due_at', '>=', sinceMs)
    .where((tried) => void tried.whereNot('d.state', 'PENDING').orWhereNotNull('d.problem'))
    .where((still) => void still.whereExists(contact).orWhereExists(webhook))
    .whereNotExists(later)
    .groupBy('d.account')
    .select('d.account')
    .countDistinct('d.recipient as recipients');
  const rows = await readRows('alert_deliveries', query);
  return new Map(rows.map((row) => [row.text('account'), row.integer('recipients')]));
}
