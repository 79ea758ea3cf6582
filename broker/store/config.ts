import { choice, integer, path, secret, type Config, type Settings } from '../../runtime/config.ts';
import type { StoreLocation } from './open-store.ts';

/** What a broker can be told of its database. */
export const STORE_SETTINGS = {
  databaseUrl: secret({
    name: 'CMK_DATABASE_URL',
    doc: 'PostgreSQL, e.g. `postgres://user:password@host:5432/cmk?sslmode=verify-full`. Unset: SQLite, which serves one broker.',
    default: null,
  }),
  databasePool: integer({
    name: 'CMK_DATABASE_POOL',
    doc: 'Connections to PostgreSQL at the most.',
    min: 1,
    max: 1000,
    default: '10',
  }),
  databaseMigrate: choice({
    name: 'CMK_DATABASE_MIGRATE',
    doc: 'Who brings the database’s schema up to date: the broker when it starts (`at-start`), or `broker migrate`, without which a broker does not start on an older schema (`by-job`); then brokers need no right to change tables.',
    of: ['at-start', 'by-job'],
    default: 'at-start',
  }),
  sqlitePath: path({
    name: 'CMK_SQLITE_FILE',
    doc: 'The SQLite database file; made if it is missing, its folder must exist.',
    default: 'cmk.db',
  }),
} satisfies Settings;

/** Where the settings say that the store is. */
export function storeLocation({
  databaseUrl,
  databasePool,
  sqlitePath,
}: Pick<Config<typeof STORE_SETTINGS>, 'databaseUrl' | 'databasePool' | 'sqlitePath'>): StoreLocation {
  return databaseUrl ? { databaseUrl: databaseUrl.reveal(), poolSize: databasePool } : { sqlitePath };
}
