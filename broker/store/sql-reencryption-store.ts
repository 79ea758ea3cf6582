import type { Knex } from 'knex';
import type { Asset } from '../../core/asset.ts';
import type { AuditEvent } from '../model/types.ts';
import { assetColumns, DATA_KEY_COLUMNS, toRecord } from './data-keys.ts';
import { readRow, readRows, type Database } from './database.ts';
import { appendAudit, type HeadGuesses } from './ledger.ts';
import type {
  Destruction,
  MarkedDataKey,
  ReencryptionPlace,
  ReencryptionStore,
} from './reencryption-store.ts';
import type { Row } from './row.ts';

/** The order of the index `data_keys_to_reencrypt`, its service left out. */
const PLACE = ['reencrypt_since', 'account', 'type', 'asset_id', 'generation'];

/** Re-encryption on a SQL database. */
export class SqlReencryptionStore implements ReencryptionStore {
  readonly #database: Database;
  readonly #guesses: HeadGuesses;

  constructor(database: Database, guesses: HeadGuesses) {
    this.#database = database;
    this.#guesses = guesses;
  }

  list(srvId: string, after: ReencryptionPlace | null, limit: number): Promise<MarkedDataKey[]> {
    return this.#database.run(async (db) => {
      const query = marked(db).where({ srv_id: srvId }).orderBy(PLACE).limit(limit);
      if (after) {
        const { since, account, type, assetId, generation } = after;
        const place = [since, account, type, assetId, generation];
        void query.whereRaw(`(${PLACE.join(', ')}) > (?, ?, ?, ?, ?)`, place);
      }
      const rows = await readRows('data_keys', query.select([...DATA_KEY_COLUMNS, 'sealing_at']));
      return rows.map(toMarked);
    });
  }

  noteSealing(asset: Asset, dataKeyId: string, nowMs: number): Promise<boolean> {
    return this.#database.run(async (db) => {
      const query = db('data_keys').where({ ...assetColumns(asset), data_key_id: dataKeyId });
      return (await query.whereNull('destroyed_at').update({ sealing_at: nowMs })) === 1;
    });
  }

  destroy(
    asset: Asset,
    dataKeyId: string,
    when: { readonly nowMs: number; readonly unusedSinceMs: number },
    audit: AuditEvent,
  ): Promise<Destruction> {
    return this.#database.transact(async (db) => {
      if (!(await destroyIfUnused(db, asset, dataKeyId, when))) {
        return whyNot(db, asset, dataKeyId, when.unusedSinceMs);
      }
      await appendAudit(db, [audit], this.#guesses);
      return 'DONE';
    });
  }
}

/** What the platform key wraps now is another matter: sealing it again under the customer's would gain nothing. */
function marked(db: Knex): Knex.QueryBuilder {
  return db('data_keys')
    .whereNotNull('reencrypt_since')
    .whereNull('destroyed_at')
    .where({ protection: 'CUSTOMER_KEY' });
}

function toMarked(row: Row): MarkedDataKey {
  const since = row.integer('reencrypt_since');
  // Until it was marked it was granted as any other, and nobody noted when.
  const sealingAt = row.isNull('sealing_at') ? since : Math.max(since, row.integer('sealing_at'));
  return { record: toRecord(row), sealingAt };
}

async function destroyIfUnused(
  db: Knex,
  asset: Asset,
  dataKeyId: string,
  { nowMs, unusedSinceMs }: { readonly nowMs: number; readonly unusedSinceMs: number },
): Promise<boolean> {
  const newer = db('data_keys as n')
    .where({ 'n.protection': 'CUSTOMER_KEY' })
    .whereNull('n.destroyed_at')
    .where('n.generation', '>', db.ref('data_keys.generation'));
  for (const column of ['account', 'srv_id', 'type', 'asset_id']) {
    void newer.where(`n.${column}`, db.ref(`data_keys.${column}`));
  }
  const changed = await marked(db)
    .where({ ...assetColumns(asset), data_key_id: dataKeyId })
    .where('reencrypt_since', '<=', unusedSinceMs)
    .where((unused) => void unused.whereNull('sealing_at').orWhere('sealing_at', '<=', unusedSinceMs))
    .whereExists(newer.select(db.raw('1')))
    .update({ wrapped: Buffer.alloc(0), destroyed_at: nowMs });
  return changed === 1;
}

async function whyNot(
  db: Knex,
  asset: Asset,
  dataKeyId: string,
  unusedSinceMs: number,
): Promise<Destruction> {
  const query = db('data_keys').where({ ...assetColumns(asset), data_key_id: dataKeyId });
  const row = await readRow('data_keys', query.select([...DATA_KEY_COLUMNS, 'sealing_at']));
  if (!row) return 'UNKNOWN';
  const { reencryptSince, destroyedAt, protection } = toRecord(row);
  if (destroyedAt !== null) return 'DONE_BEFORE';
  if (reencryptSince === null || protection !== 'CUSTOMER_KEY') return 'NOT_MARKED';
  return toMarked(row).sealingAt > unusedSinceMs ? 'IN_USE' : 'NO_NEWER';
}
