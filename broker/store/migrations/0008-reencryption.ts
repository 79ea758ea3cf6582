import type { Knex } from 'knex';

/** Assets are sealed again under a newer data key, and the old one is destroyed. */
export async function up(db: Knex): Promise<void> {
  await db.schema.alterTable('data_keys', (table) => {
    // When it was last granted for sealing although it is to go.
    table.bigInteger('sealing_at').nullable();
    table.bigInteger('destroyed_at').nullable();
    const columns = ['srv_id', 'reencrypt_since', 'account', 'type', 'asset_id', 'generation'];
    const predicate = db.whereNotNull('reencrypt_since').whereNull('destroyed_at');
    table.index(columns, 'data_keys_to_reencrypt', { predicate });
  });
}

/** There is no way back: what a program destroyed stays destroyed. */
export function down(): Promise<void> {
  return Promise.reject(new Error('migrations only go forward'));
}
