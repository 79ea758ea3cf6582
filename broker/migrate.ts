import { readConfig } from '../runtime/config.ts';
import { createLogger } from '../runtime/logger.ts';
import { STORE_SETTINGS, storeLocation } from './store/config.ts';
import { migrateStore } from './store/open-store.ts';

/**
 * `broker migrate`: brings the database's schema up to date and ends, with exit code 1 when that was not possible. Of a
 * broker's settings it needs those of the database alone.
 */
export async function runMigrations(env: NodeJS.ProcessEnv): Promise<void> {
  const logger = createLogger({ name: 'migrate', level: 'info' });
  try {
    const config = readConfig(STORE_SETTINGS, env);
    await migrateStore(storeLocation(config));
    logger.info('the schema is up to date');
  } catch (error) {
    logger.fatal({ err: error }, 'cannot migrate');
    process.exitCode = 1;
  }
}
