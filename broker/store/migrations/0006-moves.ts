import type { Knex } from 'knex';
import { text } from './columns.ts';

/** Data keys move between keys, in the background. */
export async function up(db: Knex): Promise<void> {
  await db.schema.alterTable('data_keys', (table) => {
    // Null: made before this was stored, or by the previous release during a rolling update.
    text(db, table, 'owner').nullable();
    table.bigInteger('reencrypt_since').nullable();
    // In the order in which a move goes through them.
    const columns = ['account', 'kek_id', 'srv_id', 'type', 'asset_id', 'generation'];
    table.index(columns, 'data_keys_by_kek');
  });
  await moves(db);
}

async function moves(db: Knex): Promise<void> {
  await db.schema.createTable('moves', (table) => {
    text(db, table, 'id').primary();
    text(db, table, 'account').notNullable().references('accounts.id');
    text(db, table, 'kind').notNullable();
    text(db, table, 'selection').notNullable();
    text(db, table, 'target').notNullable().references('keks.id');
    text(db, table, 'state').notNullable();
    table.bigInteger('started_at').notNullable();
    table.bigInteger('ended_at').nullable();
    for (const column of ['total', 'moved', 'left_over']) table.bigInteger(column).notNullable();
    for (const column of ['progress_at', 'paced_since', 'paced_moved']) table.bigInteger(column).nullable();
    text(db, table, 'problem_code').nullable();
    text(db, table, 'problem_detail').nullable();
    table.integer('tries').notNullable();
    table.bigInteger('due_at').notNullable();
    text(db, table, 'claim').nullable();
    table.index(['state', 'due_at'], 'moves_due');
    table.index(['account', 'id'], 'moves_by_account');
    table.index(['progress_at'], 'moves_by_progress');
  });
  await db.schema.createTable('move_failures', (table) => {
    text(db, table, 'move_id').notNullable().references('moves.id');
    for (const column of ['srv_id', 'type', 'asset_id']) text(db, table, column).notNullable();
    table.integer('generation').notNullable();
    text(db, table, 'code').notNullable();
    table.bigInteger('at').notNullable();
    table.primary(['move_id', 'srv_id', 'type', 'asset_id', 'generation']);
  });
}

/** There is no way back: wrapped data keys are never dropped by a program. */
export function down(): Promise<void> {
  return Promise.reject(new Error('migrations only go forward'));
}
