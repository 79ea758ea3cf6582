import type { Knex } from 'knex';
import { text } from './columns.ts';

/** Who is signed in, and what programs sign in with. Neither table holds what it takes to sign in. */
export async function up(db: Knex): Promise<void> {
  await db.schema.createTable('sessions', (table) => {
    text(db, table, 'id_hash').primary();
    text(db, table, 'person').notNullable();
    text(db, table, 'name').notNullable();
    text(db, table, 'role').notNullable();
    text(db, table, 'account').nullable().references('accounts.id');
    table.bigInteger('created_at').notNullable();
    table.bigInteger('seen_at').notNullable();
    table.bigInteger('ends_at').notNullable();
    text(db, table, 'sealed_id_token').nullable();
    table.index(['person', 'created_at'], 'sessions_by_person');
    table.index(['ends_at'], 'sessions_by_end');
    table.index(['seen_at'], 'sessions_by_use');
  });
  await db.schema.createTable('api_tokens', (table) => {
    text(db, table, 'id').primary();
    text(db, table, 'account').notNullable().references('accounts.id');
    text(db, table, 'name').notNullable();
    text(db, table, 'role').notNullable();
    text(db, table, 'hash').notNullable().unique({ indexName: 'api_tokens_by_hash' });
    text(db, table, 'created_by').notNullable();
    table.bigInteger('created_at').notNullable();
    table.bigInteger('expires_at').notNullable();
    table.bigInteger('last_used_at').nullable();
    table.unique(['account', 'name'], { indexName: 'api_tokens_by_name' });
  });
}

/** There is no way back: migrations only go forward. */
export function down(): Promise<void> {
  return Promise.reject(new Error('migrations only go forward'));
}
