import type { Alert } from '../model/alerts.ts';
import type { KeyStatusPlace, KeyStatusRecord } from '../model/key-status.ts';
import type { AuditEvent } from '../model/types.ts';

/** What becomes of a stored status, and who is told. */
export interface KeyStatusChange {
  readonly record: KeyStatusRecord;
  /** null: nobody needs to know. */
  readonly audit: AuditEvent | null;
  readonly alerts: readonly Alert[];
}

export interface ProbeClaim {
  readonly nowMs: number;
  /** When others may ask, should this broker die, or the key be in trouble still. */
  readonly untilMs: number;
  readonly limit: number;
}

/** How the uses of keys and replicas go. A part of broker/store/store.ts, with the same promises. */
export interface KeyStatusStore {
  /** All that is known of these keys. */
  list(kekIds: readonly string[]): Promise<KeyStatusRecord[]>;
  /**
   * Changes statuses in one transaction, what is told of it included. Of a reference that is not the key's nothing is
   * stored. Whoever is in trouble from now on is to be probed at once.
   * @param change gets what is stored, or UNKNOWN; is pure, and may be called several times
   * @returns what is stored then
   */
  apply(
    places: readonly KeyStatusPlace[],
    change: (stored: KeyStatusRecord) => KeyStatusChange,
  ): Promise<KeyStatusRecord[]>;
  /** Takes statuses in trouble whose turn it is, so that no other broker asks them before `untilMs`. */
  claimProbes(claim: ProbeClaim): Promise<KeyStatusRecord[]>;
  /** It is not asked any more, until it fails anew. */
  dropProbe(place: KeyStatusPlace): Promise<void>;
}
