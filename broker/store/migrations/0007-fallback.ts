import type { Knex } from 'knex';
import { text } from './columns.ts';

/** What accounts want when their key fails, and the episodes in which the platform key stood in. */
export async function up(db: Knex): Promise<void> {
  await db.schema.alterTable('accounts', (table) => {
    text(db, table, 'fallback_mode').notNullable().defaultTo('OFF');
    table.integer('fallback_max_hours').nullable();
    table.integer('fallback_max_assets').nullable();
  });
  await db.schema.createTable('failure_wishes', (table) => {
    text(db, table, 'account').notNullable().references('accounts.id');
    text(db, table, 'srv_id').notNullable();
    text(db, table, 'type').notNullable();
    text(db, table, 'wish').notNullable();
    table.primary(['account', 'srv_id', 'type']);
  });
  await db.schema.createTable('fallback_episodes', (table) => {
    text(db, table, 'id').primary();
    text(db, table, 'account').notNullable().references('accounts.id');
    text(db, table, 'kek_id').notNullable().references('keks.id');
    text(db, table, 'cause').notNullable();
    table.bigInteger('started_at').notNullable();
    table.bigInteger('ended_at').nullable();
    table.bigInteger('assets').notNullable();
    table.integer('probes').notNullable();
    table.bigInteger('next_probe_at').notNullable();
    table.index(['account', 'id'], 'fallback_episodes_by_account');
  });
  // An account has one episode at a time, however many brokers meet the failure at once.
  await db.raw(
    'create unique index fallback_episodes_lasting on fallback_episodes (account) where ended_at is null',
  );
  await db.raw(
    'create index fallback_episodes_due on fallback_episodes (next_probe_at) where ended_at is null',
  );
}

/** There is no way back: data keys under the platform key would be forgotten there. */
export function down(): Promise<void> {
  return Promise.reject(new Error('migrations only go forward'));
}
