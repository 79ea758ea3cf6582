import type { Knex } from 'knex';
import { SIDECAR_STATES, type BrokerProcess, type SidecarProcess } from '../model/processes.ts';
import { readRows, type Database } from './database.ts';
import type { ProcessStore, SidecarCount } from './process-store.ts';
import type { Row } from './row.ts';

const MAX_BROKERS = 1_000;

/** Processes in a SQL database. */
export class SqlProcessStore implements ProcessStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  beat({ id, host, version, startedAt, heardAt }: BrokerProcess, forgetBefore: number): Promise<void> {
    return this.#database.transact(async (db) => {
      const row = { id, host, version, started_at: startedAt, heard_at: heardAt };
      await db('brokers').insert(row).onConflict('id').merge({ heard_at: heardAt });
      await db('brokers').where('heard_at', '<', forgetBefore).delete();
    });
  }

  ended(brokerId: string): Promise<void> {
    return this.#database.run(async (db) => {
      await db('brokers').where({ id: brokerId }).delete();
    });
  }

  brokers(): Promise<BrokerProcess[]> {
    return this.#database.run(async (db) => {
      const query = db('brokers').orderBy(['started_at', 'id']).limit(MAX_BROKERS);
      return (await readRows('brokers', query)).map((row) => ({
        id: row.text('id'),
        host: row.text('host'),
        version: row.text('version'),
        startedAt: row.integer('started_at'),
        heardAt: row.integer('heard_at'),
      }));
    });
  }

  sidecars(after: string | null, limit: number): Promise<SidecarProcess[]> {
    return this.#database.run((db) => listSidecars(db, after, limit));
  }

  countSidecars(): Promise<SidecarCount[]> {
    return this.#database.run(async (db) => {
      const query = db('use_reporters as r')
        .join('use_reporter_leases as l', 'l.instance', 'r.instance')
        .groupBy('l.srv_id', 'r.state')
        .orderBy(['l.srv_id', 'r.state'])
        .select('l.srv_id', 'r.state')
        .countDistinct('r.instance as count');
      return (await readRows('use_reporters', query)).map((row) => ({
        srvId: row.text('srv_id'),
        state: row.word('state', SIDECAR_STATES),
        count: row.integer('count'),
      }));
    });
  }
}

async function listSidecars(db: Knex, after: string | null, limit: number): Promise<SidecarProcess[]> {
  const query = db('use_reporters').orderBy('instance').limit(limit);
  if (after !== null) void query.where('instance', '>', after);
  const rows = await readRows('use_reporters', query);
  const instances = rows.map((row) => row.text('instance'));
  const leases = () => db('use_reporter_leases').whereIn('instance', instances).orderBy('instance');
  const counted = leases().groupBy('instance').select('instance').countDistinct('account as accounts');
  const accounts = new Map(
    (await readRows('use_reporter_leases', counted)).map((row) => [
      row.text('instance'),
      row.integer('accounts'),
    ]),
  );
  const services = await readRows(
    'use_reporter_leases',
    leases().orderBy('srv_id').distinct('instance', 'srv_id'),
  );
  return rows.map((row) => ({
    ...toSidecar(row),
    accounts: accounts.get(row.text('instance')) ?? 0,
    services: services
      .filter((each) => each.text('instance') === row.text('instance'))
      .map((each) => each.text('srv_id')),
  }));
}

function toSidecar(row: Row): Omit<SidecarProcess, 'accounts' | 'services'> {
  return {
    instance: row.text('instance'),
    spiffeId: row.text('spiffe_id'),
    state: row.word('state', SIDECAR_STATES),
    heardAt: row.integer('heard_at'),
    patienceMs: row.integer('patience_ms'),
    coveredUntil: row.integer('covered_until'),
  };
}
