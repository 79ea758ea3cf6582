import type { Asset } from '../../core/asset.ts';
import type {
  Account,
  AuditEvent,
  Canary,
  DataKeyRecord,
  Group,
  Kek,
  KeyEvent,
  KeyLifecycle,
} from '../model/types.ts';
import type { Alert } from '../model/alerts.ts';
import * as accounts from './accounts.ts';
import { raiseAlerts } from './alert-outbox.ts';
import * as audits from './audit-events.ts';
import { coverage } from './coverage.ts';
import * as dataKeys from './data-keys.ts';
import type { Database } from './database.ts';
import * as keks from './keks.ts';
import * as keyEvents from './key-events.ts';
import type { AccountFacts, Coverage, Store } from './store.ts';
import { SqlAlertStore } from './sql-alert-store.ts';

/** The store on a SQL database: which statements belong together. Each begins with a write, so SQLite can queue it. */
export class SqlStore implements Store {
  readonly alerts: SqlAlertStore;
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
    this.alerts = new SqlAlertStore(database);
  }

  putAccount(account: AccountFacts, audit: AuditEvent): Promise<Account> {
    return this.#database.transact(async (db) => {
      const stored = await accounts.putAccount(db, account);
      await audits.appendAudit(db, [audit]);
      return stored;
    });
  }

  findAccount(id: string): Promise<Account | null> {
    return this.#database.run((db) => accounts.findAccount(db, id));
  }

  listAccounts(afterId: string | null, limit: number): Promise<Account[]> {
    return this.#database.run((db) => accounts.listAccounts(db, afterId, limit));
  }

  putGroup(group: Group, audit: AuditEvent): Promise<void> {
    return this.#database.transact(async (db) => {
      await accounts.putGroup(db, group);
      await audits.appendAudit(db, [audit]);
    });
  }

  listGroups(account: string): Promise<Group[]> {
    return this.#database.run((db) => accounts.listGroups(db, account));
  }

  insertKek(kek: Kek, identities: readonly string[], audit: AuditEvent): Promise<void> {
    return this.#database.transact(async (db) => {
      await keks.insertKek(db, kek, identities);
      await audits.appendAudit(db, [audit]);
    });
  }

  findKek(id: string): Promise<Kek | null> {
    return this.#database.run((db) => keks.findKek(db, id));
  }

  ownerOfKey(identity: string): Promise<{ account: string | null } | null> {
    return this.#database.run((db) => keks.ownerOfKey(db, identity));
  }

  listKeks(account: string | null): Promise<Kek[]> {
    return this.#database.run((db) => keks.listKeks(db, account));
  }

  moveKek(id: string, from: readonly KeyLifecycle[], to: KeyLifecycle, audit: AuditEvent): Promise<boolean> {
    return this.#database.transact(async (db) => {
      const moved = await keks.moveKek(db, id, from, to);
      if (moved) await audits.appendAudit(db, [audit]);
      return moved;
    });
  }

  setCanary(id: string, canary: Canary): Promise<void> {
    return this.#database.run((db) => keks.setCanary(db, id, canary));
  }

  setEnrolment(
    account: string,
    srvId: string,
    type: string,
    enrolled: boolean,
    audit: AuditEvent,
  ): Promise<void> {
    return this.#database.transact(async (db) => {
      await accounts.setEnrolment(db, account, srvId, type, enrolled);
      await audits.appendAudit(db, [audit]);
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

  insertDataKey(record: DataKeyRecord, audit: AuditEvent): Promise<DataKeyRecord> {
    return this.#database.transact(async (db) => {
      const first = await dataKeys.insertDataKey(db, record);
      if (first) return first;
      await keks.moveKek(db, record.kekId, ['STANDBY'], 'ACTIVE');
      await audits.appendAudit(db, [audit]);
      return record;
    });
  }

  appendAudit(events: readonly AuditEvent[]): Promise<void> {
    return this.#database.transact((db) => audits.appendAudit(db, events));
  }

  listAudit(account: string | null, limit: number): Promise<AuditEvent[]> {
    return this.#database.run((db) => audits.listAudit(db, account, limit));
  }

  appendKeyEvent(
    event: Omit<KeyEvent, 'position'>,
    audit: AuditEvent,
    alerts: readonly Alert[] = [],
  ): Promise<KeyEvent> {
    return this.#database.transact(async (db) => {
      const stored = await keyEvents.appendKeyEvent(db, event);
      await audits.appendAudit(db, [audit]);
      await raiseAlerts(db, alerts);
      return stored;
    });
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
}
