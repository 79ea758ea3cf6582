import type { Knex } from 'knex';

/** An account's fallback and contacts, and a key's references, say how often they were written. */
export async function up(db: Knex): Promise<void> {
  // The previous release does not count: what it changes is told by the content.
  await db.schema.alterTable('accounts', (table) => {
    table.bigInteger('fallback_version').notNullable().defaultTo(1);
    table.bigInteger('contacts_version').notNullable().defaultTo(1);
  });
  await db.schema.alterTable('keks', (table) => {
    table.bigInteger('references_version').notNullable().defaultTo(1);
  });
}

/** There is no way back: writers would overwrite one another again. */
export function down(): Promise<void> {
  return Promise.reject(new Error('migrations only go forward'));
}
