import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import {
  CHANNELS,
  DELIVERY_STATES,
  type Alert,
  type Delivery,
  type DeliveryStatus,
  type ListedAlert,
  type Webhook,
} from '../model/alerts.ts';
import type { AuditEvent } from '../model/types.ts';
import * as outbox from './alert-outbox.ts';
import * as recipients from './alert-recipients.ts';
import type { AlertStore, AttemptEnd, ClaimRequest, TestOutcome } from './alert-store.ts';
import { ofNewerKind } from './alert-facts.ts';
import { readRows, type Database } from './database.ts';
import { appendAudit, type HeadGuesses } from './ledger.ts';
import type { Precondition, Versioned } from './versions.ts';

/** The alerts of a SQL database: which statements belong together. */
export class SqlAlertStore implements AlertStore {
  readonly #database: Database;
  readonly #guesses: HeadGuesses;

  constructor(database: Database, guesses: HeadGuesses) {
    this.#database = database;
    this.#guesses = guesses;
  }

  raise(alerts: readonly Alert[]): Promise<void> {
    return this.#database.transact((db) => outbox.raiseAlerts(db, alerts));
  }

  raiseTest(alert: Alert, pauseMs: number, audit: AuditEvent): Promise<TestOutcome> {
    return this.#database.transact(async (db) => {
      const outcome = await outbox.raiseTest(db, alert, pauseMs);
      if (outcome === 'RAISED') await appendAudit(db, [audit], this.#guesses);
      return outcome;
    });
  }

  list(account: string, limit: number, before: string | null = null): Promise<ListedAlert[]> {
    return this.#database.run((db) => listAlerts(db, account, limit, before));
  }

  contacts(account: string): Promise<Versioned<readonly string[]> | null> {
    return this.#database.run((db) => recipients.findContacts(db, account));
  }

  setContacts(
    account: string,
    emails: readonly string[],
    audit: AuditEvent,
    precondition?: Precondition<Versioned<readonly string[]>>,
  ): Promise<Versioned<readonly string[]>> {
    return this.#database.transact(async (db) => {
      const stored = await recipients.setContacts(db, account, emails, precondition);
      await appendAudit(db, [audit], this.#guesses);
      return stored;
    });
  }

  webhooks(account: string): Promise<Webhook[]> {
    return this.#database.run((db) => recipients.listWebhooks(db, account));
  }

  insertWebhook(webhook: Webhook, max: number, audit: AuditEvent): Promise<boolean> {
    return this.#database.transact(async (db) => {
      const stored = await recipients.insertWebhook(db, webhook, max);
      if (stored) await appendAudit(db, [audit], this.#guesses);
      return stored;
    });
  }

  deleteWebhook(account: string, id: string, audit: AuditEvent): Promise<boolean> {
    return this.#database.transact(async (db) => {
      const deleted = await recipients.deleteWebhook(db, account, id);
      if (deleted) await appendAudit(db, [audit], this.#guesses);
      return deleted;
    });
  }

  async claim(request: ClaimRequest): Promise<Delivery[]> {
    if (!(await this.#database.run((db) => outbox.isAnythingDue(db, request)))) return [];
    return this.#database.transact((db) => outbox.claimDeliveries(db, request, randomUUID()));
  }

  finish(id: string, claim: string, end: AttemptEnd): Promise<boolean> {
    return this.#database.run((db) => outbox.finishDelivery(db, id, claim, end));
  }
}

async function listAlerts(
  db: Knex,
  account: string,
  limit: number,
  before: string | null,
): Promise<ListedAlert[]> {
  const newest = db('alerts')
    .where({ account })
    .whereNot((newer) => void ofNewerKind(newer, 'facts'))
    .orderBy('id', 'desc')
    .limit(limit);
  if (before !== null) void newest.where('id', '<', before);
  const alerts = (await readRows('alerts', newest)).map(outbox.toAlert);
  const deliveries = await deliveriesOf(db, alerts);
  return alerts.map((alert) => ({ ...alert, deliveries: deliveries.get(alert.id) ?? [] }));
}

async function deliveriesOf(db: Knex, alerts: readonly Alert[]): Promise<Map<string, DeliveryStatus[]>> {
  const query = db('alert_delivery_items as i')
    .join('alert_deliveries as d', 'd.id', 'i.delivery_id')
    .leftJoin('webhooks as w', 'w.id', 'd.recipient')
    .whereIn(
      'i.alert_id',
      alerts.map(({ id }) => id),
    )
    .orderBy(['d.channel', 'd.recipient'])
    .select(
      'i.alert_id',
      'd.channel',
      'd.recipient',
      'd.state',
      'd.attempts',
      'd.problem',
      'd.due_at',
      'w.url',
    );
  const deliveries = new Map<string, DeliveryStatus[]>();
  for (const row of await readRows('alert_deliveries', query)) {
    const alert = row.text('alert_id');
    const state = row.word('state', DELIVERY_STATES);
    const status = {
      channel: row.word('channel', CHANNELS),
      recipient: row.optionalText('url') ?? row.text('recipient'),
      state,
      attempts: row.integer('attempts'),
      problem: row.optionalText('problem'),
      nextTryAt: state === 'PENDING' ? row.integer('due_at') : null,
    };
    deliveries.set(alert, [...(deliveries.get(alert) ?? []), status]);
  }
  return deliveries;
}
