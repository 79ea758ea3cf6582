import type { Asset } from '../../core/asset.ts';
import type { ListedDataKey, Protection } from '../model/types.ts';

/** An asset as its newest data key shows it. */
export type AssetRow = Omit<ListedDataKey, 'wrapped' | 'context'>;

/** Which of an account's assets; what is absent does not matter. */
export interface AssetQuery {
  readonly srvId?: string;
  readonly type?: string;
  /** Of the newest data key. */
  readonly protection?: Protection;
  /** What the asset's id begins with. */
  readonly idPrefix?: string;
}

/** Where an asset stands in a list: in order of service, type and id. */
export type AssetPlace = Pick<Asset, 'srvId' | 'type' | 'id'>;

/** How much of one type is protected how, and by which key. */
export interface ProtectionCount {
  readonly srvId: string;
  readonly type: string;
  readonly protection: ListedDataKey['protection'];
  readonly kekId: string;
  /** Those whose newest data key it is. */
  readonly assets: number;
  /** Those that are not destroyed. */
  readonly dataKeys: number;
}

/** Data keys that are to give way to newer ones. */
export interface Backlog {
  readonly srvId: string;
  readonly type: string;
  readonly dataKeys: number;
  /** When the first of them was marked, UNIX milliseconds. */
  readonly oldestSince: number;
}

/** Assets as administrators look at them. A part of broker/store/store.ts, with the same promises. */
export interface AssetStore {
  /** In order of place, at most `limit`, from after this one. */
  list(account: string, query: AssetQuery, after: AssetPlace | null, limit: number): Promise<AssetRow[]>;
  /** All generations, the newest first. */
  dataKeys(asset: Asset): Promise<AssetRow[]>;
  /** In order of key, service, type and protection. */
  count(account: string): Promise<ProtectionCount[]>;
  /** In order of service and type. */
  backlog(account: string): Promise<Backlog[]>;
}
