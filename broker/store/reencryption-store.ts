import type { Asset } from '../../core/asset.ts';
import type { AuditEvent, DataKeyRecord } from '../model/types.ts';

/** Where a data key stands in the list of one service, oldest mark first. */
export interface ReencryptionPlace {
  /** When it was marked, UNIX milliseconds. */
  readonly since: number;
  readonly account: string;
  readonly type: string;
  readonly assetId: string;
  readonly generation: number;
}

/** A data key that is to give way to a newer one of its asset. */
export interface MarkedDataKey {
  readonly record: DataKeyRecord;
  /** When it was last granted, or may have been granted, for sealing: UNIX milliseconds. */
  readonly sealingAt: number;
}

/**
 * What came of the wish to destroy a data key: it was done, or had been done before; the asset has no such data key;
 * it is not marked; it was granted for sealing too short a while ago; no newer one is under the customer's key.
 */
export type Destruction = 'DONE' | 'DONE_BEFORE' | 'UNKNOWN' | 'NOT_MARKED' | 'IN_USE' | 'NO_NEWER';

/**
 * Data keys that are marked for re-encryption: `reencryptSince` is set, the customer's key wraps them, and they are not
 * destroyed. A part of broker/store/store.ts, with the same promises.
 */
export interface ReencryptionStore {
  /** A service's marked data keys in order of place, from after this one; null: from the beginning. */
  list(srvId: string, after: ReencryptionPlace | null, limit: number): Promise<MarkedDataKey[]>;
  /**
   * Notes that a marked data key is being granted for sealing now. Before it leaves: from then on it is not destroyed.
   * @returns false when it was destroyed
   */
  noteSealing(asset: Asset, dataKeyId: string, nowMs: number): Promise<boolean>;
  /**
   * Overwrites a marked data key's wrapped form with nothing, if a newer data key of the asset is under the customer's
   * key and it was not granted for sealing after `unusedSinceMs`. All in one step, with the audit event.
   */
  destroy(
    asset: Asset,
    dataKeyId: string,
    when: { readonly nowMs: number; readonly unusedSinceMs: number },
    audit: AuditEvent,
  ): Promise<Destruction>;
}
