import type { Alert } from '../model/alerts.ts';
import type {
  AuditEvent,
  DataKeyRecord,
  FailureWish,
  FallbackEpisode,
  FallbackPolicy,
} from '../model/types.ts';
import { findAccount, lockAccount } from './accounts.ts';
import { raiseAlerts } from './alert-outbox.ts';
import { insertDataKey } from './data-keys.ts';
import type { Database } from './database.ts';
import { keepUnderPlatformKey } from './fallback-rows.ts';
import type { FallbackStart, FallbackStore } from './fallback-store.ts';
import * as fallbacks from './fallbacks.ts';
import { appendAudit, type HeadGuesses } from './ledger.ts';
import type { Precondition, Versioned } from './versions.ts';

/** Fallback in a SQL database: which statements belong together. */
export class SqlFallbackStore implements FallbackStore {
  readonly #database: Database;
  readonly #guesses: HeadGuesses;

  constructor(database: Database, guesses: HeadGuesses) {
    this.#database = database;
    this.#guesses = guesses;
  }

  setPolicy(
    account: string,
    policy: FallbackPolicy,
    audit: AuditEvent,
    precondition?: Precondition<Versioned<FallbackPolicy>>,
  ): Promise<Versioned<FallbackPolicy>> {
    return this.#database.transact(async (db) => {
      await lockAccount(db, account);
      precondition?.(await fallbacks.findFallback(db, account));
      const stored = await fallbacks.setFallback(db, account, policy);
      await appendAudit(db, [audit], this.#guesses);
      return stored;
    });
  }

  findPolicy(account: string): Promise<Versioned<FallbackPolicy> | null> {
    return this.#database.run((db) => fallbacks.findFallback(db, account));
  }

  setWish(account: string, srvId: string, type: string, wish: FailureWish, audit: AuditEvent): Promise<void> {
    return this.#database.transact(async (db) => {
      await fallbacks.setFailureWish(db, { account, srvId, type, wish });
      await appendAudit(db, [audit], this.#guesses);
    });
  }

  listWishes(account: string): Promise<fallbacks.TypeWish[]> {
    return this.#database.run((db) => fallbacks.listFailureWishes(db, account));
  }

  insertDataKey(
    record: DataKeyRecord,
    audit: AuditEvent,
    start: FallbackStart,
    began: Alert,
  ): Promise<DataKeyRecord> {
    return this.#database.transact(async (db) => {
      const first = await insertDataKey(db, record);
      if (first) return first;
      const { isFirst } = await fallbacks.countFallback(db, record.asset.account, start);
      if (isFirst) await raiseAlerts(db, [began]);
      await appendAudit(db, [audit], this.#guesses);
      return record;
    });
  }

  findEpisode(account: string): Promise<FallbackEpisode | null> {
    return this.#database.run((db) => fallbacks.findEpisode(db, account));
  }

  listEpisodes(account: string, limit: number, before: string | null = null): Promise<FallbackEpisode[]> {
    return this.#database.run((db) => fallbacks.listEpisodes(db, account, limit, before));
  }

  claimEpisodes(now: number, claimedUntil: number, limit: number): Promise<FallbackEpisode[]> {
    return this.#database.transact((db) => fallbacks.claimEpisodes(db, { now, claimedUntil, limit }));
  }

  probeFailed(id: string, facts: { cause: string; nextProbeAt: number }): Promise<void> {
    return this.#database.run((db) => fallbacks.probeFailed(db, id, facts));
  }

  endEpisode(id: string, endedAt: number, audit: AuditEvent, alert: Alert): Promise<boolean> {
    return this.#database.transact(async (db) => {
      const ended = await fallbacks.endEpisode(db, id, endedAt);
      if (!ended) return false;
      await raiseAlerts(db, [alert]);
      await appendAudit(db, [audit], this.#guesses);
      return true;
    });
  }

  endWithoutLicence(
    { id, account }: Pick<FallbackEpisode, 'id' | 'account'>,
    endedAt: number,
    audit: (staying: number) => AuditEvent,
  ): Promise<boolean> {
    return this.#database.transact(async (db) => {
      // Nobody gives it a licence until this is done.
      await lockAccount(db, account);
      if ((await findAccount(db, account))?.licence !== 'NONE') return false;
      if (!(await fallbacks.endEpisode(db, id, endedAt))) return false;
      const staying = await keepUnderPlatformKey(db, account);
      await appendAudit(db, [audit(staying)], this.#guesses);
      return true;
    });
  }
}
