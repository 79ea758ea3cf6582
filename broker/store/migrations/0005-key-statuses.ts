import type { Knex } from 'knex';
import { text } from './columns.ts';

/** How each use of each key and replica goes. */
export async function up(db: Knex): Promise<void> {
  await db.schema.createTable('key_statuses', (table) => {
    text(db, table, 'kek_id').notNullable().references('keks.id');
    text(db, table, 'reference').notNullable();
    text(db, table, 'key_use').notNullable();
    text(db, table, 'status').notNullable();
    text(db, table, 'cause').nullable();
    for (const column of ['last_success_at', 'last_failure_at', 'failing_since']) {
      table.bigInteger(column).nullable();
    }
    // When it is to be asked again; null: it is not in trouble.
    table.bigInteger('probe_at').nullable();
    table.primary(['kek_id', 'reference', 'key_use']);
    table.index(['probe_at'], 'key_statuses_to_probe');
  });
}

/** There is no way back: migrations only go forward. */
export function down(): Promise<void> {
  return Promise.reject(new Error('migrations only go forward'));
}
