import test from 'ava';
import { openStore, type StoreLocation } from '../../broker/store/open-store.ts';
import { PostgresServer } from '../support/postgres.ts';
import { testStore } from './store.ts';

/** One server for all tests of a file, with one database that each case finds empty. */
export interface SharedPostgres {
  readonly server: PostgresServer;
  readonly database: string;
}

/**
 * What every store must do, on a PostgreSQL that isolates transactions so.
 * @param isolation as PostgreSQL calls it
 * @returns the server that runs while the tests of the file do
 */
export function testPostgresStore(name: string, isolation: string): () => SharedPostgres {
  let shared: SharedPostgres;
  let rewind: () => Promise<void>;

  test.before(async () => {
    const server = await PostgresServer.start();
    const database = await server.createDatabase();
    shared = { server, database };
    await (await openStore({ databaseUrl: database })).close();
    rewind = await server.rewinder(database);
  });
  test.after.always(() => shared.server.remove());

  const setting = `default_transaction_isolation=${isolation.replaceAll(' ', '\\ ')}`;
  testStore({
    name,
    fresh: async () => withSetting(await shared.server.createDatabase(), setting),
    cleared: async () => {
      await rewind();
      return withSetting(shared.database, setting);
    },
    execute: async (location, sql) => {
      await shared.server.query('databaseUrl' in location ? location.databaseUrl : '', sql);
    },
  });
  return () => shared;
}

/** @param setting of a session, as in `synchronous_commit=off` */
export function withSetting(databaseUrl: string, setting: string): StoreLocation {
  const url = new URL(databaseUrl);
  url.searchParams.set('options', `-c ${setting}`);
  return { databaseUrl: url.href, poolSize: 4 };
}
