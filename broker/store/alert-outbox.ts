import { createHash } from 'node:crypto';
import type { Knex } from 'knex';
import { topicOf, type Alert, type Channel, type Delivery } from '../model/alerts.ts';
import { uuidv7 } from '../model/uuid.ts';
import { listContacts, listWebhooks, lockAccount } from './alert-recipients.ts';
import { isAlertFacts, isOfNewerKind, ofNewerKind } from './alert-facts.ts';
import type { AttemptEnd, ClaimRequest, TestOutcome } from './alert-store.ts';
import { readRows } from './database.ts';
import { isSqlite } from './migrations/columns.ts';
import { Row } from './row.ts';

/** Stores alerts and puts them into the outbox, for everybody who is a recipient now. */
export async function raiseAlerts(db: Knex, alerts: readonly Alert[]): Promise<void> {
  for (const alert of alerts) {
    const { id, account, kekId, at, facts } = alert;
    await db('alerts').insert({ id, account, kek_id: kekId, at, facts: JSON.stringify(facts) });
    for (const email of await listContacts(db, account)) await addToMail(db, email, alert);
    for (const webhook of await listWebhooks(db, account)) await addPost(db, webhook.id, alert);
  }
}

/** The account stays locked: of those who try it at once, one does. */
export async function raiseTest(db: Knex, alert: Alert, pauseMs: number): Promise<TestOutcome> {
  const { account, at, facts } = alert;
  await lockAccount(db, account);
  const isEarlier = db('alerts')
    .where({ account, facts: JSON.stringify(facts) })
    .where('at', '>', at - pauseMs);
  if ((await readRows('alerts', isEarlier.limit(1).select('id'))).length > 0) return 'TOO_SOON';
  const nobody =
    (await listContacts(db, account)).length === 0 && (await listWebhooks(db, account)).length === 0;
  if (nobody) return 'NOBODY';
  await raiseAlerts(db, [alert]);
  return 'RAISED';
}

/** The open message stays locked until the transaction commits: nobody claims it without this alert. */
async function addToMail(db: Knex, email: string, alert: Alert): Promise<void> {
  const thread = threadOf('MAIL', email, alert);
  const rows: unknown[] = await db('alert_deliveries')
    .insert({ ...newDelivery('MAIL', email, alert), thread, open: thread })
    .onConflict('open')
    .merge({ thread })
    .returning('id');
  await addItem(db, new Row('alert_deliveries', rows[0]).text('id'), alert);
}

async function addPost(db: Knex, webhookId: string, alert: Alert): Promise<void> {
  const delivery = newDelivery('WEBHOOK', webhookId, alert);
  await db('alert_deliveries').insert({ ...delivery, thread: delivery.id, open: null });
  await addItem(db, delivery.id, alert);
}

async function addItem(db: Knex, delivery: string, { id }: Alert): Promise<void> {
  await db('alert_delivery_items').insert({ delivery_id: delivery, alert_id: id });
}

function newDelivery(channel: Channel, recipient: string, { account, at }: Alert) {
  const id = uuidv7(at);
  return { id, account, channel, recipient, state: 'PENDING', created_at: at, due_at: at, attempts: 0 };
}

/** Of one length: references are too long for an index. */
function threadOf(channel: Channel, recipient: string, alert: Alert): string {
  const parts = JSON.stringify([alert.account, channel, recipient, topicOf(alert)]);
  return createHash('sha256').update(parts).digest('hex');
}

/** Whether there is anything to claim. A read: idle brokers write nothing. */
export async function isAnythingDue(db: Knex, request: ClaimRequest): Promise<boolean> {
  return (await readRows('alert_deliveries', due(db, request).limit(1))).length > 0;
}

/** One statement finds and takes, so that it is all or nothing wherever it runs. */
export async function claimDeliveries(db: Knex, request: ClaimRequest, claim: string): Promise<Delivery[]> {
  const { nowMs, untilMs, limit } = request;
  const taken = due(db, request).orderBy(['d.due_at', 'd.id']).limit(limit);
  // SQLite has one writer, and no words for this.
  if (!isSqlite(db)) void taken.forUpdate('d').skipLocked();
  const count = await db('alert_deliveries')
    .whereIn('id', taken)
    .update({
      claim,
      due_at: untilMs,
      open: null,
      frozen_at: db.raw('coalesce(frozen_at, ?)', [nowMs]),
      attempts: db.raw('attempts + 1'),
    });
  return count === 0 ? [] : claimedBy(db, claim);
}

function due(db: Knex, { channel, nowMs, settleMs, windowMs }: ClaimRequest): Knex.QueryBuilder {
  const query = db('alert_deliveries as d')
    .where({ 'd.state': 'PENDING', 'd.channel': channel })
    .where('d.due_at', '<=', nowMs)
    .whereNotExists(newerAlerts(db, 'd'))
    .select('d.id');
  if (channel === 'WEBHOOK') return query.whereNotExists(olderPost(db));
  return query.where((either) => {
    void either.whereNull('d.open').orWhere((open) => {
      void open.where('d.created_at', '<=', nowMs - settleMs).whereNotExists(
        db('alert_deliveries as f')
          .where('f.thread', db.ref('d.thread'))
          .where('f.frozen_at', '>', nowMs - windowMs)
          .select(db.raw('1')),
      );
    });
  });
}

function olderPost(db: Knex): Knex.QueryBuilder {
  return (
    db('alert_deliveries as e')
      .where('e.recipient', db.ref('d.recipient'))
      .where({ 'e.state': 'PENDING', 'e.channel': 'WEBHOOK' })
      .where('e.id', '<', db.ref('d.id'))
      // It waits for a newer release, perhaps for long: what comes after it must not.
      .whereNotExists(newerAlerts(db, 'e'))
      .select(db.raw('1'))
  );
}

/** What a newer release put into a delivery: it is for brokers of that release. */
function newerAlerts(db: Knex, delivery: 'd' | 'e'): Knex.QueryBuilder {
  const items = db('alert_delivery_items as n')
    .join('alerts as m', 'm.id', 'n.alert_id')
    .where('n.delivery_id', db.ref(`${delivery}.id`));
  return ofNewerKind(items, 'm.facts').select(db.raw('1'));
}

async function claimedBy(db: Knex, claim: string): Promise<Delivery[]> {
  const query = db('alert_deliveries as d')
    .join('alert_delivery_items as i', 'i.delivery_id', 'd.id')
    .join('alerts as a', 'a.id', 'i.alert_id')
    .leftJoin('webhooks as w', 'w.id', 'd.recipient')
    .where('d.claim', claim)
    .orderBy(['d.id', 'a.id'])
    .select('d.id as delivery_id', 'd.channel', 'd.recipient', 'd.created_at', 'd.frozen_at', 'd.attempts')
    .select('w.url', 'a.id', 'a.account', 'a.kek_id', 'a.at', 'a.facts');
  const deliveries = new Map<string, Delivery & { alerts: [Alert, ...Alert[]] }>();
  const rows = await readRows('alert_deliveries', query);
  // A newer broker may have added its alert while this one took the delivery: the claim runs out unused.
  const newer = new Set(
    rows.filter((row) => isOfNewerKind(row.text('facts'))).map((row) => row.text('delivery_id')),
  );
  for (const row of rows.filter((each) => !newer.has(each.text('delivery_id')))) {
    const id = row.text('delivery_id');
    const delivery = deliveries.get(id);
    if (delivery) delivery.alerts.push(toAlert(row));
    else deliveries.set(id, { ...toDelivery(id, claim, row), alerts: [toAlert(row)] });
  }
  return [...deliveries.values()];
}

function toDelivery(id: string, claim: string, row: Row): Omit<Delivery, 'alerts'> {
  return {
    id,
    claim,
    channel: row.oneOf('channel', ['MAIL', 'WEBHOOK']),
    account: row.text('account'),
    recipient: row.text('recipient'),
    url: row.optionalText('url'),
    createdAt: row.integer('created_at'),
    frozenAt: row.integer('frozen_at'),
    attempts: row.integer('attempts', 1),
  };
}

export function toAlert(row: Row): Alert {
  return {
    id: row.text('id'),
    account: row.text('account'),
    kekId: row.optionalText('kek_id'),
    at: row.integer('at'),
    facts: row.json('facts', 'an alert’s facts', isAlertFacts),
  };
}

/** @returns false when the claim is another's by now */
export async function finishDelivery(db: Knex, id: string, claim: string, end: AttemptEnd): Promise<boolean> {
  const changed = await db('alert_deliveries')
    .where({ id, claim, state: 'PENDING' })
    .update({
      state: end.state,
      claim: null,
      problem: 'problem' in end ? end.problem : null,
      ...('dueMs' in end && { due_at: end.dueMs }),
    });
  return changed === 1;
}
