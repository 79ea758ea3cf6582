import type { Knex } from 'knex';
import { text } from './columns.ts';

/** Whichever broker claims a chore does it for all; and what is old is found without a look at the rest. */
export async function up(db: Knex): Promise<void> {
  await db.schema.createTable('chores', (table) => {
    text(db, table, 'name').primary();
    table.bigInteger('due_at').notNullable();
  });
  await db('chores').insert({ name: 'PRUNE', due_at: 0 });
  await db.schema.alterTable('alerts', (table) => {
    table.index(['at'], 'alerts_by_time');
  });
}

/** There is no way back: migrations only go forward. */
export function down(): Promise<void> {
  return Promise.reject(new Error('migrations only go forward'));
}
