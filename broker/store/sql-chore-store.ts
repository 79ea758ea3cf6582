import type { Knex } from 'knex';
import { DELIVERY_STATES } from '../model/alerts.ts';
import type { Chore, ChoreStore } from './chore-store.ts';
import { readRows, type Database } from './database.ts';

/** An end is for ever: none of these is claimed, changed or added to any more. */
const ENDED = DELIVERY_STATES.filter((state) => state !== 'PENDING');

/** Chores on a SQL database: what is to go is looked for first, so that transactions stay short. */
export class SqlChoreStore implements ChoreStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async claim(chore: Chore, nowMs: number, nextAtMs: number): Promise<boolean> {
    const due = (db: Knex) => db('chores').where({ name: chore }).where('due_at', '<=', nowMs);
    // A read first: idle brokers write nothing.
    if ((await this.#database.run((db) => readRows('chores', due(db)))).length === 0) return false;
    return (await this.#database.run((db) => due(db).update({ due_at: nextAtMs }))) === 1;
  }

  async pruneDeliveries(beforeMs: number, limit: number): Promise<number> {
    // Since its end nobody has moved the time at which it was due next.
    const ids = await this.#ids('alert_deliveries', (db) =>
      db('alert_deliveries').whereIn('state', ENDED).where('due_at', '<', beforeMs).limit(limit),
    );
    if (ids.length === 0) return 0;
    return this.#database.transact(async (db) => {
      await db('alert_delivery_items').whereIn('delivery_id', ids).delete();
      return db('alert_deliveries').whereIn('id', ids).delete();
    });
  }

  async pruneAlerts(beforeMs: number, limit: number): Promise<number> {
    const untold = (db: Knex) =>
      db('alerts')
        .where('at', '<', beforeMs)
        .whereNotExists(
          db('alert_delivery_items as i').where('i.alert_id', db.ref('alerts.id')).select(db.raw('1')),
        );
    const ids = await this.#ids('alerts', (db) => untold(db).orderBy('at').limit(limit));
    if (ids.length === 0) return 0;
    return this.#database.run((db) => untold(db).whereIn('id', ids).delete());
  }

  async pruneKeyEvents(beforeMs: number, limit: number): Promise<number> {
    const oldest = await this.#database.run((db) =>
      readRows('key_events', db('key_events').orderBy('position').limit(limit)),
    );
    const end = oldest.findIndex((row) => row.integer('at') >= beforeMs);
    const last = oldest.at(end === -1 ? -1 : end - 1);
    if (!last || end === 0) return 0;
    return this.#database.run((db) =>
      db('key_events').where('position', '<=', last.integer('position')).delete(),
    );
  }

  async #ids(table: string, query: (db: Knex) => Knex.QueryBuilder): Promise<string[]> {
    const rows = await this.#database.run((db) => readRows(table, query(db).select('id')));
    return rows.map((row) => row.text('id'));
  }
}
