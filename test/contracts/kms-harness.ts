import type { KmsCause, KmsProvider } from '../../broker/kms/provider.ts';
import type { KmsFault, Operation } from './kms-fault-table.ts';

export type { KmsFault } from './kms-fault-table.ts';

/** A KMS to test a provider against: an emulator, or the real thing. */
export interface KmsHarness {
  readonly provider: KmsProvider;
  /** Another provider over the same KMS, with credentials that it does not know. */
  readonly stranger: KmsProvider;
  /** A key that can wrap, and another one. */
  readonly key: string;
  readonly otherKey: string;
  /** Holds the material of `key` elsewhere; null where the KMS has no replicas. */
  readonly replica: string | null;
  /** A well-formed reference that names nothing. */
  readonly missingKey: string;
  /** What the KMS says of it, where that is not KEY_NOT_FOUND: some do not tell missing from forbidden. */
  readonly missingKeyCause?: KmsCause;
  /** A key that cannot wrap. */
  readonly wrongKind: string;
  /** References that are malformed, by what is wrong with them. */
  readonly malformed: Readonly<Record<string, string>>;
  disable(reference: string): void;
  enable(reference: string): void;
  /** Null: the KMS knows no deletion that waits. */
  readonly scheduleDeletion: ((reference: string) => void) | null;
  /** What the KMS says of a key that waits for its deletion, where that is not KEY_PENDING_DELETION. */
  readonly pendingDeletionCause?: KmsCause;
  /** Whether the KMS makes the data keys itself; else the provider does, and a broken KMS cannot spoil them. */
  readonly makesDataKeys: boolean;
  /** Whether the KMS sees the context, so that its owner can deny some contexts alone. */
  readonly deniesByContext: boolean;
  /** Takes the provider's permission away; null gives it back. Null itself: the KMS knows no permissions. */
  readonly revoke:
    ((reference: string, denied: 'everything' | { contextKey: string; value: string } | null) => void) | null;
  /** New material under the same key. Null: new material is a new key. */
  readonly rotate: ((reference: string) => void) | null;
  /** Breaks every call until the returned function mends it; null: this KMS cannot fail so. */
  breakWith(fault: KmsFault): Promise<() => Promise<void>> | null;
  /** Operations whose answers do not tell that the KMS mixed up keys. */
  readonly blindTo?: Readonly<Partial<Record<KmsFault, readonly Operation[]>>>;
  /** How late a call may end after its deadline or an abort; default: 100 ms. */
  readonly graceMs?: number;
  /** Open connections to the KMS, as its side sees them. */
  connections(): Promise<number>;
  close(): Promise<void>;
}
