import { setTimeout as delay } from 'node:timers/promises';
import type { Knex } from 'knex';
import { CmkError } from '../../core/errors.ts';
import { codeOf, isSerializationConflict, translateStoreError } from './errors.ts';
import { migrationSource } from './migrations/source.ts';

/** How long a process waits for others: one that migrates the same database, or uses a table, milliseconds. */
const PATIENCE_MS = 60_000;
/** Between attempts to get a table, so that those who waited meanwhile get it first, milliseconds. */
const PAUSE_MS = 500;

/**
 * Brings the schema up to date. All in one transaction, the migrations' own tables too: a process that dies in the
 * middle leaves nothing behind, and of several that start at once one does it while the others fail and look again.
 */
export async function migrate(db: Knex): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      await db.transaction((transaction) => transaction.migrate.latest(CONFIG));
      return;
    } catch (error) {
      const isTaken = codeOf(error) === LOCK_NOT_AVAILABLE;
      if (!(isTaken || isRace(error)) || performance.now() > end) throw translateStoreError(error);
      if (isTaken) await delay(PAUSE_MS);
    }
    await delay(20 + Math.random() * 100);
  }
}

/**
 * Looks whether every migration that this release knows was made. A newer release's do no harm.
 * @throws CmkError CONFIG_INVALID
 */
export async function requireMigrated(db: Knex): Promise<void> {
  const known = await migrationSource.getMigrations([]);
  const made = await madeMigrations(db);
  const missing = known.filter((name) => !made.has(name));
  if (missing.length === 0) return;
  const names = missing.join(', ');
  // PostgreSQL does not show tables to those who have no right to them.
  const rights = made.size === 0 ? ', and let this user read and write its tables' : '';
  throw new CmkError('CONFIG_INVALID', `the database lacks ${names}: run \`broker migrate\` first${rights}`);
}

async function madeMigrations(db: Knex): Promise<ReadonlySet<string>> {
  try {
    if (!(await db.schema.hasTable(MIGRATIONS_TABLE))) return new Set();
    const rows = await db(MIGRATIONS_TABLE).select<{ name: string }[]>('name');
    return new Set(rows.map(({ name }) => name));
  } catch (error) {
    throw translateStoreError(error);
  }
}

/** SQLSTATE: the statement gave up waiting. */
const LOCK_NOT_AVAILABLE = '55P03';

const MIGRATIONS_TABLE = 'schema_migrations';

const CONFIG: Knex.MigratorConfig = {
  migrationSource,
  tableName: MIGRATIONS_TABLE,
  // A newer release may have been here: during a rolling update, or before it was taken back.
  disableMigrationsListValidation: true,
};

/** Another process was making the same tables: unique_violation (in the catalogue), duplicate_table, a held lock. */
function isRace(error: unknown): boolean {
  if (isSerializationConflict(error)) return true;
  if (!(error instanceof Error)) return false;
  const code = codeOf(error);
  return (
    code === '23505' ||
    code === '42P07' ||
    error.name === 'MigrationLocked' ||
    error.message.includes('already exists')
  );
}
