import type { Knex } from 'knex';
import { ERROR_CODES, type ErrorCode } from '../../core/errors.ts';
import {
  MOVE_KINDS,
  MOVE_STATES,
  type DataKeyPlace,
  type Move,
  type MoveFailure,
  type MoveProblem,
  type MoveSelection,
  type MoveState,
} from '../model/moves.ts';
import { PROTECTIONS } from '../model/types.ts';
import { readRow, readRows } from './database.ts';
import { isSqlite } from './migrations/columns.ts';
import { toPlace } from './move-rows.ts';
import type { ClaimedMove, MoveBatch, MoveClaim } from './move-store.ts';
import type { Row } from './row.ts';

/** SQLite takes no more than 500 rows in one statement. */
const FAILURES_A_STATEMENT = 400;
const CODES = Object.keys(ERROR_CODES) as ErrorCode[];
const UNFINISHED: readonly MoveState[] = ['RUNNING', 'PAUSED'];

/** A move's columns, and how many failures are noted. */
function moveRows(db: Knex): Knex.QueryBuilder {
  const failed = db('move_failures as f').where('f.move_id', db.ref('m.id')).count();
  return db('moves as m').select('m.*', failed.as('failed'));
}

function toMove(row: Row): Move {
  return {
    id: row.text('id'),
    account: row.text('account'),
    kind: row.word('kind', MOVE_KINDS),
    selection: row.json('selection', 'a selection of data keys', isSelection),
    target: row.text('target'),
    state: row.word('state', MOVE_STATES),
    startedAt: row.integer('started_at'),
    endedAt: row.isNull('ended_at') ? null : row.integer('ended_at'),
    total: row.integer('total'),
    moved: row.integer('moved'),
    left: row.integer('left_over'),
    failed: row.integer('failed'),
    progressAt: row.isNull('progress_at') ? null : row.integer('progress_at'),
    pace: row.isNull('paced_since')
      ? null
      : { since: row.integer('paced_since'), moved: row.integer('paced_moved') },
    problem: row.isNull('problem_code')
      ? null
      : { code: row.word('problem_code', CODES), detail: row.text('problem_detail') },
    dueAt: row.integer('due_at'),
  };
}

/** Whether it can be shown: there may be more in it than this release knows. */
function isSelection(value: unknown): value is MoveSelection {
  if (typeof value !== 'object' || value === null) return false;
  const { kekIds, protections, srvId, type, owners, ownerLicensed } = value as Record<string, unknown>;
  const texts = (list: unknown) => Array.isArray(list) && list.every((each) => typeof each === 'string');
  return (
    texts(kekIds) &&
    (protections === undefined || texts(protections)) &&
    (owners === undefined || texts(owners)) &&
    (ownerLicensed === undefined || typeof ownerLicensed === 'boolean') &&
    [srvId, type].every((text) => text === undefined || typeof text === 'string')
  );
}

const SELECTS = {
  kekIds: true,
  protections: true,
  srvId: true,
  type: true,
  owners: true,
  ownerLicensed: true,
} as const satisfies Record<keyof MoveSelection, true>;

/** Whether it selects by nothing that only a newer release knows: without that it would select more. */
function isKnown(selection: MoveSelection): boolean {
  const { protections = [] } = selection;
  return (
    Object.keys(selection).every((name) => Object.hasOwn(SELECTS, name)) &&
    protections.every((each) => PROTECTIONS.includes(each))
  );
}

export async function findMove(db: Knex, account: string, id: string): Promise<Move | null> {
  const row = await readRow('moves', moveRows(db).where({ 'm.account': account, 'm.id': id }));
  return row && toMove(row);
}

export async function listMoves(
  db: Knex,
  account: string,
  limit: number,
  before: string | null,
): Promise<Move[]> {
  const query = moveRows(db).where('m.account', account).orderBy('m.id', 'desc').limit(limit);
  if (before !== null) void query.where('m.id', '<', before);
  return (await readRows('moves', query)).map(toMove);
}

export async function movesSince(db: Knex, sinceMs: number): Promise<Move[]> {
  const query = moveRows(db).where('m.progress_at', '>=', sinceMs).orderBy('m.id');
  return (await readRows('moves', query)).map(toMove);
}

export async function unfinishedMoves(db: Knex, account: string): Promise<Move[]> {
  const query = moveRows(db).where('m.account', account).whereIn('m.state', UNFINISHED);
  return (await readRows('moves', query)).map(toMove);
}

export async function insertMove(db: Knex, move: Move): Promise<void> {
  const { id, account, kind, selection, target, state, startedAt, total, moved, left, dueAt } = move;
  const columns = { id, account, kind, selection: JSON.stringify(selection), target, state };
  const counts = { total, moved, left_over: left, tries: 0 };
  await db('moves').insert({ ...columns, ...counts, started_at: startedAt, due_at: dueAt });
}

export async function listFailures(db: Knex, id: string, limit: number): Promise<MoveFailure[]> {
  const order = ['srv_id', 'type', 'asset_id', 'generation'];
  const query = db('move_failures').where({ move_id: id }).orderBy(order).limit(limit);
  return (await readRows('move_failures', query)).map((row) => ({
    ...toPlace(row),
    code: row.word('code', CODES),
    at: row.integer('at'),
  }));
}

/** Whether there is anything to claim. A read: idle brokers write nothing. */
export async function isAnythingDue(db: Knex, nowMs: number): Promise<boolean> {
  return (await readRow('moves', due(db, nowMs))) !== null;
}

function due(db: Knex, nowMs: number): Knex.QueryBuilder {
  // Those of kinds that a newer release adds are for its brokers.
  return db('moves')
    .where({ state: 'RUNNING' })
    .whereIn('kind', MOVE_KINDS)
    .where('due_at', '<=', nowMs)
    .select('id');
}

/** One statement finds and takes, so that it is all or nothing wherever it runs. */
export async function claimMove(
  db: Knex,
  claim: string,
  { nowMs, untilMs }: { nowMs: number; untilMs: number },
): Promise<ClaimedMove | null> {
  const taken = due(db, nowMs).orderBy(['due_at', 'id']).limit(1);
  // SQLite has one writer, and no words for this.
  if (!isSqlite(db)) void taken.forUpdate().skipLocked();
  const count = await db('moves')
    .whereIn('id', taken)
    .update({ claim, due_at: untilMs, paced_since: nowMs, paced_moved: db.ref('moved') });
  if (count === 0) return null;
  const row = await readRow('moves', moveRows(db).where({ 'm.claim': claim }));
  if (!row) return null;
  const move = toMove(row);
  if (isKnown(move.selection)) return { move, claim, tries: row.integer('tries') };
  // For a broker of that release; this one looks at others meanwhile.
  await db('moves').where({ claim }).update({ claim: null });
  return null;
}

/** Locks the move for this transaction. @returns null when the claim is lost */
export async function lockClaimed(db: Knex, { id, claim }: MoveClaim): Promise<Move | null> {
  // A write: SQLite queues transactions that begin with one.
  if ((await db('moves').where({ id, claim, state: 'RUNNING' }).update({ claim })) === 0) return null;
  const row = await readRow('moves', moveRows(db).where({ 'm.id': id }));
  return row && toMove(row);
}

/** Locks the move for this transaction. @returns false when the claim is lost */
export async function renewClaim(db: Knex, { id, claim }: MoveClaim, untilMs: number): Promise<boolean> {
  return (await db('moves').where({ id, claim, state: 'RUNNING' }).update({ due_at: untilMs })) === 1;
}

export async function noteProgress(db: Knex, id: string, moved: number, nowMs: number): Promise<void> {
  await db('moves')
    .where({ id })
    .update({
      moved: db.raw('moved + ?', [moved]),
      // Data keys that were made meanwhile are not counted yet.
      left_over: db.raw('case when left_over > ? then left_over - ? else 0 end', [moved, moved]),
      progress_at: nowMs,
      problem_code: null,
      problem_detail: null,
      tries: 0,
    });
}

export async function noteFailures(
  db: Knex,
  id: string,
  { failures, nowMs }: Pick<MoveBatch, 'failures' | 'nowMs'>,
): Promise<void> {
  const rows = failures.map((failure) => failureColumns(id, failure, nowMs));
  for (let start = 0; start < rows.length; start += FAILURES_A_STATEMENT) {
    await db('move_failures')
      .insert(rows.slice(start, start + FAILURES_A_STATEMENT))
      .onConflict(['move_id', 'srv_id', 'type', 'asset_id', 'generation'])
      .merge(['code', 'at']);
  }
}

function failureColumns(id: string, failure: DataKeyPlace & { code: ErrorCode }, at: number) {
  const { srvId, type, assetId, generation, code } = failure;
  return { move_id: id, srv_id: srvId, type, asset_id: assetId, generation, code, at };
}

export async function forgetFailures(db: Knex, id: string, before: number): Promise<void> {
  await db('move_failures').where({ move_id: id }).where('at', '<', before).delete();
}

export async function setLeft(db: Knex, id: string, left: number): Promise<void> {
  await db('moves').where({ id }).update({ left_over: left });
}

export async function releaseClaim(
  db: Knex,
  { id, claim }: MoveClaim,
  turn: { dueMs: number; problem: MoveProblem | null; tries: number },
): Promise<void> {
  const { dueMs, problem, tries } = turn;
  const waiting = { problem_code: problem?.code ?? null, problem_detail: problem?.detail ?? null };
  await db('moves')
    .where({ id, claim })
    .update({ claim: null, due_at: dueMs, tries, ...waiting });
}

/** @returns whether it was in one of `from` */
export async function setState(
  db: Knex,
  account: string,
  id: string,
  { from, to, nowMs }: { from: readonly MoveState[]; to: MoveState; nowMs: number },
): Promise<boolean> {
  const ends = to === 'DONE' || to === 'CANCELLED';
  const changed = await db('moves')
    .where({ account, id })
    .whereIn('state', from)
    .update({
      state: to,
      claim: null,
      due_at: nowMs,
      tries: 0,
      problem_code: null,
      problem_detail: null,
      ...(ends && { ended_at: nowMs }),
    });
  return changed === 1;
}
