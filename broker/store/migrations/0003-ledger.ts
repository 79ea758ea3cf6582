import type { Knex } from 'knex';
import { text } from './columns.ts';

/**
 * The audit events' places in hash chains, one chain for each account, and who owes reports of uses. Everything new
 * is nullable, because the previous release goes on writing for a while; what it writes is chained afterwards, as
 * are the rows that are there already: see broker/store/unchained.ts, which the opening of a store runs.
 */
export async function up(db: Knex): Promise<void> {
  await db.schema.alterTable('audit_events', (table) => {
    // The account, or '' for the events that have none: a text that an index can tell apart.
    for (const column of ['chain', 'previous_hash', 'hash', 'operation']) text(db, table, column).nullable();
    for (const column of ['sequence', 'count', 'from_at', 'until_at']) table.bigInteger(column).nullable();
    table.unique(['chain', 'sequence'], { indexName: 'audit_events_by_chain' });
  });
  await db.raw('create index audit_events_unchained on audit_events (id) where sequence is null');
  await db.schema.createTable('ledger_heads', (table) => {
    text(db, table, 'chain').primary();
    table.bigInteger('sequence').notNullable();
    text(db, table, 'hash').notNullable();
    // The hash that it had before its last move.
    text(db, table, 'moved_from').notNullable();
  });
  await db.schema.createTable('use_reporters', (table) => {
    text(db, table, 'instance').primary();
    text(db, table, 'spiffe_id').notNullable();
    text(db, table, 'state').notNullable();
    table.bigInteger('report_sequence').notNullable();
    for (const column of ['heard_at', 'covered_until', 'patience_ms']) table.bigInteger(column).notNullable();
    table.index(['state', 'heard_at'], 'use_reporters_by_state');
  });
  await db.schema.createTable('use_reporter_leases', (table) => {
    text(db, table, 'instance').notNullable();
    text(db, table, 'account').notNullable();
    text(db, table, 'srv_id').notNullable();
    table.bigInteger('leased_until').notNullable();
    table.primary(['instance', 'account', 'srv_id']);
  });
}

/** There is no way back: what was recorded stays recorded. */
export function down(): Promise<void> {
  return Promise.reject(new Error('migrations only go forward'));
}
