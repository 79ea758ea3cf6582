import { setTimeout as delay } from 'node:timers/promises';
import type { Knex } from 'knex';
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

const CONFIG: Knex.MigratorConfig = {
  migrationSource,
  tableName: 'schema_migrations',
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
