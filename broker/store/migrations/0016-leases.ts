import type { Knex } from 'knex';
import { text } from './columns.ts';

/** How long data keys of an asset type are lent at the most. The previous release lends them for as long as all others. */
export async function up(db: Knex): Promise<void> {
  await db.schema.createTable('type_leases', (table) => {
    text(db, table, 'account').notNullable().references('accounts.id');
    text(db, table, 'srv_id').notNullable();
    text(db, table, 'type').notNullable();
    table.integer('seconds').notNullable();
    table.bigInteger('version').notNullable();
    table.primary(['account', 'srv_id', 'type']);
  });
}

/** There is no way back: migrations only go forward. */
export function down(): Promise<void> {
  return Promise.reject(new Error('migrations only go forward'));
}
