import type { Knex } from 'knex';
import { text } from './columns.ts';

export async function up(db: Knex): Promise<void> {
  await recipients(db);
  await db.schema.createTable('alerts', (table) => {
    text(db, table, 'id').primary();
    text(db, table, 'account').notNullable().references('accounts.id');
    text(db, table, 'kek_id').nullable();
    table.bigInteger('at').notNullable();
    text(db, table, 'facts').notNullable();
    table.index(['account', 'id'], 'alerts_by_account');
  });
  await outbox(db);
}

async function recipients(db: Knex): Promise<void> {
  await db.schema.createTable('contacts', (table) => {
    text(db, table, 'account').notNullable().references('accounts.id');
    text(db, table, 'email').notNullable();
    table.primary(['account', 'email']);
  });
  await db.schema.createTable('webhooks', (table) => {
    text(db, table, 'id').primary();
    text(db, table, 'account').notNullable().references('accounts.id');
    text(db, table, 'url').notNullable();
    table.bigInteger('created_at').notNullable();
    table.index(['account', 'id'], 'webhooks_by_account');
  });
}

async function outbox(db: Knex): Promise<void> {
  await db.schema.createTable('alert_deliveries', (table) => {
    text(db, table, 'id').primary();
    text(db, table, 'account').notNullable();
    text(db, table, 'channel').notNullable();
    text(db, table, 'recipient').notNullable();
    // What shares messages: account, channel, recipient and topic. `open` holds the same while alerts may be added.
    text(db, table, 'thread').notNullable();
    text(db, table, 'open').nullable().unique({ indexName: 'alert_deliveries_open' });
    text(db, table, 'state').notNullable();
    table.bigInteger('created_at').notNullable();
    table.bigInteger('frozen_at').nullable();
    table.bigInteger('due_at').notNullable();
    text(db, table, 'claim').nullable();
    table.integer('attempts').notNullable();
    text(db, table, 'problem').nullable();
    table.index(['state', 'channel', 'due_at'], 'alert_deliveries_due');
    table.index(['thread', 'frozen_at'], 'alert_deliveries_by_thread');
    table.index(['recipient', 'state', 'id'], 'alert_deliveries_by_recipient');
  });
  await db.schema.createTable('alert_delivery_items', (table) => {
    text(db, table, 'alert_id').notNullable().references('alerts.id');
    text(db, table, 'delivery_id').notNullable().references('alert_deliveries.id');
    table.primary(['alert_id', 'delivery_id']);
    table.index(['delivery_id'], 'alert_delivery_items_by_delivery');
  });
}

/** There is no way back: migrations only go forward. */
export function down(): Promise<void> {
  return Promise.reject(new Error('migrations only go forward'));
}
