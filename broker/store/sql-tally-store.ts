import type { Knex } from 'knex';
import { AUDIT_ACTIONS, AUDIT_OUTCOMES, KEY_SOURCES } from '../model/types.ts';
import { readRow, readRows, type Database } from './database.ts';
import { chainOf } from './ledger.ts';
import { isSqlite } from './migrations/columns.ts';
import { Row } from './row.ts';
import type { HourSpan, KmsTally, LedgerTally, TallyStore } from './tally-store.ts';

const EVENTS_A_TRANSACTION = 10_000;
/** SQLite takes no more than 500 rows in one statement. */
const ROWS_A_STATEMENT = 400;
const LEDGER_KEY = ['chain', 'hour', 'kek_id', 'action', 'outcome', 'source', 'cause'];
const KMS_KEY = ['account', 'hour', 'kek_id', 'reference', 'operation', 'result'];

/** Sums in a SQL database. */
export class SqlTallyStore implements TallyStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async count(account: string | null): Promise<void> {
    const chain = chainOf({ account });
    // A look first: most chains that are asked for are counted, and reading must not wait for a lock.
    while (await this.#database.run((db) => isUncounted(db, chain))) {
      await this.#database.transact((db) => countSome(db, chain));
    }
  }

  uncounted(limit: number): Promise<(string | null)[]> {
    return this.#database.run(async (db) => {
      const rows = await readRows('ledger_heads', uncounted(db).limit(limit).select('h.chain'));
      return rows.map((row) => nullable(row, 'chain'));
    });
  }

  ledger(account: string, span: HourSpan, kekId?: string): Promise<LedgerTally[]> {
    return this.#database.run(async (db) => {
      const query = db('ledger_tallies').where({ chain: chainOf({ account }) });
      if (kekId !== undefined) void query.where({ kek_id: kekId });
      const sums = buckets(db, query, span, LEDGER_KEY.slice(2)).sum({ events: 'events', uses: 'uses' });
      return (await readRows('ledger_tallies', sums)).map(toLedgerTally);
    });
  }

  async addKms(tallies: readonly KmsTally[]): Promise<void> {
    const rows = tallies.map(toKmsColumns).sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
    if (rows.length === 0) return;
    await this.#database.transact(async (db) => {
      const calls = db.raw('??.?? + excluded.??', ['kms_tallies', 'calls', 'calls']);
      for (let start = 0; start < rows.length; start += ROWS_A_STATEMENT) {
        const part = rows.slice(start, start + ROWS_A_STATEMENT);
        await db('kms_tallies').insert(part).onConflict(KMS_KEY).merge({ calls });
      }
    });
  }

  kms(account: string, span: HourSpan, kekId?: string): Promise<KmsTally[]> {
    return this.#database.run(async (db) => {
      const query = db('kms_tallies').where({ account });
      if (kekId !== undefined) void query.where({ kek_id: kekId });
      const sums = buckets(db, query, span, KMS_KEY.slice(2)).sum({ calls: 'calls' });
      return (await readRows('kms_tallies', sums)).map((row) => toKmsTally(row, account));
    });
  }
}

/** One row for each bucket and each combination of the other columns. */
function buckets(
  db: Knex,
  query: Knex.QueryBuilder,
  { fromHour, untilHour, bucketHours = 1 }: HourSpan,
  columns: readonly string[],
): Knex.QueryBuilder {
  const bucket = db.raw('hour - hour % ?', [bucketHours]);
  const hours = query.where('hour', '>=', fromHour).where('hour', '<', untilHour);
  // By its place: a parameter that is said twice is not the same expression twice.
  return hours
    .select({ bucket }, ...columns)
    .groupByRaw(['1', ...columns].join(', '))
    .orderByRaw(['1', ...columns].join(', '));
}

function uncounted(db: Knex): Knex.QueryBuilder {
  return db('ledger_heads as h')
    .leftJoin('ledger_tally_heads as t', 't.chain', 'h.chain')
    .whereRaw('h.sequence > coalesce(t.sequence, 0)');
}

async function isUncounted(db: Knex, chain: string): Promise<boolean> {
  return (await readRow('ledger_heads', uncounted(db).where('h.chain', chain).select('h.chain'))) !== null;
}

/** The tally's head stays locked until the transaction ends: nobody counts the same events beside it. */
async function countSome(db: Knex, chain: string): Promise<void> {
  const locked: unknown[] = await db('ledger_tally_heads')
    .insert({ chain, sequence: 0 })
    .onConflict('chain')
    .merge({ sequence: db.raw('??.??', ['ledger_tally_heads', 'sequence']) })
    .returning('sequence');
  const counted = new Row('ledger_tally_heads', locked[0]).integer('sequence');
  const head = await readRow('ledger_heads', db('ledger_heads').where({ chain }));
  const newest = Math.min(head?.integer('sequence') ?? 0, counted + EVENTS_A_TRANSACTION);
  if (newest <= counted) return;
  await addEvents(db, { chain, after: counted, until: newest });
  await db('ledger_tally_heads').where({ chain }).update({ sequence: newest });
}

async function addEvents(
  db: Knex,
  { chain, after, until }: { chain: string; after: number; until: number },
): Promise<void> {
  await db.raw(
    `insert into ledger_tallies (chain, hour, kek_id, action, outcome, source, cause, events, uses)
     select chain, hour, kek_id, action, outcome, source, cause, count(*), sum(uses) from (
       select chain, at / 3600000 as hour, coalesce(kek_id, '') as kek_id, action, outcome,
         coalesce(source, '') as source, ${causeIn(db)} as cause,
         case when action = 'GAP' then 0 else coalesce(count, 1) end as uses
       from audit_events where chain = ? and sequence > ? and sequence <= ?
     ) as events
     where true
     group by chain, hour, kek_id, action, outcome, source, cause
     on conflict (chain, hour, kek_id, action, outcome, source, cause) do update
     set events = ledger_tallies.events + excluded.events, uses = ledger_tallies.uses + excluded.uses`,
    [chain, after, until],
  );
}

/** The word in capitals that begins a detail: of a closed set, whatever outsiders have a hand in. */
function causeIn(db: Knex): string {
  const colon = `instr(coalesce(detail, '') || ':', ':') - 1`;
  const [word, isCause] = isSqlite(db)
    ? [`substr(detail, 1, ${colon})`, `glob '[A-Z]*' and substr(detail, 1, ${colon}) not glob '*[^A-Z_]*'`]
    : [`split_part(detail, ':', 1)`, `~ '^[A-Z][A-Z_]*$'`];
  const says = `(outcome <> 'ALLOWED' or action = 'ISSUE') and action <> 'GAP'`;
  return `case when ${says} and ${word} ${isCause} then ${word} else '' end`;
}

function nullable(row: Row, column: string): string | null {
  return row.text(column) || null;
}

function toLedgerTally(row: Row): LedgerTally {
  const source = nullable(row, 'source');
  return {
    hour: row.integer('bucket'),
    kekId: nullable(row, 'kek_id'),
    action: row.word('action', AUDIT_ACTIONS),
    outcome: row.word('outcome', AUDIT_OUTCOMES),
    source: source === null ? null : row.word('source', KEY_SOURCES),
    cause: nullable(row, 'cause'),
    events: row.integer('events'),
    uses: row.integer('uses'),
  };
}

function toKmsColumns({ account, hour, kekId, reference, operation, result, calls }: KmsTally) {
  return { account: account ?? '', hour, kek_id: kekId ?? '', reference, operation, result, calls };
}

/** All brokers lock in the same order. */
function orderOf(row: ReturnType<typeof toKmsColumns>): string {
  return JSON.stringify([row.account, row.hour, row.kek_id, row.reference, row.operation, row.result]);
}

function toKmsTally(row: Row, account: string): KmsTally {
  return {
    account,
    hour: row.integer('bucket'),
    kekId: nullable(row, 'kek_id'),
    reference: row.text('reference'),
    operation: row.text('operation'),
    result: row.text('result'),
    calls: row.integer('calls'),
  };
}
