import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { CmkError } from '../../core/errors.ts';
import type { Move, MoveCount, MoveFailure, MovePlan, MoveProblem, MoveSelection } from '../model/moves.ts';
import type { AuditEvent } from '../model/types.ts';
import { lockAccount } from './accounts.ts';
import { raiseAlerts } from './alert-outbox.ts';
import type { NewMove } from './coverage-store.ts';
import type { Database } from './database.ts';
import { keepWhatFollows } from './fallback-rows.ts';
import { activate } from './keks.ts';
import { appendAudit, type HeadGuesses } from './ledger.ts';
import * as rows from './move-rows.ts';
import type {
  ClaimedMove,
  MoveBatch,
  MoveClaim,
  MoveRecord,
  MoveStore,
  Page,
  PageRequest,
} from './move-store.ts';
import * as moves from './moves.ts';

/** The moves of a SQL database: which statements belong together. */
export class SqlMoveStore implements MoveStore {
  readonly #database: Database;
  readonly #guesses: HeadGuesses;

  constructor(database: Database, guesses: HeadGuesses) {
    this.#database = database;
    this.#guesses = guesses;
  }

  count(account: string, selection: MoveSelection): Promise<MoveCount[]> {
    return this.#database.run((db) => rows.countByType(db, account, selection));
  }

  start(
    plan: MovePlan & { readonly id: string; readonly startedAt: number },
    audit: (total: number, staying: number) => AuditEvent,
  ): Promise<Move> {
    return this.#database.transact(async (db) => {
      await lockAccount(db, plan.account);
      const { move, event } = await startMove(db, { plan, audit });
      await appendAudit(db, [event], this.#guesses);
      return move;
    });
  }

  find(account: string, id: string): Promise<Move | null> {
    return this.#database.run((db) => moves.findMove(db, account, id));
  }

  list(account: string, limit: number, before: string | null = null): Promise<Move[]> {
    return this.#database.run((db) => moves.listMoves(db, account, limit, before));
  }

  failures(id: string, limit: number): Promise<MoveFailure[]> {
    return this.#database.run((db) => moves.listFailures(db, id, limit));
  }

  movedSince(sinceMs: number): Promise<Move[]> {
    return this.#database.run((db) => moves.movesSince(db, sinceMs));
  }

  setState(
    account: string,
    id: string,
    change: Parameters<typeof moves.setState>[3],
    record: MoveRecord,
  ): Promise<boolean> {
    return this.#database.transact(async (db) => {
      const changed = await moves.setState(db, account, id, change);
      if (changed) await this.#writeRecord(db, { account, id }, record);
      return changed;
    });
  }

  async claim(nowMs: number, untilMs: number): Promise<ClaimedMove | null> {
    if (!(await this.#database.run((db) => moves.isAnythingDue(db, nowMs)))) return null;
    return this.#database.transact((db) => moves.claimMove(db, randomUUID(), { nowMs, untilMs }));
  }

  renew(claim: MoveClaim, untilMs: number): Promise<boolean> {
    return this.#database.run((db) => moves.renewClaim(db, claim, untilMs));
  }

  page(request: PageRequest): Promise<Page> {
    return this.#database.run((db) => rows.page(db, request));
  }

  commit(claim: MoveClaim, batch: MoveBatch, audit: (moved: number) => AuditEvent): Promise<number | null> {
    return this.#database.transact(async (db) => {
      if (!(await moves.renewClaim(db, claim, batch.untilMs))) return null;
      const moved = await rows.moveDataKeys(db, batch);
      await moves.noteFailures(db, claim.id, batch);
      if (moved === 0) return 0;
      await moves.noteProgress(db, claim.id, moved, batch.nowMs);
      await activate(db, batch.target.kekId);
      await appendAudit(db, [audit(moved)], this.#guesses);
      return moved;
    });
  }

  endRound(claim: MoveClaim, roundStartedAt: number): Promise<number | null> {
    return this.#database.transact(async (db) => {
      const move = await moves.lockClaimed(db, claim);
      if (!move) return null;
      await moves.forgetFailures(db, claim.id, roundStartedAt);
      const left = await rows.countAll(db, move.account, move.selection);
      await moves.setLeft(db, claim.id, left);
      return left;
    });
  }

  release(
    claim: MoveClaim,
    turn: { readonly dueMs: number; readonly problem: MoveProblem | null; readonly tries: number },
  ): Promise<void> {
    return this.#database.run((db) => moves.releaseClaim(db, claim, turn));
  }

  finish(claim: MoveClaim, nowMs: number, record: MoveRecord): Promise<boolean> {
    return this.#database.transact(async (db) => {
      const move = await moves.lockClaimed(db, claim);
      if (!move || (await rows.countAll(db, move.account, move.selection)) > 0) return false;
      await moves.setState(db, move.account, move.id, { from: ['RUNNING'], to: 'DONE', nowMs });
      await moves.setLeft(db, move.id, 0);
      await this.#writeRecord(db, move, record, await keepWhatFollows(db, move));
      return true;
    });
  }

  async #writeRecord(
    db: Knex,
    { account, id }: Pick<Move, 'account' | 'id'>,
    record: MoveRecord,
    staying = 0,
  ): Promise<void> {
    const move = await moves.findMove(db, account, id);
    if (!move) throw new CmkError('INTERNAL', `move ${id} changed and is gone`);
    const { kekIds } = move.selection;
    const { audit, alerts } = record(move, await rows.countAll(db, account, { kekIds }), staying);
    await raiseAlerts(db, alerts);
    await appendAudit(db, [audit], this.#guesses);
  }
}

/**
 * Within a transaction that has locked the account: of two moves that are started at once one sees the other.
 * @returns the event as well, for the transaction to append
 */
export async function startMove(
  db: Knex,
  { plan, audit }: NewMove,
): Promise<{ readonly move: Move; readonly event: AuditEvent }> {
  await refuseCircles(db, plan);
  const total = await rows.countAll(db, plan.account, plan.selection);
  const move = newMove(plan, total);
  await moves.insertMove(db, move);
  return { move, event: audit(total, await keepWhatFollows(db, plan)) };
}

function newMove(plan: MovePlan & { id: string; startedAt: number }, total: number): Move {
  return {
    ...plan,
    state: 'RUNNING',
    endedAt: null,
    total,
    moved: 0,
    left: total,
    failed: 0,
    progressAt: null,
    pace: null,
    problem: null,
    dueAt: plan.startedAt,
  };
}

/** @throws CmkError CONFLICT */
async function refuseCircles(db: Knex, { account, selection, target }: MovePlan): Promise<void> {
  for (const other of await moves.unfinishedMoves(db, account)) {
    const circle = other.selection.kekIds.includes(target) || selection.kekIds.includes(other.target);
    if (!circle || areDisjoint(other.selection, selection)) continue;
    throw new CmkError(
      'CONFLICT',
      `move ${other.id} goes the other way: wait until it has ended, or cancel it`,
    );
  }
}

/** Whether no data key can be in both. */
function areDisjoint(a: MoveSelection, b: MoveSelection): boolean {
  const differ = <T>(one: T | undefined, other: T | undefined) =>
    one !== undefined && other !== undefined && one !== other;
  if (differ(a.srvId, b.srvId) || differ(a.type, b.type)) return true;
  const owners = new Set(a.owners);
  return a.owners !== undefined && b.owners !== undefined && !b.owners.some((owner) => owners.has(owner));
}
