import type { Knex } from 'knex';
import type { Asset } from '../../core/asset.ts';
import { assetContext, isContextOf } from '../../core/encryption-context.ts';
import { CmkError } from '../../core/errors.ts';
import { type DataKeyRecord, type ListedDataKey, PROTECTIONS } from '../model/types.ts';
import { readRow, readRows } from './database.ts';
import type { Row } from './row.ts';

const PRIMARY_KEY = ['account', 'srv_id', 'type', 'asset_id', 'generation'];

/** What makes a {@link DataKeyRecord}. */
export const DATA_KEY_COLUMNS = [
  ...PRIMARY_KEY,
  'data_key_id',
  'kek_id',
  'protection',
  'wrapped',
  'owner',
  'created_at',
  'reencrypt_since',
  'destroyed_at',
];

/** The asset's part of every key of the table: no look-up goes without it. */
export function assetColumns(asset: Asset): Record<string, string> {
  return { account: asset.account, srv_id: asset.srvId, type: asset.type, asset_id: asset.id };
}

/** The context is not stored: it follows from the asset and the time, and cannot be another asset's. */
export function toRecord(row: Row): DataKeyRecord {
  return { ...toListed(row), protection: row.oneOf('protection', PROTECTIONS) };
}

/** As {@link toRecord}, to be looked at: the protection may be one that a newer release knows. */
export function toListed(row: Row): ListedDataKey {
  const asset: Asset = {
    account: row.text('account'),
    srvId: row.text('srv_id'),
    type: row.text('type'),
    id: row.text('asset_id'),
  };
  const createdAt = row.integer('created_at');
  const destroyedAt = row.isNull('destroyed_at') ? null : row.integer('destroyed_at');
  return {
    asset,
    id: row.text('data_key_id'),
    generation: row.integer('generation', 1),
    kekId: row.text('kek_id'),
    protection: row.word('protection', PROTECTIONS),
    wrapped: destroyedAt === null ? row.bytes('wrapped') : new Uint8Array(),
    context: assetContext(asset, createdAt),
    createdAt,
    owner: row.optionalText('owner'),
    reencryptSince: row.isNull('reencrypt_since') ? null : row.integer('reencrypt_since'),
    destroyedAt,
  };
}

export async function findNewestDataKey(db: Knex, asset: Asset): Promise<DataKeyRecord | null> {
  const query = db('data_keys').where(assetColumns(asset)).orderBy('generation', 'desc');
  const row = await readRow('data_keys', query);
  return row && toRecord(row);
}

export async function findDataKey(db: Knex, asset: Asset, dataKeyId: string): Promise<DataKeyRecord | null> {
  const query = db('data_keys').where({ ...assetColumns(asset), data_key_id: dataKeyId });
  const row = await readRow('data_keys', query);
  return row && toRecord(row);
}

/** One statement for all. SQLite takes no more than 500 of them. */
export async function kekIdsOf(
  db: Knex,
  keys: readonly { readonly asset: Asset; readonly dataKeyId: string }[],
): Promise<(string | null)[]> {
  const columns = ['account', 'srv_id', 'type', 'asset_id', 'data_key_id'];
  const tuples = keys.map(({ asset: { account, srvId, type, id }, dataKeyId }) => [
    account,
    srvId,
    type,
    id,
    dataKeyId,
  ]);
  if (tuples.length === 0) return [];
  const query = db('data_keys')
    .whereIn(columns, tuples)
    .select(...columns, 'kek_id');
  const kekIds = new Map(
    (await readRows('data_keys', query)).map((row) => [
      columns.map((column) => row.text(column)).join(' '),
      row.text('kek_id'),
    ]),
  );
  return tuples.map((tuple) => kekIds.get(tuple.join(' ')) ?? null);
}

/** @returns the record that was there first, or null when this one was */
export async function insertDataKey(db: Knex, record: DataKeyRecord): Promise<DataKeyRecord | null> {
  checkRecord(record);
  const inserted = await db('data_keys')
    .insert({
      ...assetColumns(record.asset),
      generation: record.generation,
      data_key_id: record.id,
      kek_id: record.kekId,
      protection: record.protection,
      wrapped: Buffer.from(record.wrapped),
      created_at: record.createdAt,
      owner: record.owner,
    })
    .onConflict(PRIMARY_KEY)
    .ignore()
    .returning('data_key_id');
  if (inserted.length > 0) return null;
  const where = { ...assetColumns(record.asset), generation: record.generation };
  const row = await readRow('data_keys', db('data_keys').where(where));
  if (!row) throw new CmkError('INTERNAL', 'a data key was in the way and is gone');
  return toRecord(row);
}

function checkRecord({ asset, context, createdAt, generation }: DataKeyRecord): void {
  if (!isContextOf(context, asset) || context['timestamp'] !== String(createdAt) || generation < 1) {
    throw new CmkError(
      'INTERNAL',
      'a data key to be stored has another context than its asset and time give',
    );
  }
}
