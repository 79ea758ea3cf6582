import type { Knex } from 'knex';
import { CmkError } from '../../core/errors.ts';
import type { DataKeyPlace, MoveCount, MoveSelection } from '../model/moves.ts';
import { DATA_KEY_COLUMNS, toRecord, assetColumns } from './data-keys.ts';
import { readRows } from './database.ts';
import type { MoveBatch, Page, PageRequest, Rewrapped } from './move-store.ts';
import type { Row } from './row.ts';

/** A place's columns, in the order of the index `data_keys_by_kek`. */
const PLACE = ['srv_id', 'type', 'asset_id', 'generation'];

/** An account's data keys under some of its selection's keys. */
export function selected(db: Knex, account: string, selection: MoveSelection, kekIds = selection.kekIds) {
  const { protections, srvId, type, owners, ownerLicensed } = selection;
  const query = db('data_keys').where({ account }).whereIn('kek_id', kekIds).whereNull('destroyed_at');
  if (srvId !== undefined) void query.where({ srv_id: srvId });
  if (type !== undefined) void query.where({ type });
  if (protections) void query.whereIn('protection', protections);
  if (owners) void query.whereIn('owner', owners);
  if (ownerLicensed !== undefined) {
    void query.whereNotNull('owner');
    const licensed = licensedOwners(db, account);
    if (ownerLicensed) void query.whereIn('owner', licensed);
    else void query.whereNotIn('owner', licensed);
  }
  return query;
}

/** Members of the account's licensed groups. */
function licensedOwners(db: Knex, account: string): Knex.QueryBuilder {
  return db('group_members as m')
    .join('account_groups as g', (on) => on.on('g.account', 'm.account').on('g.id', 'm.group_id'))
    .where({ 'm.account': account, 'g.licensed': true })
    .select('m.user_id');
}

/** Of a selection that depends on owners: those of which nobody knows the owner. */
export async function countOwnerUnknown(
  db: Knex,
  account: string,
  { owners, ownerLicensed, ...rest }: MoveSelection,
): Promise<MoveCount[]> {
  if (!owners && ownerLicensed === undefined) return [];
  return counts(selected(db, account, rest).whereNull('owner'));
}

export async function countByType(db: Knex, account: string, selection: MoveSelection): Promise<MoveCount[]> {
  return counts(selected(db, account, selection));
}

async function counts(query: Knex.QueryBuilder): Promise<MoveCount[]> {
  const grouped = query
    .groupBy('srv_id', 'type')
    .orderBy(['srv_id', 'type'])
    .select('srv_id', 'type')
    .count('* as count');
  return (await readRows('data_keys', grouped)).map((row) => ({
    srvId: row.text('srv_id'),
    type: row.text('type'),
    count: row.integer('count'),
  }));
}

export async function countAll(db: Knex, account: string, selection: MoveSelection): Promise<number> {
  const query = selected(db, account, selection).select(db.raw('count(*) as count'));
  return (await readRows('data_keys', query))[0]?.integer('count') ?? 0;
}

export async function page(
  db: Knex,
  { account, selection, kekId, after, limit }: PageRequest,
): Promise<Page> {
  const query = selected(db, account, selection, [kekId])
    .orderBy(PLACE)
    .limit(limit)
    .select(DATA_KEY_COLUMNS);
  if (after) {
    const { srvId, type, assetId, generation } = after;
    void query.whereRaw('(srv_id, type, asset_id, generation) > (?, ?, ?, ?)', [
      srvId,
      type,
      assetId,
      generation,
    ]);
  }
  const rows = await readRows('data_keys', query);
  const last = rows.at(-1);
  const sound = rows.map((row) => recordOrNull(row));
  return {
    records: sound.filter((record) => record !== null),
    corrupt: rows.filter((_, index) => sound[index] === null).map(toPlace),
    next: rows.length === limit && last ? toPlace(last) : null,
  };
}

/** One row that makes no sense must not keep the others where they are. */
function recordOrNull(row: Row): Page['records'][number] | null {
  try {
    return toRecord(row);
  } catch (error) {
    if (error instanceof CmkError) return null;
    throw error;
  }
}

export function toPlace(row: Row): DataKeyPlace {
  return {
    srvId: row.text('srv_id'),
    type: row.text('type'),
    assetId: row.text('asset_id'),
    generation: row.integer('generation', Number.MIN_SAFE_INTEGER),
  };
}

/** @returns how many were still as they had been read */
export async function moveDataKeys(db: Knex, batch: MoveBatch): Promise<number> {
  let moved = 0;
  for (const rewrapped of batch.rewrapped) if (await moveDataKey(db, rewrapped, batch)) moved++;
  return moved;
}

async function moveDataKey(db: Knex, { record, wrapped }: Rewrapped, batch: MoveBatch): Promise<boolean> {
  const { target, reencrypt, nowMs } = batch;
  const changed = await db('data_keys')
    .where({
      ...assetColumns(record.asset),
      generation: record.generation,
      kek_id: record.kekId,
      wrapped: Buffer.from(record.wrapped),
    })
    .update({
      kek_id: target.kekId,
      protection: target.protection,
      wrapped: Buffer.from(wrapped),
      ...(reencrypt && { reencrypt_since: nowMs }),
    });
  return changed === 1;
}
