import type { Knex } from 'knex';
import { isSqlite, text } from './columns.ts';

/**
 * Each account has an external id from now on. The database makes it, also for accounts that the previous release
 * stores during a rolling update.
 */
export async function up(db: Knex): Promise<void> {
  if (isSqlite(db)) await externalIdsInSqlite(db);
  else {
    // The default is asked for each row by itself, those that are there included.
    await db.raw(
      `alter table accounts add column external_id text collate "C" not null
       default ('cmk-' || replace(gen_random_uuid()::text, '-', ''))`,
    );
  }
  await db.schema.alterTable('keks', (table) => {
    text(db, table, 'role_arn').nullable();
    text(db, table, 'role_external_id').nullable();
  });
}

/** SQLite takes no such default for a column that is added; a trigger stands in for it. */
async function externalIdsInSqlite(db: Knex): Promise<void> {
  const externalId = `'cmk-' || lower(hex(randomblob(16)))`;
  await db.raw('alter table accounts add column external_id text');
  await db.raw(`update accounts set external_id = ${externalId}`);
  await db.raw(
    `create trigger accounts_external_id after insert on accounts when new.external_id is null
     begin update accounts set external_id = ${externalId} where id = new.id; end`,
  );
}

/** There is no way back: accounts' trust policies name what was made here. */
export function down(): Promise<void> {
  return Promise.reject(new Error('migrations only go forward'));
}
