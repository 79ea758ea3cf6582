import type { Knex } from 'knex';
import type { Asset } from '../../core/asset.ts';
import type { LedgerHead, LedgerRecord } from '../../core/ledger.ts';
import type {
  Account,
  AuditEvent,
  DataKeyRecord,
  Group,
  Kek,
  KeyEvent,
  KeyLifecycle,
  ListedKek,
  ReporterLease,
  SilentReporter,
  UseReport,
} from '../model/types.ts';
import type { Alert } from '../model/alerts.ts';
import * as accounts from './accounts.ts';
import { raiseAlerts } from './alert-outbox.ts';
import * as audits from './audit-events.ts';
import { coverage } from './coverage.ts';
import * as dataKeys from './data-keys.ts';
import type { Database } from './database.ts';
import * as groups from './groups.ts';
import * as keks from './keks.ts';
import * as keyEvents from './key-events.ts';
import { KeyEventWriter, type KeyEventEntry } from './key-event-writer.ts';
import * as ledger from './ledger.ts';
import { SqlActivityStore } from './sql-activity-store.ts';
import { SqlAssetStore } from './sql-asset-store.ts';
import { SqlAttentionStore } from './sql-attention-store.ts';
import { SqlChoreStore } from './sql-chore-store.ts';
import { SqlCoverageStore } from './sql-coverage-store.ts';
import { SqlFallbackStore } from './sql-fallback-store.ts';
import { SqlLeaseStore } from './sql-lease-store.ts';
import { SqlMoveStore } from './sql-move-store.ts';
import { SqlReencryptionStore } from './sql-reencryption-store.ts';
import { SqlKeyLifeStore } from './sql-key-life-store.ts';
import { SqlKeyStatusStore } from './sql-key-status-store.ts';
import { SqlProcessStore } from './sql-process-store.ts';
import { SqlTallyStore } from './sql-tally-store.ts';
import type { AccountFacts, Coverage, DataKeyName, LeaseHolder, Store } from './store.ts';
import { chainUnchained, hasUnchained } from './unchained.ts';
import * as reporters from './use-reporters.ts';
import { SqlAlertStore } from './sql-alert-store.ts';
import { SqlApiTokenStore } from './sql-api-token-store.ts';
import { SqlSessionStore } from './sql-session-store.ts';
import { SqlIdempotencyStore } from './sql-idempotency-store.ts';
import type { Precondition, Versioned } from './versions.ts';

/** The store on a SQL database: which statements belong together. Each begins with a write, so SQLite can queue it. */
export class SqlStore implements Store {
  readonly alerts: SqlAlertStore;
  readonly moves: SqlMoveStore;
  readonly reencryption: SqlReencryptionStore;
  readonly keyStatuses: SqlKeyStatusStore;
  readonly keyLife: SqlKeyLifeStore;
  readonly coverages: SqlCoverageStore;
  readonly idempotency: SqlIdempotencyStore;
  readonly fallbacks: SqlFallbackStore;
  readonly leases: SqlLeaseStore;
  readonly assets: SqlAssetStore;
  readonly activity: SqlActivityStore;
  readonly tallies: SqlTallyStore;
  readonly attention: SqlAttentionStore;
  readonly processes: SqlProcessStore;
  readonly chores: SqlChoreStore;
  readonly sessions: SqlSessionStore;
  readonly apiTokens: SqlApiTokenStore;
  readonly #database: Database;
  readonly #guesses = new ledger.HeadGuesses();
  readonly #keyEventWriter = new KeyEventWriter((entries) => this.#appendKeyEvents(entries));

  constructor(database: Database) {
    this.#database = database;
    this.alerts = new SqlAlertStore(database, this.#guesses);
    this.moves = new SqlMoveStore(database, this.#guesses);
    this.reencryption = new SqlReencryptionStore(database, this.#guesses);
    this.keyStatuses = new SqlKeyStatusStore(database, this.#guesses);
    this.keyLife = new SqlKeyLifeStore(database, this.#guesses);
    this.coverages = new SqlCoverageStore(database, this.#guesses);
    this.idempotency = new SqlIdempotencyStore(database);
    this.fallbacks = new SqlFallbackStore(database, this.#guesses);
    this.leases = new SqlLeaseStore(database, this.#guesses);
    this.assets = new SqlAssetStore(database);
    this.activity = new SqlActivityStore(database);
    this.tallies = new SqlTallyStore(database);
    this.attention = new SqlAttentionStore(database);
    this.processes = new SqlProcessStore(database);
    this.chores = new SqlChoreStore(database);
    this.sessions = new SqlSessionStore(database, this.#guesses);
    this.apiTokens = new SqlApiTokenStore(database, this.#guesses);
  }

  putAccount(
    account: AccountFacts,
    audit: AuditEvent,
    precondition?: Precondition<Versioned<Account>>,
  ): Promise<Versioned<Account>> {
    return this.#database.transact(async (db) => {
      if (precondition) {
        // A write, so that nobody else changes it between the look and the change.
        await db('accounts').where({ id: account.id }).update({ id: account.id });
        precondition(await accounts.findVersioned(db, account.id));
      }
      const stored = await accounts.putAccount(db, account);
      await this.#append(db, [audit]);
      return stored;
    });
  }

  findVersionedAccount(id: string): Promise<Versioned<Account> | null> {
    return this.#database.run((db) => accounts.findVersioned(db, id));
  }

  findAccount(id: string): Promise<Account | null> {
    return this.#database.run((db) => accounts.findAccount(db, id));
  }

  listAccounts(afterId: string | null, limit: number): Promise<Account[]> {
    return this.#database.run((db) => accounts.listAccounts(db, afterId, limit));
  }

  putGroup(
    group: Group,
    audit: AuditEvent,
    precondition?: Precondition<Versioned<Group>>,
  ): Promise<Versioned<Group>> {
    return this.#database.transact(async (db) => {
      await accounts.lockAccount(db, group.account);
      precondition?.(await groups.findVersioned(db, group.account, group.id));
      const stored = await groups.putGroup(db, group);
      await this.#append(db, [audit]);
      return stored;
    });
  }

  findVersionedGroup(account: string, id: string): Promise<Versioned<Group> | null> {
    return this.#database.run((db) => groups.findVersioned(db, account, id));
  }

  listGroups(account: string, afterId: string | null, limit: number): Promise<Group[]> {
    return this.#database.run((db) => groups.listGroups(db, account, afterId, limit));
  }

  insertKek(kek: Kek, identities: readonly string[], audit: AuditEvent): Promise<void> {
    return this.#database.transact(async (db) => {
      await keks.insertKek(db, kek, identities);
      await this.#append(db, [audit]);
    });
  }

  findKek(id: string): Promise<Kek | null> {
    return this.#database.run((db) => keks.findKek(db, id));
  }

  ownerOfKey(identity: string): Promise<{ account: string | null } | null> {
    return this.#database.run((db) => keks.ownerOfKey(db, identity));
  }

  listAnyKeks(account: string | null): Promise<ListedKek[]> {
    return this.#database.run((db) => keks.listAnyKeks(db, account));
  }

  listKeks(account: string | null): Promise<Kek[]> {
    return this.#database.run((db) => keks.listKeks(db, account));
  }

  moveKek(id: string, from: readonly KeyLifecycle[], to: KeyLifecycle, audit: AuditEvent): Promise<boolean> {
    return this.#database.transact(async (db) => {
      const moved = await keks.moveKek(db, id, from, to);
      if (moved) await this.#append(db, [audit]);
      return moved;
    });
  }

  setEnrolment(
    account: string,
    srvId: string,
    type: string,
    enrolled: boolean,
    audit: AuditEvent,
  ): Promise<void> {
    return this.#database.transact(async (db) => {
      await accounts.lockAccount(db, account);
      await accounts.setEnrolment(db, account, srvId, type, enrolled);
      await this.#append(db, [audit]);
    });
  }

  listEnrolments(account: string): Promise<{ srvId: string; type: string }[]> {
    return this.#database.run((db) => accounts.listEnrolments(db, account));
  }

  coverage(account: string, owner: string, srvId: string, type: string): Promise<Coverage | null> {
    return this.#database.run((db) => coverage(db, account, owner, srvId, type));
  }

  findNewestDataKey(asset: Asset): Promise<DataKeyRecord | null> {
    return this.#database.run((db) => dataKeys.findNewestDataKey(db, asset));
  }

  findDataKey(asset: Asset, dataKeyId: string): Promise<DataKeyRecord | null> {
    return this.#database.run((db) => dataKeys.findDataKey(db, asset, dataKeyId));
  }

  kekIdsOf(keys: readonly DataKeyName[]): Promise<(string | null)[]> {
    return this.#database.run((db) => dataKeys.kekIdsOf(db, keys));
  }

  insertDataKey(record: DataKeyRecord, audit: AuditEvent): Promise<DataKeyRecord> {
    return this.#database.transact(async (db) => {
      const first = await dataKeys.insertDataKey(db, record);
      if (first) return first;
      await keks.activate(db, record.kekId);
      await this.#append(db, [audit]);
      return record;
    });
  }

  appendAudit(events: readonly AuditEvent[]): Promise<void> {
    return this.#database.transact((db) => this.#append(db, events));
  }

  listAudit(account: string | null, limit: number): Promise<AuditEvent[]> {
    return this.#database.run((db) => audits.listAudit(db, account, limit));
  }

  ledgerAfter(account: string | null, after: number, limit: number): Promise<LedgerRecord[]> {
    return this.#database.run((db) => ledger.ledgerAfter(db, account, after, limit));
  }

  ledgerHead(account: string | null): Promise<LedgerHead> {
    return this.#database.run((db) => ledger.ledgerHead(db, account));
  }

  async chainUnchained(): Promise<void> {
    while (await this.#database.run(hasUnchained)) {
      await this.#database.transact((db) => chainUnchained(db, this.#guesses));
    }
  }

  noteLease(reporter: LeaseHolder, lease: ReporterLease): Promise<void> {
    return this.#database.transact((db) => reporters.noteLease(db, reporter, lease));
  }

  recordUses(report: UseReport, eventsAfter: (before: number) => readonly AuditEvent[]): Promise<boolean> {
    return this.#database.transact(async (db) => {
      const before = await reporters.takeReport(db, report);
      if (before === null) return false;
      await this.#append(db, eventsAfter(before));
      return true;
    });
  }

  silentReporters(nowMs: number, watchedForMs: number, limit: number): Promise<SilentReporter[]> {
    return this.#database.run((db) => reporters.silentReporters(db, nowMs, watchedForMs, limit));
  }

  declareGap(silent: SilentReporter, events: readonly AuditEvent[]): Promise<boolean> {
    return this.#database.transact(async (db) => {
      if (!(await reporters.endSilence(db, silent))) return false;
      await this.#append(db, events);
      return true;
    });
  }

  forgetReporters(beforeMs: number): Promise<void> {
    return this.#database.transact((db) => reporters.forgetReporters(db, beforeMs));
  }

  appendKeyEvent(
    event: Omit<KeyEvent, 'position'>,
    audit: AuditEvent,
    alerts: readonly Alert[] = [],
  ): Promise<KeyEvent> {
    return this.#keyEventWriter.append({ event, audit, alerts });
  }

  keyEventsAfter(position: number, limit: number): Promise<KeyEvent[]> {
    return this.#database.run((db) => keyEvents.keyEventsAfter(db, position, limit));
  }

  newestKeyPosition(): Promise<number> {
    return this.#database.run((db) => keyEvents.newestKeyPosition(db));
  }

  /** A real row, so that a database without our schema does not pass for one that works. */
  async ping(): Promise<void> {
    await this.newestKeyPosition();
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  #appendKeyEvents(entries: readonly KeyEventEntry[]): Promise<KeyEvent[]> {
    return this.#database.transact(async (db) => {
      const events = entries.map(({ event }) => event);
      const stored = await keyEvents.appendKeyEvents(db, events);
      await raiseAlerts(
        db,
        entries.flatMap(({ alerts }) => alerts),
      );
      await this.#append(
        db,
        entries.map(({ audit }) => audit),
      );
      return stored;
    });
  }

  #append(db: Knex, events: readonly AuditEvent[]): Promise<void> {
    return ledger.appendAudit(db, events, this.#guesses);
  }
}
