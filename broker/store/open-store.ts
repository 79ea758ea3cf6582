import { Database } from './database.ts';
import { migrate } from './migrate.ts';
import { openSqlite } from './sqlite.ts';
import { SqlStore } from './sql-store.ts';
import type { Store } from './store.ts';

/** Where the store is. */
export interface StoreLocation {
  /** SQLite: the database file, made if it is not there. Used when there is no `databaseUrl`. */
  readonly sqlitePath?: string;
  /** PostgreSQL, or what speaks like it: `postgres://user:password@host:port/database?sslmode=verify-full`. */
  readonly databaseUrl?: string;
}

/**
 * Opens the store and brings its schema up to date.
 * @throws CmkError STORE_UNAVAILABLE when the database does not answer
 */
export async function openStore(location: StoreLocation): Promise<Store> {
  const db = await openSqlite(location.sqlitePath ?? 'cmk.db');
  try {
    await migrate(db);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return new SqlStore(new Database(db));
}
