import type { Knex } from 'knex';
import type { Pulse } from './attention-store.ts';
import { readRows } from './database.ts';

/** What is looked at of an account, in the order in which it stands in its text. */
const KEY_COLUMNS = ['k.id', 'k.lifecycle', 'r.position', 'r.reference'];
const STATUS_COLUMNS = ['s.kek_id', 's.reference', 's.key_use', 's.status', 's.cause'];
const MOVE_COLUMNS = ['id', 'state', 'moved', 'left_over', 'problem_code'];
const EPISODE_COLUMNS = ['id', 'cause', 'assets', 'probes', 'next_probe_at'];

/** See `AttentionStore.pulses`. */
export async function pulses(db: Knex, ids: readonly string[]): Promise<ReadonlyMap<string, Pulse>> {
  const heads = await readRows('ledger_heads', db('ledger_heads').whereIn('chain', ids));
  const ledgers = new Map(heads.map((row) => [row.text('chain'), row.integer('sequence')]));
  const keks = () => db('keks as k').whereIn('k.account', ids);
  const keys = await texts(
    keks().join('kek_references as r', 'r.kek_id', 'k.id').select('k.account'),
    KEY_COLUMNS,
  );
  const statuses = await texts(
    keks().join('key_statuses as s', 's.kek_id', 'k.id').select('k.account'),
    STATUS_COLUMNS,
  );
  const unfinished = db('moves').whereIn('account', ids).whereIn('state', ['RUNNING', 'PAUSED']);
  const moves = await texts(unfinished.select('account'), MOVE_COLUMNS);
  const lasting = db('fallback_episodes').whereIn('account', ids).whereNull('ended_at');
  const fallbacks = await texts(lasting.select('account'), EPISODE_COLUMNS);
  return new Map(
    ids.map((id) => [
      id,
      {
        ledger: ledgers.get(id) ?? 0,
        keys: `${keys.get(id) ?? ''}\n${statuses.get(id) ?? ''}`,
        moves: moves.get(id) ?? '',
        fallback: fallbacks.get(id) ?? '',
      },
    ]),
  );
}

/** By account, its rows as they are. */
async function texts(
  query: Knex.QueryBuilder,
  columns: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows: Record<string, unknown>[] = await query.orderBy([...columns]).select([...columns]);
  const byAccount = new Map<string, string>();
  for (const { account, ...values } of rows) {
    const id = String(account);
    byAccount.set(id, `${byAccount.get(id) ?? ''}${JSON.stringify(Object.values(values))}\n`);
  }
  return byAccount;
}
