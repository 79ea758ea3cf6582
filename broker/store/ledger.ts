import type { Knex } from 'knex';
import { CmkError } from '../../core/errors.ts';
import {
  chainRecord,
  EMPTY_CHAIN,
  type LedgerHead,
  type LedgerRecord,
  type LedgerValues,
} from '../../core/ledger.ts';
import type { AuditEvent } from '../model/types.ts';
import { toAuditEvent, toColumns } from './audit-events.ts';
import { readRow, readRows } from './database.ts';
import type { Row } from './row.ts';

/** SQLite takes no more than 500 rows in one statement. */
const ROWS_A_STATEMENT = 400;
const MAX_GUESSES = 100_000;

/**
 * Where this process last left chains, by their names. A guess that saves a statement: where another process has
 * appended meanwhile it is not believed. Only what was committed is guessed: a chain that is guessed to have begun
 * has a row.
 */
export class HeadGuesses {
  readonly #heads = new Map<string, LedgerHead>();

  get(chain: string): LedgerHead {
    return this.#heads.get(chain) ?? EMPTY_CHAIN;
  }

  /** Remembers heads as a transaction leaves them, once it is committed. */
  learn(db: Knex, heads: readonly { readonly name: string; readonly head: LedgerHead }[]): void {
    if (!db.isTransaction) throw new CmkError('INTERNAL', 'events are appended outside of a transaction');
    const committed = () => {
      for (const { name, head } of heads) this.#set(name, head);
    };
    (db as Knex.Transaction).executionPromise.then(committed, () => undefined);
  }

  #set(chain: string, head: LedgerHead): void {
    if (this.#heads.size >= MAX_GUESSES) this.#heads.clear();
    this.#heads.set(chain, head);
  }
}

/** The one way in which audit events are written: each gets its place in its account's chain. */
export async function appendAudit(
  db: Knex,
  events: readonly AuditEvent[],
  guesses: HeadGuesses,
): Promise<void> {
  const placed = await placeEvents(db, events, guesses);
  for (const part of parts(placed)) {
    await db('audit_events').insert(part.map(({ event, place }) => ({ ...toColumns(event), ...place })));
  }
}

/** An event, and the columns of its place. */
export interface Placed {
  readonly event: AuditEvent;
  readonly place: Readonly<Record<string, unknown>>;
}

/**
 * Gives events their places, and moves the heads of their chains. The heads stay locked until the transaction ends,
 * so places are given in commit order without gaps. All lock in the order of the names, after whatever else they
 * lock: none waits for one that waits for it.
 */
export async function placeEvents(
  db: Knex,
  events: readonly AuditEvent[],
  guesses: HeadGuesses,
): Promise<Placed[]> {
  const chains = byChain(events);
  const guessed = chains.map(([name, each]) => extend(name, each, guesses.get(name)));
  const moved = await moveHeads(db, guessed);
  const wrong = chains.filter(([name]) => !moved.has(name));
  const heads = await readHeads(
    db,
    wrong.map(([name]) => name),
  );
  const known = wrong.map(([name, each]) => extend(name, each, heads.get(name) ?? EMPTY_CHAIN));
  if ((await moveHeads(db, known)).size !== known.length) {
    throw new CmkError('INTERNAL', 'the head of a chain moved while it was locked');
  }
  const right = [...guessed.filter(({ name }) => moved.has(name)), ...known];
  guesses.learn(db, right);
  return right.flatMap(({ placed }) => placed);
}

interface Extension {
  readonly name: string;
  readonly from: LedgerHead;
  readonly head: LedgerHead;
  readonly placed: readonly Placed[];
}

function extend(name: string, events: readonly AuditEvent[], from: LedgerHead): Extension {
  let head = from;
  const placed = events.map((event) => {
    const { sequence, previousHash, hash } = chainRecord(toFacts(event), head);
    head = { sequence, hash };
    return { event, place: { chain: name, sequence, previous_hash: previousHash, hash } };
  });
  return { name, from, head, placed };
}

/** @returns the chains that stood where they were thought to stand; all are locked */
async function moveHeads(db: Knex, extensions: readonly Extension[]): Promise<Set<string>> {
  const rows = extensions.map(({ name, from, head }) => ({ chain: name, ...head, moved_from: from.hash }));
  const moved = new Set<string>();
  for (const part of parts(rows)) {
    const query = db('ledger_heads')
      .insert(part)
      .onConflict('chain')
      .merge()
      .whereRaw('ledger_heads.hash = excluded.moved_from')
      .returning('chain');
    for (const row of await readRows('ledger_heads', query)) moved.add(row.text('chain'));
  }
  return moved;
}

async function readHeads(db: Knex, names: readonly string[]): Promise<Map<string, LedgerHead>> {
  const heads = new Map<string, LedgerHead>();
  for (const part of parts(names)) {
    const rows = await readRows('ledger_heads', db('ledger_heads').whereIn('chain', part));
    for (const row of rows) heads.set(row.text('chain'), toHead(row));
  }
  return heads;
}

/** In the order of the chains' names, each chain's events in theirs. */
function byChain(events: readonly AuditEvent[]): [name: string, events: readonly AuditEvent[]][] {
  const chains = new Map<string, AuditEvent[]>();
  for (const event of events) {
    const chain = chains.get(chainOf(event));
    if (chain) chain.push(event);
    else chains.set(chainOf(event), [event]);
  }
  return [...chains].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The account, or '' for the chain of the events that have none. */
export function chainOf({ account }: Pick<AuditEvent, 'account'>): string {
  return account ?? '';
}

/** @returns in order of sequence */
export async function ledgerAfter(
  db: Knex,
  account: string | null,
  after: number,
  limit: number,
): Promise<LedgerRecord[]> {
  const query = db('audit_events')
    .where({ chain: chainOf({ account }) })
    .where('sequence', '>', after)
    .orderBy('sequence')
    .limit(limit);
  return (await readRows('audit_events', query)).map(toRecord);
}

export async function ledgerHead(db: Knex, account: string | null): Promise<LedgerHead> {
  const row = await readRow('ledger_heads', db('ledger_heads').where({ chain: chainOf({ account }) }));
  return row ? toHead(row) : EMPTY_CHAIN;
}

/** What the hash of an event covers; what it has no value for is left out. */
function toFacts({ asset, ...event }: AuditEvent): LedgerValues {
  return {
    id: event.id,
    at: event.at,
    account: event.account ?? undefined,
    action: event.action,
    outcome: event.outcome,
    actor: event.actor,
    asset: asset ? { account: asset.account, srvId: asset.srvId, type: asset.type, id: asset.id } : undefined,
    reason: event.reason ?? undefined,
    dataKeyId: event.dataKeyId ?? undefined,
    kekId: event.kekId ?? undefined,
    source: event.source ?? undefined,
    operation: event.operation ?? undefined,
    count: event.count ?? undefined,
    from: event.from ?? undefined,
    until: event.until ?? undefined,
    detail: event.detail ?? undefined,
  };
}

/** As it is stored, right or wrong: whoever reads it verifies. */
function toRecord(row: Row): LedgerRecord {
  return {
    ...toFacts(toAuditEvent(row)),
    sequence: row.integer('sequence', 1),
    previousHash: row.text('previous_hash'),
    hash: row.text('hash'),
  };
}

function toHead(row: Row): LedgerHead {
  return { sequence: row.integer('sequence'), hash: row.text('hash') };
}

function parts<T>(items: readonly T[]): T[][] {
  const result: T[][] = [];
  for (let start = 0; start < items.length; start += ROWS_A_STATEMENT) {
    result.push(items.slice(start, start + ROWS_A_STATEMENT));
  }
  return result;
}
