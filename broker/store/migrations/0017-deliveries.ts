import type { Knex } from 'knex';

/** Messages that did not get through, by account: few beside those that did. */
export async function up(db: Knex): Promise<void> {
  await db.raw(
    `create index alert_deliveries_undelivered on alert_deliveries (account, due_at) where state <> 'DELIVERED'`,
  );
}

/** There is no way back: migrations only go forward. */
export function down(): Promise<void> {
  return Promise.reject(new Error('migrations only go forward'));
}
