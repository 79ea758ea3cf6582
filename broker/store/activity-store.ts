import type { Asset } from '../../core/asset.ts';
import type { AuditAction, AuditEvent, AuditOutcome, Reason } from '../model/types.ts';

/** Which events of an account's ledger; what is absent does not matter. */
export interface ActivityFilter {
  readonly actions?: readonly AuditAction[];
  readonly outcomes?: readonly AuditOutcome[];
  readonly reasons?: readonly Reason[];
  readonly srvId?: string;
  readonly type?: string;
  readonly assetId?: string;
  readonly actor?: string;
  readonly kekId?: string;
  /** UNIX milliseconds, from and up to. */
  readonly from?: number;
  readonly until?: number;
}

/** A page of events, newest first. */
export interface ActivityPage {
  readonly events: readonly AuditEvent[];
  /**
   * The id before which the next page begins; null: this was the last. A page may be short, or even empty, and not be
   * the last: a filter that finds little is not looked for in all that there ever was at once.
   */
  readonly next: string | null;
}

/** The ledger as people look through it. A part of broker/store/store.ts, with the same promises. */
export interface ActivityStore {
  /** @param before the `next` of the page before; null: from the newest on */
  list(account: string, filter: ActivityFilter, before: string | null, limit: number): Promise<ActivityPage>;
  /** What was done with an asset. */
  ofAsset(asset: Asset, before: string | null, limit: number): Promise<ActivityPage>;
}
