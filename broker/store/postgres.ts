import { Socket } from 'node:net';
import knex, { type Knex } from 'knex';
import { CmkError } from '../../core/errors.ts';
import { SILENT } from './database.ts';
import { translateStoreError } from './errors.ts';

/** Bounds on what a database that is slow, gone or silent can cost a call, milliseconds. */
const ACQUIRE_TIMEOUT_MS = 5_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** A broker that vanished in the middle of a transaction gives its locks back after this long. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;
const IDLE_CONNECTION_MS = 8_000;

/** How long a database may take, milliseconds. */
export interface Patience {
  readonly statementMs: number;
  /** Longer than any statement and any idle connection: beyond it, the other side is gone without a word. */
  readonly silenceMs: number;
  /** How long a statement waits for a lock; null: as long as it may take. */
  readonly lockMs: number | null;
}

const USUAL: Patience = { statementMs: 5_000, silenceMs: 10_000, lockMs: null };
/**
 * An index on a table that is large takes minutes. But what waits for a table makes everybody wait who comes after it, so
 * behind somebody's long transaction a migration gives way long before brokers' statements give up.
 */
export const FOR_MIGRATIONS: Patience = { statementMs: 1_800_000, silenceMs: 1_810_000, lockMs: 1_000 };

/**
 * Connects to PostgreSQL or to a database that speaks like it.
 * @param databaseUrl TLS is asked for in the URL: `sslmode=verify-full`, with `sslrootcert=<path>` for a private CA,
 *   `sslcert=<path>` and `sslkey=<path>` for a client certificate
 * @param poolSize connections at the most, from 1
 * @throws CmkError CONFIG_INVALID when the URL is none, or the database does not keep what it commits
 */
export async function openPostgres(
  databaseUrl: string,
  poolSize: number,
  patience: Patience = USUAL,
): Promise<Knex> {
  checkUrl(databaseUrl);
  const db = knex.knex({
    client: 'pg',
    // The oldest that we use. Given here, so that the library does not ask and stumble over CockroachDB's answer.
    version: '13',
    connection: connectionSettings(databaseUrl, patience),
    // Parameters stay out of error texts.
    compileSqlOnError: false,
    log: SILENT,
    pool: {
      min: 0,
      max: poolSize,
      acquireTimeoutMillis: ACQUIRE_TIMEOUT_MS,
      idleTimeoutMillis: IDLE_CONNECTION_MS,
      createRetryIntervalMillis: 100,
    },
  });
  try {
    await checkDurability(db);
  } catch (error) {
    await db.destroy();
    throw translateStoreError(error);
  }
  return db;
}

/** The URL holds a password: it stands neither in the error nor in its cause. */
function checkUrl(databaseUrl: string): void {
  if (!URL.canParse(databaseUrl)) {
    throw new CmkError(
      'CONFIG_INVALID',
      'the database URL: expected postgres://user:password@host:port/database',
    );
  }
  // Of the other modes some do not check whom they talk to, and the driver gives some another meaning than libpq.
  const mode = new URL(databaseUrl).searchParams.get('sslmode') ?? 'disable';
  if (mode !== 'verify-full' && mode !== 'disable') {
    throw new CmkError(
      'CONFIG_INVALID',
      `the database URL: expected sslmode verify-full or disable, got ${mode}`,
    );
  }
}

function connectionSettings(
  databaseUrl: string,
  { statementMs, silenceMs, lockMs }: Patience,
): Knex.PgConnectionConfig {
  const settings = {
    connectionString: databaseUrl,
    application_name: 'cmk-broker',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: statementMs,
    ...(lockMs !== null && { lock_timeout: lockMs }),
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    stream: () => newSocket(silenceMs),
  };
  return settings;
}

/** A socket that ends itself when nothing came or went for too long, so that no call waits for a dead peer. */
function newSocket(silenceMs: number): Socket {
  const socket = new Socket();
  socket.setTimeout(silenceMs, () =>
    socket.destroy(new Error(`no word from the database for ${silenceMs} ms`)),
  );
  return socket;
}

/** With `synchronous_commit = off` a commit is a promise that a power loss breaks, and a data key with it. */
async function checkDurability(db: Knex): Promise<void> {
  const answer = await db.raw<{ rows: { synchronous_commit?: unknown }[] }>('show synchronous_commit');
  if (answer.rows[0]?.synchronous_commit === 'off') {
    throw new CmkError('CONFIG_INVALID', 'the database: expected synchronous_commit to be on, got off');
  }
}
