import type { Knex } from 'knex';
import { text } from './columns.ts';

/** What administrators look at: indexes for their lists, sums of the ledger and of KMS calls, and who runs. */
export async function up(db: Knex): Promise<void> {
  await indexes(db);
  await tallies(db);
  await db.schema.createTable('brokers', (table) => {
    text(db, table, 'id').primary();
    text(db, table, 'host').notNullable();
    text(db, table, 'version').notNullable();
    table.bigInteger('started_at').notNullable();
    table.bigInteger('heard_at').notNullable();
  });
}

async function indexes(db: Knex): Promise<void> {
  const asset = 'srv_id, type, asset_id';
  const of = (table: string, columns: string, predicate?: string) =>
    `on ${table} (account, ${columns})${predicate ? ` where ${predicate}` : ''}`;
  const marked = 'reencrypt_since is not null and destroyed_at is null';
  const all = {
    data_keys_by_protection: of('data_keys', `protection, ${asset}, generation`),
    // Few: assets have more than one data key only after they were sealed again.
    data_keys_regenerated: of('data_keys', `${asset}, generation`, 'generation > 1'),
    data_keys_backlog: of('data_keys', 'protection, srv_id, type, reencrypt_since', marked),
    audit_events_by_asset: of('audit_events', `${asset}, id`, 'asset_id is not null'),
    // What is looked for most is rare among the uses of keys.
    audit_events_refused: of('audit_events', 'id', `outcome <> 'ALLOWED'`),
    audit_events_administrative: of('audit_events', 'id', `action not in ('ISSUE', 'RESOLVE', 'USE')`),
  };
  for (const [name, what] of Object.entries(all)) await db.raw(`create index ${name} ${what}`);
}

/** What is in the ledger already is counted in the background, as is what the previous release still writes. */
async function tallies(db: Knex): Promise<void> {
  await db.schema.createTable('ledger_tallies', (table) => {
    text(db, table, 'chain').notNullable();
    // Hours since the UNIX epoch.
    table.bigInteger('hour').notNullable();
    // '' stands for none: a primary key takes no nulls.
    for (const column of ['kek_id', 'action', 'outcome', 'source', 'cause']) {
      text(db, table, column).notNullable();
    }
    table.bigInteger('events').notNullable();
    table.bigInteger('uses').notNullable();
    table.primary(['chain', 'hour', 'kek_id', 'action', 'outcome', 'source', 'cause']);
  });
  await db.schema.createTable('ledger_tally_heads', (table) => {
    text(db, table, 'chain').primary();
    // Up to which record the chain is counted.
    table.bigInteger('sequence').notNullable();
  });
  await db.schema.createTable('kms_tallies', (table) => {
    text(db, table, 'account').notNullable();
    table.bigInteger('hour').notNullable();
    for (const column of ['kek_id', 'reference', 'operation', 'result']) {
      text(db, table, column).notNullable();
    }
    table.bigInteger('calls').notNullable();
    table.primary(['account', 'hour', 'kek_id', 'reference', 'operation', 'result']);
  });
}

/** There is no way back: migrations only go forward. */
export function down(): Promise<void> {
  return Promise.reject(new Error('migrations only go forward'));
}
