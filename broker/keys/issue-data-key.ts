import { assetKey, checkIdentifier } from '../../core/asset.ts';
import type { Clock } from '../../runtime/clock.ts';
import { SingleFlight } from '../../runtime/single-flight.ts';
import type { Caller } from '../policy/authorize.ts';
import { isToGiveWay } from '../policy/decide-key.ts';
import type { Store } from '../store/store.ts';
import { checkReason, type Access, type Admitted, type AssetRequest } from './access.ts';
import { grantDataKey, type Grant } from './grant.ts';
import type { LeasedKeys } from './leased-keys.ts';
import type { Ledger } from './ledger.ts';
import type { Made, MakeDataKey } from './make-data-key.ts';
import { holdForSealing } from './reencryption.ts';
import { holderOf, type Holder, type Reporters } from './reporters.ts';

/** Gives an asset's data key for sealing, and makes it when there is none. */
export class IssueDataKey {
  readonly #options: IssueOptions;
  readonly #making = new SingleFlight<Made>();

  constructor(options: IssueOptions) {
    this.#options = options;
  }

  /**
   * @throws CmkError NOT_AUTHORIZED, INVALID_ARGUMENT, ACCOUNT_UNKNOWN, STORE_UNAVAILABLE, CANCELLED; for a
   * re-encryption also ASSET_NOT_FOUND; KmsError
   */
  async run(caller: Caller, request: IssueRequest, signal: AbortSignal): Promise<Grant> {
    const { access, store, ledger } = this.#options;
    const attempt = await access.admit('ISSUE', caller, request);
    checkReason(request.reason);
    const owner = request.reencryption ? null : checkIdentifier('owner', request.owner);
    const holder = holderOf(caller, request);
    let kekId: string | null = null;
    try {
      const stored = await store.findNewestDataKey(attempt.asset);
      if (stored && !isToGiveWay(stored)) {
        kekId = stored.kekId;
        // Marked all the same, if it left the customer's key: it may be back there before the sealing ends.
        await holdForSealing(this.#options, stored);
        return await grantDataKey(this.#options, attempt, stored, { signal, holder });
      }
      return await this.#issueNew(attempt, owner, { signal, holder });
    } catch (error) {
      throw await ledger.failed(attempt, kekId, error);
    }
  }

  /** However many ask at once, one makes the key; the others are given the same, each with an event of its own. */
  async #issueNew(
    attempt: Admitted,
    owner: string | null,
    options: { signal: AbortSignal; holder: Holder | null },
  ): Promise<Grant> {
    const { signal } = options;
    const make = () => this.#options.makeDataKey.run(attempt, owner);
    // Apart from one another: only one of the two kinds makes an asset's first data key.
    const flight = `${owner === null ? 'again ' : ''}${assetKey(attempt.asset)}`;
    const { record, recordedFor } = await this.#making.run(flight, make, { signal });
    await holdForSealing(this.#options, record);
    const alreadyRecorded = recordedFor === attempt;
    return grantDataKey(this.#options, attempt, record, { ...options, alreadyRecorded });
  }
}

/** What is to be sealed. */
export interface IssueRequest extends AssetRequest {
  /** Who owns the asset; not looked at for a re-encryption. */
  readonly owner: string;
  /** The asset's files are being sealed again: it has a data key already. Default false. */
  readonly reencryption?: boolean;
}

interface IssueOptions {
  readonly access: Access;
  readonly store: Pick<Store, 'findNewestDataKey' | 'reencryption'>;
  readonly makeDataKey: MakeDataKey;
  readonly leasedKeys: LeasedKeys;
  readonly ledger: Ledger;
  readonly reporters: Reporters;
  readonly clock: Clock;
}
