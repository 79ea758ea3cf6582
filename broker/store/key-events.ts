import type { Knex } from 'knex';
import { CmkError } from '../../core/errors.ts';
import type { KeyEvent } from '../model/types.ts';
import { readRow, readRows } from './database.ts';
import { Row } from './row.ts';

const COUNTER = { id: 1 };

/**
 * The counter's row stays locked until the transaction commits, so positions are gapless and in commit order: a
 * reader that has seen position n has seen all before it. A sequence gives neither.
 */
export async function appendKeyEvents(
  db: Knex,
  events: readonly Omit<KeyEvent, 'position'>[],
): Promise<KeyEvent[]> {
  const counters: unknown[] = await db('key_event_counter')
    .where(COUNTER)
    .increment('newest', events.length)
    .returning('newest');
  const first = new Row('key_event_counter', counters[0]).integer('newest', 1) - events.length + 1;
  const placed = events.map(({ kekId, reason, at }, index) => ({
    position: first + index,
    kekId,
    reason,
    at,
  }));
  const rows = placed.map(({ position, kekId, reason, at }) => ({ position, kek_id: kekId, reason, at }));
  await db('key_events').insert(rows);
  return placed;
}

/** As {@link appendKeyEvents}, one event. */
export async function appendKeyEvent(db: Knex, event: Omit<KeyEvent, 'position'>): Promise<KeyEvent> {
  const [stored] = await appendKeyEvents(db, [event]);
  if (!stored) throw new CmkError('INTERNAL', 'a key event was not stored');
  return stored;
}

export async function keyEventsAfter(db: Knex, position: number, limit: number): Promise<KeyEvent[]> {
  const query = db('key_events').where('position', '>', position).orderBy('position').limit(limit);
  return (await readRows('key_events', query)).map((row) => ({
    position: row.integer('position', 1),
    kekId: row.text('kek_id'),
    reason: row.text('reason'),
    at: row.integer('at'),
  }));
}

export async function newestKeyPosition(db: Knex): Promise<number> {
  const row = await readRow('key_event_counter', db('key_event_counter').where(COUNTER));
  if (!row) throw new CmkError('INTERNAL', 'stored row is missing: key_event_counter');
  return row.integer('newest');
}
