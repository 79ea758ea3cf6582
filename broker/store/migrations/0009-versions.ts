import type { Knex } from 'knex';
import { text } from './columns.ts';

/** What is stored says how often it was written, and requests that make something can be sent again. */
export async function up(db: Knex): Promise<void> {
  for (const name of ['accounts', 'account_groups']) {
    await db.schema.alterTable(name, (table) => {
      // The previous release does not count: what it changes is told by the content.
      table.bigInteger('version').notNullable().defaultTo(1);
    });
  }
  await db.schema.alterTable('data_keys', (table) => {
    // What a change of coverage would move is counted here, without a look at the rows.
    const columns = ['account', 'kek_id', 'srv_id', 'type', 'protection', 'owner', 'destroyed_at'];
    table.index(columns, 'data_keys_by_coverage');
  });
  await db.schema.createTable('idempotency_keys', (table) => {
    text(db, table, 'account').notNullable();
    text(db, table, 'idempotency_key').notNullable();
    text(db, table, 'request_hash').notNullable();
    // Null while the first request is being served.
    table.integer('status').nullable();
    text(db, table, 'answer').nullable();
    table.bigInteger('expires_at').notNullable();
    table.primary(['account', 'idempotency_key']);
    table.index(['expires_at'], 'idempotency_keys_by_expiry');
  });
}

/** There is no way back: writers would overwrite one another again. */
export function down(): Promise<void> {
  return Promise.reject(new Error('migrations only go forward'));
}
