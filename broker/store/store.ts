import type { Asset } from '../../core/asset.ts';
import type { LedgerHead, LedgerRecord } from '../../core/ledger.ts';
import type {
  Account,
  AuditEvent,
  Coverage,
  DataKeyRecord,
  Group,
  Kek,
  KeyEvent,
  KeyLifecycle,
  ListedKek,
  Reporter,
  ReporterLease,
  SilentReporter,
  UseReport,
} from '../model/types.ts';
import type { Alert } from '../model/alerts.ts';
import type { ActivityStore } from './activity-store.ts';
import type { AlertStore } from './alert-store.ts';
import type { AssetStore } from './asset-store.ts';
import type { AttentionStore } from './attention-store.ts';
import type { ChoreStore } from './chore-store.ts';
import type { ApiTokenStore } from './api-token-store.ts';
import type { CoverageStore } from './coverage-store.ts';
import type { IdempotencyStore } from './idempotency-store.ts';
import type { FallbackStore } from './fallback-store.ts';
import type { LeaseStore } from './lease-store.ts';
import type { MoveStore } from './move-store.ts';
import type { ReencryptionStore } from './reencryption-store.ts';
import type { KeyLifeStore } from './key-life-store.ts';
import type { KeyStatusStore } from './key-status-store.ts';
import type { ProcessStore } from './process-store.ts';
import type { TallyStore } from './tally-store.ts';
import type { SessionStore } from './session-store.ts';
import type { Precondition, Versioned } from './versions.ts';

export type { Chore, ChoreStore } from './chore-store.ts';
export type { LeaseStore } from './lease-store.ts';
export type { CoverageStore, CoverageWrite, NewMove } from './coverage-store.ts';
export type { IdempotencyStore, StoredAnswer } from './idempotency-store.ts';
export type { Precondition, Versioned } from './versions.ts';

export type { ApiTokenStore } from './api-token-store.ts';
export type { SessionBounds, SessionStore } from './session-store.ts';
export type { FallbackStart, FallbackStore } from './fallback-store.ts';
export type { ClaimedMove, MoveStore, Page, Rewrapped } from './move-store.ts';
export type { Destruction, ReencryptionPlace, ReencryptionStore } from './reencryption-store.ts';
export type { DataKeyCount, KeyLifeStore, Retirement } from './key-life-store.ts';
export type { KeyStatusChange, KeyStatusStore } from './key-status-store.ts';
export type { ActivityFilter, ActivityPage, ActivityStore } from './activity-store.ts';
export type { AssetPlace, AssetQuery, AssetRow, AssetStore, ProtectionCount } from './asset-store.ts';
export type { AttentionStore, Pulse, Unfinished } from './attention-store.ts';
export type { ProcessStore } from './process-store.ts';
export type { HourSpan, KmsTally, LedgerTally, TallyStore } from './tally-store.ts';
export type { Coverage };

/** What others say of an account; the rest of it is made by the store. */
export type AccountFacts = Omit<Account, 'externalId'>;

/** A data key as its users name it. */
export interface DataKeyName {
  readonly asset: Asset;
  readonly dataKeyId: string;
}

/** A process that was just lent a data key. */
export interface LeaseHolder extends Reporter {
  /** UNIX milliseconds. */
  readonly heardAt: number;
  /** After so long without a word it counts as gone, milliseconds, until its first report says otherwise. */
  readonly patienceMs: number;
}

/**
 * What the broker remembers. Each implementation passes test/contracts/store.ts.
 *
 * What an implementer promises:
 * - When a promise of a writing call fulfils, the change is on disk and survives `kill -9` and power loss.
 * - A call either happens whole or not at all. Serialization conflicts are retried inside.
 * - Failures of the database are CmkError STORE_UNAVAILABLE, in bounded time; contradictions of stored facts (also:
 *   an account that a group, a key or an enrolment names is not there) are CmkError CONFLICT.
 * - A stored row that makes no sense is CmkError INTERNAL, never undefined.
 * - Every audit event that a call takes gets the next place in the hash chain of its account (core/ledger.ts), in the
 *   same transaction: places have no gaps, and whoever has read up to one has read all before it.
 * - "null" means that there is no such row; never a failure.
 */
export interface Store {
  /**
   * Creates or replaces. A new account gets an external id here, which stays its own whatever is put later.
   * @param precondition throws when it must not be written on what is stored
   * @returns the account as stored
   */
  putAccount(
    account: AccountFacts,
    audit: AuditEvent,
    precondition?: Precondition<Versioned<Account>>,
  ): Promise<Versioned<Account>>;
  findVersionedAccount(id: string): Promise<Versioned<Account> | null>;
  findAccount(id: string): Promise<Account | null>;
  /** In order of id, at most `limit`, from after `afterId`. */
  listAccounts(afterId: string | null, limit: number): Promise<Account[]>;

  /**
   * Creates or replaces, with all its members.
   * @param precondition throws when it must not be written on what is stored
   * @returns the group as stored
   */
  putGroup(
    group: Group,
    audit: AuditEvent,
    precondition?: Precondition<Versioned<Group>>,
  ): Promise<Versioned<Group>>;
  findVersionedGroup(account: string, id: string): Promise<Versioned<Group> | null>;
  /** In order of id, at most `limit`, from after `afterId`. */
  listGroups(account: string, afterId: string | null, limit: number): Promise<Group[]>;

  /**
   * Stores a key.
   * @param identities what the KMS knows it by, whatever it is called; they are its account's from now on
   * @throws CmkError CONFLICT when one of its references is stored already, or an identity is another account's
   */
  insertKek(kek: Kek, identities: readonly string[], audit: AuditEvent): Promise<void>;
  findKek(id: string): Promise<Kek | null>;
  /** Whose the key with this identity is, with null for the platform; null: nobody has enrolled it. */
  ownerOfKey(identity: string): Promise<{ readonly account: string | null } | null>;
  /** The account's keys, newest first; null: the platform's. */
  listKeks(account: string | null): Promise<Kek[]>;
  /** As {@link listKeks}, to be looked at: also those of kinds and states that a newer release knows. */
  listAnyKeks(account: string | null): Promise<ListedKek[]>;
  /** Moves a key to another state of its life; does nothing when it is not in one of `from`. */
  moveKek(id: string, from: readonly KeyLifecycle[], to: KeyLifecycle, audit: AuditEvent): Promise<boolean>;
  /** What happens to keys later. */
  readonly keyLife: KeyLifeStore;
  /** How the uses of keys and replicas go. */
  readonly keyStatuses: KeyStatusStore;

  /** Enrols an asset type or ends its enrolment. Idempotent. */
  setEnrolment(
    account: string,
    srvId: string,
    type: string,
    enrolled: boolean,
    audit: AuditEvent,
  ): Promise<void>;
  listEnrolments(account: string): Promise<{ srvId: string; type: string }[]>;

  /** All that policy needs to know to decide which key protects an asset, in one consistent read. */
  coverage(account: string, owner: string, srvId: string, type: string): Promise<Coverage | null>;

  /** The asset's data key of the newest generation. */
  findNewestDataKey(asset: Asset): Promise<DataKeyRecord | null>;
  /** A data key by its id, but only if it is this very asset's. */
  findDataKey(asset: Asset, dataKeyId: string): Promise<DataKeyRecord | null>;
  /** For each of these data keys the key that it is wrapped under; null: its asset has no such data key. */
  kekIdsOf(keys: readonly DataKeyName[]): Promise<(string | null)[]>;
  /**
   * Stores a data key unless the asset has one of that generation, together with the audit event; when it has one,
   * neither is stored.
   * When the record is the first under a STANDBY key, the key becomes ACTIVE in the same transaction, and ACTIVE keys of
   * the account that are older become DECRYPT_ONLY.
   * @returns the stored record: the given one, or the one that was there first
   * @throws CmkError CONFLICT when its key-encryption key is not stored or its id is another generation's,
   *   KEY_RETIRED when the key was retired, INTERNAL when its context is not what asset and time of making give
   */
  insertDataKey(record: DataKeyRecord, audit: AuditEvent): Promise<DataKeyRecord>;

  /** Appends in one transaction. */
  appendAudit(events: readonly AuditEvent[]): Promise<void>;
  /** The newest events first, of one account, or with null of all, at most `limit`. */
  listAudit(account: string | null, limit: number): Promise<AuditEvent[]>;

  /** An account's chain in order of sequence, from after one; with null the chain of events without an account. */
  ledgerAfter(account: string | null, after: number, limit: number): Promise<LedgerRecord[]>;
  ledgerHead(account: string | null): Promise<LedgerHead>;
  /** Gives events that a release without the ledger wrote their places. */
  chainUnchained(): Promise<void>;

  /** Notes until when a process may use data keys of an account for a service. Idempotent. */
  noteLease(reporter: LeaseHolder, lease: ReporterLease): Promise<void>;
  /**
   * Records a report of uses, once however often it comes.
   * @param eventsAfter the events to append, given the number of the process's last report before; may be called
   *   several times
   * @returns false when it was recorded before; nothing is appended then
   * @throws CmkError CONFLICT when the process is another identity's
   */
  recordUses(report: UseReport, eventsAfter: (before: number) => readonly AuditEvent[]): Promise<boolean>;
  /**
   * Processes that owe reports and have been silent for longer than they may, the longest silent first.
   * @param watchedForMs how long reports could have been taken: whoever may be silent for longer is left out
   */
  silentReporters(nowMs: number, watchedForMs: number, limit: number): Promise<SilentReporter[]>;
  /**
   * Appends the events of a gap, and ends the silence, unless somebody else did or the process was heard of since.
   * @returns whether it was this call
   */
  declareGap(silent: SilentReporter, events: readonly AuditEvent[]): Promise<boolean>;
  /** Forgets processes that ended, or were declared gone, and were not heard of since this time. */
  forgetReporters(beforeMs: number): Promise<void>;

  /** Appends; the position is given here, in commit order, without gaps. Raises the alerts with it. */
  appendKeyEvent(
    event: Omit<KeyEvent, 'position'>,
    audit: AuditEvent,
    alerts?: readonly Alert[],
  ): Promise<KeyEvent>;
  /** In order of position, from after `position`; those that were pruned are left out. */
  keyEventsAfter(position: number, limit: number): Promise<KeyEvent[]>;
  newestKeyPosition(): Promise<number>;

  /** Alerts, whom they go to, and the outbox. */
  readonly alerts: AlertStore;
  /** Moves of data keys between keys. */
  readonly moves: MoveStore;
  /** Data keys that are to give way to newer ones. */
  readonly reencryption: ReencryptionStore;
  /** Changes of who and what is covered. */
  readonly coverages: CoverageStore;
  /** Requests that may be sent again. */
  readonly idempotency: IdempotencyStore;
  readonly fallbacks: FallbackStore;
  /** Leases per asset type. */
  readonly leases: LeaseStore;
  /** What administrators look at. */
  readonly assets: AssetStore;
  readonly activity: ActivityStore;
  readonly tallies: TallyStore;
  readonly attention: AttentionStore;
  readonly processes: ProcessStore;
  /** What keeps the database small. */
  readonly chores: ChoreStore;
  /** Who is signed in. */
  readonly sessions: SessionStore;
  /** What programs sign in with. */
  readonly apiTokens: ApiTokenStore;

  /** Throws unless the database answers. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
