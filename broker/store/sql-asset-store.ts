import type { Knex } from 'knex';
import type { Asset } from '../../core/asset.ts';
import { PROTECTIONS } from '../model/types.ts';
import type {
  AssetPlace,
  AssetQuery,
  AssetRow,
  AssetStore,
  Backlog,
  ProtectionCount,
} from './asset-store.ts';
import { assetColumns, DATA_KEY_COLUMNS, toListed } from './data-keys.ts';
import { readRow, readRows, type Database } from './database.ts';
import type { Row } from './row.ts';

type TypePlace = Pick<AssetPlace, 'srvId' | 'type'>;

/** Beyond every id that begins with a prefix: ids are printable ASCII. */
const AFTER_EVERY_ID = '\u007f';
const COLUMNS = DATA_KEY_COLUMNS.map((column) => `d.${column}`);

/** Assets in a SQL database. */
export class SqlAssetStore implements AssetStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  list(account: string, query: AssetQuery, after: AssetPlace | null, limit: number): Promise<AssetRow[]> {
    return this.#database.run(async (db) => {
      const found: AssetRow[] = [];
      // One type after the other: within one, ids are a range of an index, whatever else is asked for.
      for await (const place of typesOf(db, account, query, after)) {
        const isFirst = after?.srvId === place.srvId && after.type === place.type;
        const ids = { query, afterId: isFirst ? after.id : null, limit: limit - found.length };
        found.push(...(await listOneType(db, account, place, ids)));
        if (found.length >= limit) break;
      }
      return found;
    });
  }

  dataKeys(asset: Asset): Promise<AssetRow[]> {
    return this.#database.run(async (db) => {
      const query = db('data_keys').where(assetColumns(asset)).orderBy('generation', 'desc');
      return (await readRows('data_keys', query.select(DATA_KEY_COLUMNS))).map(toAssetRow);
    });
  }

  count(account: string): Promise<ProtectionCount[]> {
    return this.#database.run((db) => countDataKeys(db, account));
  }

  backlog(account: string): Promise<Backlog[]> {
    return this.#database.run(async (db) => {
      const query = db('data_keys')
        .where({ account, protection: 'CUSTOMER_KEY' })
        .whereNotNull('reencrypt_since')
        .whereNull('destroyed_at')
        .groupBy('srv_id', 'type')
        .orderBy(['srv_id', 'type'])
        .select('srv_id', 'type')
        .count('* as count')
        .min('reencrypt_since as oldest');
      return (await readRows('data_keys', query)).map((row) => ({
        srvId: row.text('srv_id'),
        type: row.text('type'),
        dataKeys: row.integer('count'),
        oldestSince: row.integer('oldest'),
      }));
    });
  }
}

/** The account's asset types in their order, from that of `after` on: a look or two into an index each. */
async function* typesOf(
  db: Knex,
  account: string,
  { srvId, type }: AssetQuery,
  after: TypePlace | null,
): AsyncGenerator<TypePlace> {
  const begin = after ?? { srvId: srvId ?? '', type: '' };
  let place = await nextType(db, account, begin, '>=');
  while (place && (srvId === undefined || place.srvId <= srvId)) {
    const isWanted = (srvId ?? place.srvId) === place.srvId && (type ?? place.type) === place.type;
    if (isWanted) yield place;
    place = await nextType(db, account, place, '>');
  }
}

/** Asked in two parts: not every database finds the next pair of columns without a look at all that are in between. */
async function nextType(
  db: Knex,
  account: string,
  { srvId, type }: TypePlace,
  comparison: '>=' | '>',
): Promise<TypePlace | null> {
  const types = () => db('data_keys').where({ account }).select('srv_id', 'type');
  const ofService = types().where({ srv_id: srvId }).where('type', comparison, type).orderBy('type');
  const others = types().where('srv_id', '>', srvId).orderBy(['srv_id', 'type']);
  const row = (await readRow('data_keys', ofService)) ?? (await readRow('data_keys', others));
  return row && { srvId: row.text('srv_id'), type: row.text('type') };
}

async function listOneType(
  db: Knex,
  account: string,
  { srvId: srv_id, type }: TypePlace,
  { query, afterId, limit }: { query: AssetQuery; afterId: string | null; limit: number },
): Promise<AssetRow[]> {
  const { protection, idPrefix } = query;
  const rows = db('data_keys as d')
    .where({ 'd.account': account, 'd.srv_id': srv_id, 'd.type': type })
    .whereNotExists(newer(db))
    .orderBy('d.asset_id')
    .limit(limit)
    .select(COLUMNS);
  if (protection !== undefined) void rows.where('d.protection', protection);
  if (afterId !== null) void rows.where('d.asset_id', '>', afterId);
  if (idPrefix !== undefined) {
    void rows.where('d.asset_id', '>=', idPrefix).where('d.asset_id', '<', idPrefix + AFTER_EVERY_ID);
  }
  return (await readRows('data_keys', rows)).map(toAssetRow);
}

function newer(db: Knex): Knex.QueryBuilder {
  const query = db('data_keys as n').where('n.generation', '>', db.ref('d.generation'));
  // Known already, but said so that the index of newer generations serves.
  void query.where('n.generation', '>', db.raw('1'));
  for (const column of ['account', 'srv_id', 'type', 'asset_id']) {
    void query.where(`n.${column}`, db.ref(`d.${column}`));
  }
  return query.select(db.raw('1'));
}

/** In the order of the index `data_keys_by_coverage`, which has all that is asked for. */
const GROUPS = ['kek_id', 'srv_id', 'type', 'protection'];

/** An asset counts where its newest data key is; all but the newest are the predecessors of another. */
async function countDataKeys(db: Knex, account: string): Promise<ProtectionCount[]> {
  const all = db('data_keys')
    .where({ account })
    .groupBy(GROUPS)
    .orderBy(GROUPS)
    .select(GROUPS)
    .count({ all_rows: '*', gone: 'destroyed_at' });
  const rows = await readRows('data_keys', all);
  const older = await countOlder(db, account);
  return rows.map((row) => ({
    srvId: row.text('srv_id'),
    type: row.text('type'),
    protection: row.word('protection', PROTECTIONS),
    kekId: row.text('kek_id'),
    assets: row.integer('all_rows') - (older.get(groupOf(row)) ?? 0),
    dataKeys: row.integer('all_rows') - row.integer('gone'),
  }));
}

async function countOlder(db: Knex, account: string): Promise<ReadonlyMap<string, number>> {
  const groups = GROUPS.map((column) => `d.${column}`);
  // A cross join, because SQLite keeps its order: those few that are newer first, then their predecessors.
  const query = db('data_keys as n')
    .joinRaw('cross join data_keys as d')
    .where('n.account', account)
    .where('n.generation', '>', db.raw('1'))
    .where('d.generation', db.raw('n.generation - 1'))
    .groupBy(groups)
    .select(groups)
    .count('* as count');
  for (const column of ['account', 'srv_id', 'type', 'asset_id']) {
    void query.where(`d.${column}`, db.ref(`n.${column}`));
  }
  const rows = await readRows('data_keys', query);
  return new Map(rows.map((row) => [groupOf(row), row.integer('count')]));
}

function groupOf(row: Row): string {
  return GROUPS.map((column) => row.text(column)).join(' ');
}

function toAssetRow(row: Row): AssetRow {
  const { wrapped: _wrapped, context: _context, ...facts } = toListed(row);
  return facts;
}
