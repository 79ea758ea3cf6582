import type { Knex } from 'knex';
import { EMPTY_CHAIN } from '../../core/ledger.ts';
import { toAuditEvent } from './audit-events.ts';
import { readRows } from './database.ts';
import { placeEvents, type HeadGuesses } from './ledger.ts';

const ROWS_A_TIME = 1_000;

/** Whether there are events without a place. */
export async function hasUnchained(db: Knex): Promise<boolean> {
  return (await db('audit_events').whereNull('sequence').limit(1).select('id')).length > 0;
}

/**
 * Gives events that a release without the ledger wrote their places, the oldest first. Several processes may do so
 * at once.
 */
export async function chainUnchained(db: Knex, guesses: HeadGuesses): Promise<void> {
  await takeTurn(db);
  const query = db('audit_events').whereNull('sequence').orderBy('id').limit(ROWS_A_TIME);
  const found = (await readRows('audit_events', query)).map(toAuditEvent);
  for (const { event, place } of await placeEvents(db, found, guesses)) {
    await db('audit_events').where({ id: event.id }).update(place);
  }
}

/** Of several processes one goes on to look, the others wait: a write that changes nothing, but locks. */
async function takeTurn(db: Knex): Promise<void> {
  await db('ledger_heads')
    .insert({ chain: '', ...EMPTY_CHAIN, moved_from: EMPTY_CHAIN.hash })
    .onConflict('chain')
    .merge({ sequence: db.raw('??.??', ['ledger_heads', 'sequence']) });
}
