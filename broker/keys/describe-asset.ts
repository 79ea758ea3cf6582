import { CmkError } from '../../core/errors.ts';
import type { Protection } from '../model/types.ts';
import type { Caller } from '../policy/authorize.ts';
import type { Store } from '../store/store.ts';
import type { Access, AssetRequest } from './access.ts';

/** How an asset is protected. */
export interface AssetDescription {
  readonly dataKeyId: string;
  readonly protection: Protection;
  /** As its KMS names it. */
  readonly keyInUse: string;
  readonly generation: number;
  /** UNIX seconds. */
  readonly createdAt: number;
}

/** Tells how an asset is protected. Uses no key, so only refusals are audited. */
export class DescribeAsset {
  readonly #access: Access;
  readonly #store: Pick<Store, 'findNewestDataKey' | 'findKek'>;

  constructor(options: { access: Access; store: Pick<Store, 'findNewestDataKey' | 'findKek'> }) {
    this.#access = options.access;
    this.#store = options.store;
  }

  /** @throws CmkError NOT_AUTHORIZED, INVALID_ARGUMENT, ASSET_NOT_FOUND, STORE_UNAVAILABLE */
  async run(caller: Caller, request: AssetRequest): Promise<AssetDescription> {
    const { asset } = await this.#access.admit('DESCRIBE', caller, request);
    const record = await this.#store.findNewestDataKey(asset);
    if (!record) throw new CmkError('ASSET_NOT_FOUND', 'nothing was ever sealed for this asset');
    const kek = await this.#store.findKek(record.kekId);
    const { id: dataKeyId, protection, generation, createdAt } = record;
    return { dataKeyId, protection, keyInUse: kek?.references[0] ?? '', generation, createdAt };
  }
}
