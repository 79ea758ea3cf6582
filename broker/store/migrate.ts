import { setTimeout as delay } from 'node:timers/promises';
import type { Knex } from 'knex';
import { CmkError } from '../../core/errors.ts';
import { isSerializationConflict, translateStoreError } from './errors.ts';
import { migrationSource } from './migrations/source.ts';

/** How long a process waits for another one that migrates the same database, milliseconds. */
const PATIENCE_MS = 60_000;

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
      if (!isRace(error) || performance.now() > end) throw translateStoreError(error);
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
  throw new CmkError('CONFIG_INVALID', `the database lacks ${names}: run \`broker migrate\` first`);
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
  const code = 'code' in error ? error.code : '';
  return (
    code === '23505' ||
    code === '42P07' ||
    error.name === 'MigrationLocked' ||
    error.message.includes('already exists')
  );
}
