import type { Asset } from '../../core/asset.ts';
import { CmkError } from '../../core/errors.ts';
import type { ListedKek } from '../model/types.ts';
import { unknownAccount } from '../model/unknown-account.ts';
import { isToGiveWay } from '../policy/decide-key.ts';
import type { ActivityPage, AssetPlace, AssetQuery, AssetRow, Store } from '../store/store.ts';

/** The key that something is under. */
export interface KeyName {
  readonly id: string;
  /** Whether it is the provider's, not the account's. */
  readonly platform: boolean;
  /** As its KMS names it; null: the provider's, which is nobody else's business. */
  readonly reference: string | null;
  readonly lifecycle: ListedKek['lifecycle'];
}

/**
 * CURRENT: the asset's newest, under which it is sealed. TO_GIVE_WAY: the newest too, and the next file is sealed under a
 * newer one. OLDER: opens files from before. DESTROYED: opens nothing.
 */
export type DataKeyState = 'CURRENT' | 'TO_GIVE_WAY' | 'OLDER' | 'DESTROYED';

/** One of an asset's data keys. Times are UNIX milliseconds. */
export interface DataKeyView {
  readonly id: string;
  readonly generation: number;
  readonly state: DataKeyState;
  readonly protection: AssetRow['protection'];
  readonly key: KeyName;
  readonly madeAt: number;
  readonly reencryptSince: number | null;
  readonly destroyedAt: number | null;
}

/** An asset in a list, as its newest data key shows it. */
export interface ListedAsset extends DataKeyView {
  readonly asset: Asset;
  readonly owner: string | null;
}

/** How an asset is protected. */
export interface AssetView {
  readonly asset: Asset;
  readonly protection: AssetRow['protection'];
  readonly key: KeyName;
  /** Of the newest data key. */
  readonly generation: number;
  /** Who owned it when its newest data key was made; null: nobody knows. */
  readonly owner: string | null;
  /** When its first data key was made. */
  readonly madeAt: number;
  /** The newest first. */
  readonly dataKeys: readonly DataKeyView[];
}

/** Assets as administrators look for them, and what was done with one. */
export class AssetViews {
  readonly #store: Pick<Store, 'assets' | 'activity' | 'findAccount' | 'listAnyKeks'>;

  constructor(options: { store: Pick<Store, 'assets' | 'activity' | 'findAccount' | 'listAnyKeks'> }) {
    this.#store = options.store;
  }

  /**
   * A page in order of service, type and id.
   * @param after the place of the last one of the page before
   * @throws CmkError ACCOUNT_UNKNOWN, STORE_UNAVAILABLE
   */
  async list(
    account: string,
    query: AssetQuery,
    after: AssetPlace | null,
    limit: number,
  ): Promise<{ assets: ListedAsset[]; next: AssetPlace | null }> {
    const nameOf = await this.#keyNames(account);
    const rows = await this.#store.assets.list(account, query, after, limit + 1);
    const shown = rows.slice(0, limit);
    const assets = shown.map((row) => ({
      asset: row.asset,
      owner: row.owner,
      ...dataKeyView(row, nameOf(row.kekId), true),
    }));
    return { assets, next: rows.length > limit ? (shown.at(-1)?.asset ?? null) : null };
  }

  /** @throws CmkError ACCOUNT_UNKNOWN, ASSET_NOT_FOUND, STORE_UNAVAILABLE */
  async one(asset: Asset): Promise<AssetView> {
    const nameOf = await this.#keyNames(asset.account);
    const rows = await this.#store.assets.dataKeys(asset);
    const [newest] = rows;
    const [first] = rows.slice(-1);
    if (!newest || !first) throw notSealed();
    const { protection, generation, owner, kekId } = newest;
    return {
      asset,
      protection,
      key: nameOf(kekId),
      generation,
      owner,
      madeAt: first.createdAt * 1_000,
      dataKeys: rows.map((row) => dataKeyView(row, nameOf(row.kekId), row === newest)),
    };
  }

  /** Newest first. @throws CmkError ACCOUNT_UNKNOWN, ASSET_NOT_FOUND, STORE_UNAVAILABLE */
  async history(asset: Asset, before: string | null, limit: number): Promise<ActivityPage> {
    const store = this.#store;
    if (!(await store.findAccount(asset.account))) throw unknownAccount(asset.account);
    const page = await store.activity.ofAsset(asset, before, limit);
    if (before !== null || page.events.length > 0) return page;
    // What was asked for and never was there has a history of refusals, if any.
    if ((await store.assets.dataKeys(asset)).length === 0) throw notSealed();
    return page;
  }

  /** An account's data keys are under its own keys or under the provider's. */
  async #keyNames(account: string): Promise<(kekId: string) => KeyName> {
    if (!(await this.#store.findAccount(account))) throw unknownAccount(account);
    const keks = [...(await this.#store.listAnyKeks(account)), ...(await this.#store.listAnyKeks(null))];
    const names = new Map(keks.map((kek) => [kek.id, keyName(kek)]));
    return (kekId) => {
      const name = names.get(kekId);
      if (name) return name;
      throw new CmkError('INTERNAL', 'a data key is under a key that is not its account’s');
    };
  }
}

function keyName({ id, account, references, lifecycle }: ListedKek): KeyName {
  const platform = account === null;
  return { id, platform, reference: platform ? null : references[0], lifecycle };
}

function dataKeyView(row: AssetRow, key: KeyName, isNewest: boolean): DataKeyView {
  const { id, generation, protection, createdAt, reencryptSince, destroyedAt } = row;
  const state = stateOf(row, isNewest);
  return { id, generation, state, protection, key, madeAt: createdAt * 1_000, reencryptSince, destroyedAt };
}

function stateOf(row: AssetRow, isNewest: boolean): DataKeyState {
  if (row.destroyedAt !== null) return 'DESTROYED';
  if (!isNewest) return 'OLDER';
  return isToGiveWay(row) ? 'TO_GIVE_WAY' : 'CURRENT';
}

function notSealed(): CmkError {
  return new CmkError('ASSET_NOT_FOUND', 'nothing was ever sealed for this asset');
}
