import type { Alert } from '../model/alerts.ts';
import type { AuditEvent, Canary, KeyEvent, KeyLifecycle } from '../model/types.ts';
import type { Precondition, Versioned } from './versions.ts';

/** Data keys of one asset type that are under one key. */
export interface DataKeyCount {
  readonly srvId: string;
  readonly type: string;
  readonly dataKeys: number;
  /** Fewer than data keys where assets have several generations. */
  readonly assets: number;
}

/** A wish to retire a key. */
export interface Retirement {
  readonly kekId: string;
  readonly from: readonly KeyLifecycle[];
  /** How many data keys may become unreadable: exactly so many, or none is there at all. */
  readonly dataKeys: number;
  /** Whether the account may be left with a licence and no key for new data. */
  readonly acceptNoKey: boolean;
  /** What every broker and sidecar is told with it. */
  readonly event: Omit<KeyEvent, 'position'>;
}

/** What became of it; but for RETIRED nothing was changed. */
export type RetirementOutcome =
  | { readonly outcome: 'RETIRED'; readonly position: number }
  | { readonly outcome: 'OTHER_STATE'; readonly lifecycle: KeyLifecycle }
  | { readonly outcome: 'OTHER_COUNT'; readonly dataKeys: number }
  /** No other key of the account takes new data, and it has a licence. */
  | { readonly outcome: 'LAST_KEY' };

/** Other references for a key. */
export interface ReferenceChange {
  readonly kekId: string;
  readonly from: readonly string[];
  readonly to: readonly string[];
  /** What the KMS knows those of `to` by; they are the key's account's from now on. */
  readonly identities: readonly string[];
}

/** The life of keys. A part of broker/store/store.ts, with the same promises. */
export interface KeyLifeStore {
  /** In order of service and type. Rows under the key alone are read, however many there are of others. */
  count(account: string, kekId: string): Promise<DataKeyCount[]>;
  /**
   * Retires a key, and counts what is under it in the same transaction: no data key comes under it afterwards. Of two keys
   * that are retired at once the second knows of the first.
   * @throws CmkError CONFLICT when there is no such key
   */
  retire(retirement: Retirement, audit: AuditEvent, alerts: readonly Alert[]): Promise<RetirementOutcome>;
  /** A key's references, in the order of preference. Null: no such key. */
  references(kekId: string): Promise<Versioned<readonly string[]> | null>;
  /**
   * Replaces a key's references, in the order of preference; what was known of those it has no more is forgotten.
   * @param precondition throws when they must not be written on what is stored
   * @returns the references as stored; null, and nothing is changed, when the key's are not `from` any more
   * @throws CmkError CONFLICT when one of `to` is another key's, or an identity another account's
   */
  replaceReferences(
    change: ReferenceChange,
    audit: AuditEvent,
    precondition?: Precondition<Versioned<readonly string[]>>,
  ): Promise<Versioned<readonly string[]> | null>;
  /** @throws CmkError CONFLICT when there is no such key */
  replaceCanary(kekId: string, canary: Canary, audit: AuditEvent): Promise<void>;
}
