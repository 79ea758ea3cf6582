import type { Knex } from 'knex';
import { text } from './columns.ts';

export async function up(db: Knex): Promise<void> {
  await customers(db);
  await keys(db);
  await dataKeys(db);
  await events(db);
}

async function customers(db: Knex): Promise<void> {
  await db.schema.createTable('accounts', (table) => {
    text(db, table, 'id').primary();
    text(db, table, 'name').notNullable();
    text(db, table, 'licence').notNullable();
  });
  await db.schema.createTable('account_groups', (table) => {
    text(db, table, 'account').notNullable().references('accounts.id');
    text(db, table, 'id').notNullable();
    text(db, table, 'name').notNullable();
    table.boolean('licensed').notNullable();
    table.primary(['account', 'id']);
  });
  await db.schema.createTable('group_members', (table) => {
    text(db, table, 'account').notNullable();
    text(db, table, 'user_id').notNullable();
    text(db, table, 'group_id').notNullable();
    // In this order: "which groups is this user in" is asked at each new data key.
    table.primary(['account', 'user_id', 'group_id']);
    table.foreign(['account', 'group_id']).references(['account', 'id']).inTable('account_groups');
    table.index(['account', 'group_id'], 'group_members_by_group');
  });
  await db.schema.createTable('enrolments', (table) => {
    text(db, table, 'account').notNullable().references('accounts.id');
    text(db, table, 'srv_id').notNullable();
    text(db, table, 'type').notNullable();
    table.primary(['account', 'srv_id', 'type']);
  });
}

async function keys(db: Knex): Promise<void> {
  await db.schema.createTable('keks', (table) => {
    text(db, table, 'id').primary();
    text(db, table, 'account').nullable().references('accounts.id');
    text(db, table, 'provider').notNullable();
    text(db, table, 'lifecycle').notNullable();
    table.binary('canary_wrapped').nullable();
    text(db, table, 'canary_context').nullable();
    table.bigInteger('created_at').notNullable();
    table.index(['account', 'created_at'], 'keks_by_account');
  });
  await db.schema.createTable('kek_references', (table) => {
    // One key in a KMS belongs to one account at the most.
    text(db, table, 'reference').primary();
    text(db, table, 'kek_id').notNullable().references('keks.id');
    table.integer('position').notNullable();
    table.unique(['kek_id', 'position'], { indexName: 'kek_references_by_kek' });
  });
}

async function dataKeys(db: Knex): Promise<void> {
  await db.schema.createTable('data_keys', (table) => {
    text(db, table, 'account').notNullable();
    text(db, table, 'srv_id').notNullable();
    text(db, table, 'type').notNullable();
    text(db, table, 'asset_id').notNullable();
    table.integer('generation').notNullable();
    text(db, table, 'data_key_id').notNullable();
    text(db, table, 'kek_id').notNullable().references('keks.id');
    text(db, table, 'protection').notNullable();
    table.binary('wrapped').notNullable();
    table.bigInteger('created_at').notNullable();
    // Both begin with the asset, so that the table can be hash-partitioned on it.
    table.primary(['account', 'srv_id', 'type', 'asset_id', 'generation']);
    table.unique(['account', 'srv_id', 'type', 'asset_id', 'data_key_id'], { indexName: 'data_keys_by_id' });
  });
}

async function events(db: Knex): Promise<void> {
  await db.schema.createTable('audit_events', (table) => {
    text(db, table, 'id').primary();
    table.bigInteger('at').notNullable();
    text(db, table, 'account').nullable();
    text(db, table, 'action').notNullable();
    text(db, table, 'outcome').notNullable();
    text(db, table, 'actor').notNullable();
    for (const column of ['asset_account', 'srv_id', 'type', 'asset_id', 'reason'])
      text(db, table, column).nullable();
    for (const column of ['data_key_id', 'kek_id', 'source', 'detail']) text(db, table, column).nullable();
    table.index(['account', 'id'], 'audit_events_by_account');
  });
  await db.schema.createTable('key_events', (table) => {
    table.bigInteger('position').primary();
    text(db, table, 'kek_id').notNullable();
    text(db, table, 'reason').notNullable();
    table.bigInteger('at').notNullable();
  });
  await db.schema.createTable('key_event_counter', (table) => {
    table.integer('id').primary();
    table.bigInteger('newest').notNullable();
  });
  await db('key_event_counter').insert({ id: 1, newest: 0 });
}

/** There is no way back: wrapped data keys are never dropped by a program. */
export function down(): Promise<void> {
  return Promise.reject(new Error('migrations only go forward'));
}
