import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import knex, { type Knex } from 'knex';
import { CmkError } from '../../core/errors.ts';
import { SILENT } from './database.ts';

/** How long a call waits for its turn on the one connection, milliseconds. */
const ACQUIRE_TIMEOUT_MS = 10_000;
/** How long a statement waits for another process's lock on the file, milliseconds. */
const BUSY_TIMEOUT_MS = 5_000;

/** The part of the driver's connection that is used here. */
interface Connection {
  all(sql: string, callback: (error: Error | null, rows: unknown[]) => void): void;
}

/** Opens (and makes, readable by its owner alone) a database file. One connection: SQLite has one writer. */
export async function openSqlite(path: string): Promise<Knex> {
  await ownerOnly(path);
  return knex.knex({
    client: 'sqlite3',
    connection: { filename: path },
    useNullAsDefault: true,
    // Parameters stay out of error texts.
    compileSqlOnError: false,
    log: SILENT,
    pool: {
      min: 0,
      max: 1,
      idleTimeoutMillis: 2 ** 30,
      acquireTimeoutMillis: ACQUIRE_TIMEOUT_MS,
      afterCreate,
    },
  });
}

/** The write-ahead log and its index get the main file's mode from SQLite. */
async function ownerOnly(path: string): Promise<void> {
  try {
    const file = await open(path, 'a', 0o600);
    await file.chmod(0o600).finally(() => file.close());
  } catch (error) {
    throw new CmkError('STORE_UNAVAILABLE', `the database file ${path} cannot be opened for writing`, {
      cause: error,
    });
  }
}

function afterCreate(
  connection: Connection,
  done: (error: Error | null, connection: Connection) => void,
): void {
  prepare(connection).then(
    () => done(null, connection),
    (error: unknown) => done(error as Error, connection),
  );
}

async function prepare(connection: Connection): Promise<void> {
  const all = promisify<string, unknown[]>(connection.all.bind(connection));
  await all(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
  const [mode] = await all('PRAGMA journal_mode = WAL');
  if ((mode as { journal_mode?: unknown } | undefined)?.journal_mode !== 'wal') {
    throw new Error('the file system cannot hold a write-ahead log (a network file system?)');
  }
  // FULL: a commit is on disk when it returns. NORMAL would lose the newest ones with the power.
  await all('PRAGMA synchronous = FULL');
  await all('PRAGMA foreign_keys = ON');
}
