import knex, { type Knex } from 'knex';
import type { EncryptionContext } from '../../core/encryption-context.ts';
import { assetContext } from '../../core/encryption-context.ts';

/** A wrapped data key as a thief of the database finds it. */
export interface WrappedKey {
  readonly id: string;
  readonly protection: string;
  readonly wrapped: Buffer;
  readonly context: EncryptionContext;
}

/** Runs statements on a SQLite database past the broker. */
export async function onDatabase<T>(path: string, work: (db: Knex) => Promise<T>): Promise<T> {
  const db = knex.knex({ client: 'sqlite3', connection: { filename: path }, useNullAsDefault: true });
  try {
    return await work(db);
  } finally {
    await db.destroy();
  }
}

/** Copies a whole database as it is now, for somebody to look at later. */
export async function copyDatabase(from: string, to: string): Promise<void> {
  await onDatabase(from, (db) => db.raw('VACUUM INTO ?', [to]));
}

/** An account's wrapped data keys in a database, and the platform key's identifiers. */
export async function wrappedKeys(
  path: string,
  account: string,
): Promise<{ keys: WrappedKey[]; platform: string[] }> {
  return onDatabase(path, async (db) => {
    const rows = (await db('data_keys').where({ account })) as Record<string, never>[];
    const keys = rows.map((row) => {
      const asset = { account, srvId: row['srv_id'], type: row['type'], id: row['asset_id'] } as never;
      const { data_key_id: id, protection, wrapped, created_at: createdAt } = row as never;
      return { id, protection, wrapped, context: assetContext(asset, createdAt) };
    });
    const ofPlatform = db('keks').whereNull('account').select('id');
    const platform = await db('kek_references').whereIn('kek_id', ofPlatform).pluck<string[]>('reference');
    return { keys, platform };
  });
}
