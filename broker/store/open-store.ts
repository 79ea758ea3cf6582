import type { Knex } from 'knex';
import { Database, type DatabaseObserver } from './database.ts';
import { migrate, requireMigrated } from './migrate.ts';
import { FOR_MIGRATIONS, openPostgres } from './postgres.ts';
import { openSqlite } from './sqlite.ts';
import { SqlStore } from './sql-store.ts';
import type { Store } from './store.ts';

/** Where the store is: exactly one of the two. */
export type StoreLocation = SqliteLocation | PostgresLocation;

export interface SqliteLocation {
  /** The database file; made if it is not there. Its folder must exist. */
  readonly sqlitePath: string;
}

export interface PostgresLocation {
  /** PostgreSQL, or what speaks like it: `postgres://user:password@host:port/database?sslmode=verify-full`. */
  readonly databaseUrl: string;
  /** Connections at the most, from 1; default 10. */
  readonly poolSize?: number;
}

export interface OpenOptions {
  /** Whether somebody else has brought it up to date: then it is only looked at. Default: false. */
  readonly migrated?: boolean;
  readonly observe?: DatabaseObserver;
}

/**
 * Opens the store and brings its schema up to date. Several processes may do so at once.
 * @throws CmkError STORE_UNAVAILABLE when the database does not answer, CONFIG_INVALID when it cannot be used so
 */
export async function openStore(
  location: StoreLocation,
  { migrated = false, observe }: OpenOptions = {},
): Promise<Store> {
  if (!migrated) await migrateStore(location);
  const db = await openAt(location);
  try {
    if (migrated) await requireMigrated(db);
    const store = new SqlStore(new Database(db, observe));
    await store.chainUnchained();
    return store;
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

/**
 * Brings a store's schema up to date, by a connection of its own, which has more patience than callers have.
 * @throws as {@link openStore}
 */
export async function migrateStore(location: StoreLocation): Promise<void> {
  const db =
    'databaseUrl' in location
      ? await openPostgres(location.databaseUrl, 1, FOR_MIGRATIONS)
      : await openSqlite(location.sqlitePath);
  await migrate(db).finally(() => db.destroy());
}

function openAt(location: StoreLocation): Promise<Knex> {
  return 'databaseUrl' in location
    ? openPostgres(location.databaseUrl, location.poolSize ?? 10)
    : openSqlite(location.sqlitePath);
}
