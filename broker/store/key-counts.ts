import type { Knex } from 'knex';
import { readRows } from './database.ts';
import type { DataKeyCount } from './key-life-store.ts';

/**
 * The data keys under a key that are not destroyed, and their assets, in order of service and type. Counted as data keys,
 * which an index has all of; those that an asset has beyond its first are few, and another index has them.
 */
export async function countDataKeys(db: Knex, account: string, kekId: string): Promise<DataKeyCount[]> {
  const query = db('data_keys')
    .where({ account, kek_id: kekId, destroyed_at: null })
    .groupBy('srv_id', 'type')
    .orderBy(['srv_id', 'type'])
    .select('srv_id', 'type')
    .count('* as data_keys');
  const rows = await readRows('data_keys', query);
  const further = await countFurther(db, account, kekId);
  return rows.map((row) => {
    const place = { srvId: row.text('srv_id'), type: row.text('type') };
    const dataKeys = row.integer('data_keys');
    return { ...place, dataKeys, assets: dataKeys - (further.get(nameOf(place)) ?? 0) };
  });
}

/** Data keys whose asset has an older one under the same key. */
async function countFurther(db: Knex, account: string, kekId: string): Promise<ReadonlyMap<string, number>> {
  const groups = ['d.kek_id', 'd.srv_id', 'd.type'];
  // A cross join, because SQLite keeps its order: those few that are not their asset's first, then those before them.
  const query = db('data_keys as n')
    .joinRaw('cross join data_keys as d')
    .where('n.account', account)
    .where('n.generation', '>', db.raw('1'))
    .where('d.generation', '<', db.ref('n.generation'))
    .whereNull('n.destroyed_at')
    .whereNull('d.destroyed_at')
    .groupBy(groups)
    .select(groups)
    .countDistinct('n.data_key_id as count');
  for (const column of ['account', 'srv_id', 'type', 'asset_id', 'kek_id']) {
    void query.where(`d.${column}`, db.ref(`n.${column}`));
  }
  // Of all keys: asked for one, SQLite would go over all that is under it.
  const rows = await readRows('data_keys', query);
  const under = rows.filter((row) => row.text('kek_id') === kekId);
  return new Map(
    under.map((row) => [nameOf({ srvId: row.text('srv_id'), type: row.text('type') }), row.integer('count')]),
  );
}

function nameOf({ srvId, type }: Pick<DataKeyCount, 'srvId' | 'type'>): string {
  return `${srvId} ${type}`;
}
