import knex from 'knex';
import type { StoreLocation } from '../../broker/store/open-store.ts';

/** Which data keys a database holds, read past the broker. */
export interface DataKeyRow {
  readonly data_key_id: string;
  readonly asset_id: string;
  readonly protection: string;
}

/** Every row of `data_keys`. */
export async function dataKeyRows(location: StoreLocation): Promise<DataKeyRow[]> {
  const db =
    'databaseUrl' in location
      ? knex.knex({ client: 'pg', connection: location.databaseUrl })
      : knex.knex({
          client: 'sqlite3',
          connection: { filename: location.sqlitePath },
          useNullAsDefault: true,
        });
  try {
    return await db<DataKeyRow>('data_keys').select('data_key_id', 'asset_id', 'protection');
  } finally {
    await db.destroy();
  }
}
