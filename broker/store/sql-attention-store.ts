import type { Knex } from 'knex';
import { ERROR_CODES, type ErrorCode } from '../../core/errors.ts';
import { KEY_USES } from '../model/alerts.ts';
import type { AttentionFacts, KekFacts, MoveFacts, StatusFacts } from '../model/attention.ts';
import { MOVE_KINDS } from '../model/moves.ts';
import { ACTS_OF_SERVICES, KEY_LIFECYCLES, LICENCES } from '../model/types.ts';
import type { AttentionStore, Pulse, Unfinished } from './attention-store.ts';
import { readRows, type Database } from './database.ts';
import { FALLBACK_COLUMNS, toEpisode, toFallback } from './fallbacks.ts';
import { pulses } from './pulses.ts';
import { countUntold } from './undelivered.ts';
import type { Row } from './row.ts';

const CODES = Object.keys(ERROR_CODES) as ErrorCode[];
const HOUR_MS = 3_600_000;
const UNFINISHED = ['RUNNING', 'PAUSED'];

/** What needs attention, of a SQL database. */
export class SqlAttentionStore implements AttentionStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  facts(accounts: readonly string[], sinceHour: number): Promise<ReadonlyMap<string, AttentionFacts>> {
    return this.#database.run((db) => readFacts(db, accounts, sinceHour));
  }

  pulses(accounts: readonly string[]): Promise<ReadonlyMap<string, Pulse>> {
    return this.#database.run((db) => pulses(db, accounts));
  }

  unfinished(): Promise<Unfinished> {
    return this.#database.run(readUnfinished);
  }
}

async function readFacts(
  db: Knex,
  ids: readonly string[],
  sinceHour: number,
): Promise<ReadonlyMap<string, AttentionFacts>> {
  const accounts = db('accounts as a')
    .whereIn('a.id', ids)
    .select('a.id', 'a.licence', ...FALLBACK_COLUMNS);
  const rows = await readRows('accounts', accounts);
  const enrolments = await countBy(db('enrolments').whereIn('account', ids));
  const contacts = await countBy(db('contacts').whereIn('account', ids));
  const webhooks = await countBy(db('webhooks').whereIn('account', ids));
  const untold = await countUntold(db, ids, sinceHour * HOUR_MS);
  const keks = await readKeks(db, ids);
  const troubles = await readTroubles(db, ids);
  const episodes = await readEpisodes(db, ids);
  const moves = await readMoves(db, ids);
  const backlogs = await readBacklogs(db, ids);
  const { refusals, gaps } = await readTallies(db, ids, sinceHour);
  return new Map(
    rows.map((row) => {
      const id = row.text('id');
      const facts: AttentionFacts = {
        licence: row.word('licence', LICENCES),
        enrolments: enrolments.get(id) ?? 0,
        recipients: (contacts.get(id) ?? 0) + (webhooks.get(id) ?? 0),
        untold: untold.get(id) ?? 0,
        keks: keks.get(id) ?? [],
        troubles: troubles.get(id) ?? [],
        fallback: toFallback(row),
        episode: episodes.get(id)?.[0] ?? null,
        moves: moves.get(id) ?? [],
        backlog: backlogs.get(id)?.[0] ?? null,
        refusals: refusals.get(id) ?? 0,
        gaps: gaps.get(id) ?? 0,
      };
      return [id, facts];
    }),
  );
}

/** Rows by their account. */
async function groupBy<T>(
  table: string,
  query: Knex.QueryBuilder,
  read: (row: Row) => T,
): Promise<ReadonlyMap<string, T[]>> {
  const groups = new Map<string, T[]>();
  for (const row of await readRows(table, query)) {
    const account = row.text('account');
    const group = groups.get(account);
    if (group) group.push(read(row));
    else groups.set(account, [read(row)]);
  }
  return groups;
}

async function countBy(query: Knex.QueryBuilder): Promise<ReadonlyMap<string, number>> {
  const rows = await readRows('counts', query.groupBy('account').select('account').count('* as count'));
  return new Map(rows.map((row) => [row.text('account'), row.integer('count')]));
}

function readKeks(db: Knex, ids: readonly string[]): Promise<ReadonlyMap<string, KekFacts[]>> {
  const under = db('data_keys as d')
    .where('d.account', db.ref('k.account'))
    .where('d.kek_id', db.ref('k.id'))
    .whereNull('d.destroyed_at')
    .select(db.raw('1'));
  const protects = db.raw(`case when k.lifecycle = 'RETIRED' and exists ? then 1 else 0 end as protects`, [
    under,
  ]);
  const query = db('keks as k')
    .join('kek_references as r', 'r.kek_id', 'k.id')
    .where('r.position', 0)
    .whereIn('k.account', ids)
    .orderBy('k.created_at', 'desc')
    .select('k.account', 'k.id', 'k.lifecycle', 'r.reference', protects);
  return groupBy('keks', query, (row) => ({
    id: row.text('id'),
    lifecycle: row.word('lifecycle', KEY_LIFECYCLES),
    reference: row.text('reference'),
    protects: row.boolean('protects'),
  }));
}

function readTroubles(db: Knex, ids: readonly string[]): Promise<ReadonlyMap<string, StatusFacts[]>> {
  const query = db('keks as k')
    .join('key_statuses as s', 's.kek_id', 'k.id')
    .whereIn('k.account', ids)
    .whereIn('s.status', ['DEGRADED', 'FAILED'])
    .orderBy(['s.kek_id', 's.reference', 's.key_use'])
    .select('k.account', 's.kek_id', 's.reference', 's.key_use', 's.status', 's.cause', 's.failing_since');
  return groupBy('key_statuses', query, (row) => ({
    kekId: row.text('kek_id'),
    reference: row.text('reference'),
    use: row.word('key_use', KEY_USES),
    status: row.oneOf('status', ['DEGRADED', 'FAILED']),
    cause: row.optionalWord('cause', CODES),
    since: row.optionalInteger('failing_since'),
  }));
}

function readEpisodes(db: Knex, ids: readonly string[]) {
  const query = db('fallback_episodes').whereIn('account', ids).whereNull('ended_at');
  return groupBy('fallback_episodes', query, toEpisode);
}

function readMoves(db: Knex, ids: readonly string[]): Promise<ReadonlyMap<string, MoveFacts[]>> {
  const failed = db('move_failures as f').where('f.move_id', db.ref('m.id')).count();
  const query = db('moves as m')
    .whereIn('m.account', ids)
    .whereIn('m.state', UNFINISHED)
    .orderBy('m.id')
    .select('m.id', 'm.account', 'm.kind', 'm.state', 'm.problem_code', 'm.left_over')
    .select(failed.as('failed'));
  return groupBy('moves', query, (row) => ({
    id: row.text('id'),
    kind: row.word('kind', MOVE_KINDS),
    isPaused: row.text('state') === 'PAUSED',
    problem: row.optionalWord('problem_code', CODES),
    left: row.integer('left_over'),
    failed: row.integer('failed'),
  }));
}

function readBacklogs(db: Knex, ids: readonly string[]) {
  const query = db('data_keys')
    .whereIn('account', ids)
    .where({ protection: 'CUSTOMER_KEY' })
    .whereNotNull('reencrypt_since')
    .whereNull('destroyed_at')
    .groupBy('account')
    .select('account')
    .count('* as count')
    .min('reencrypt_since as oldest');
  return groupBy('data_keys', query, (row) => ({
    dataKeys: row.integer('count'),
    oldestSince: row.integer('oldest'),
  }));
}

async function readTallies(db: Knex, chains: readonly string[], sinceHour: number) {
  const sum = (name: string, condition: string) =>
    db.raw(`sum(case when ${condition} then events else 0 end) as ${name}`);
  const ofServices = ACTS_OF_SERVICES.map((action) => `'${action}'`).join(', ');
  const query = db('ledger_tallies')
    .whereIn('chain', chains)
    .where('hour', '>=', sinceHour)
    .groupBy('chain')
    .select(
      'chain',
      sum('refusals', `outcome = 'REFUSED' and action in (${ofServices})`),
      sum('gaps', `action = 'GAP'`),
    );
  const rows = await readRows('ledger_tallies', query);
  const column = (name: string) => new Map(rows.map((row) => [row.text('chain'), row.integer(name)]));
  return { refusals: column('refusals'), gaps: column('gaps') };
}

async function readUnfinished(db: Knex): Promise<Unfinished> {
  const lasting = db('fallback_episodes').whereNull('ended_at').count('* as count');
  const [fallbacks] = await readRows('fallback_episodes', lasting);
  const moves = db('moves').whereIn('state', UNFINISHED).groupBy('state', 'problem_code');
  const left = await readRows('moves', moves.select('state', 'problem_code').sum('left_over as left_over'));
  const leftIn = (state: string, of: (row: Row) => boolean = () => true) =>
    left
      .filter((row) => row.text('state') === state && of(row))
      .reduce((sum, row) => sum + row.integer('left_over'), 0);
  return {
    fallbacks: fallbacks?.integer('count') ?? 0,
    leftToMove: {
      RUNNING: leftIn('RUNNING', (row) => row.isNull('problem_code')),
      WAITING: leftIn('RUNNING', (row) => !row.isNull('problem_code')),
      PAUSED: leftIn('PAUSED'),
    },
  };
}
