import { CmkError } from '../../core/errors.ts';
import { knowsType, type Catalogue } from '../model/catalogue.ts';
import type { FailureWish, FallbackEpisode, FallbackPolicy } from '../model/types.ts';
import { unknownAccount } from '../model/unknown-account.ts';
import type { Precondition, Store, Versioned } from '../store/store.ts';
import type { Ledger } from './ledger.ts';

/** What an account wants to happen when its key fails, and what has happened. */
export class FallbackSettings {
  readonly #store: Store['fallbacks'];
  readonly #ledger: Ledger;
  readonly #catalogue: Catalogue;

  constructor(options: { store: Pick<Store, 'fallbacks'>; ledger: Ledger; catalogue: Catalogue }) {
    this.#store = options.store.fallbacks;
    this.#ledger = options.ledger;
    this.#catalogue = options.catalogue;
  }

  /** @throws CmkError ACCOUNT_UNKNOWN, STORE_UNAVAILABLE */
  async policy(account: string): Promise<Versioned<FallbackPolicy>> {
    const policy = await this.#store.findPolicy(account);
    if (policy) return policy;
    throw unknownAccount(account);
  }

  /**
   * Takes effect with the next data key. An episode that lasts goes on until the key works again; with OFF, no more
   * data keys are made in it.
   * @param precondition throws when it must not be written on what is stored
   * @returns the policy as stored
   * @throws CmkError ACCOUNT_UNKNOWN, STORE_UNAVAILABLE; what the precondition throws
   */
  async setPolicy(
    actor: string,
    account: string,
    policy: FallbackPolicy,
    precondition?: Precondition<Versioned<FallbackPolicy>>,
  ): Promise<Versioned<FallbackPolicy>> {
    await this.policy(account);
    const limits = [
      ...(policy.maxHours === null ? [] : [`at most ${policy.maxHours} hours`]),
      ...(policy.maxAssets === null ? [] : [`at most ${policy.maxAssets} assets`]),
    ];
    const detail = ['fallback', policy.mode, ...limits].join(' ');
    return this.#store.setPolicy(account, policy, this.#event(actor, account, detail), precondition);
  }

  /**
   * Newest first.
   * @param before the id of the last one seen
   * @throws CmkError ACCOUNT_UNKNOWN, STORE_UNAVAILABLE
   */
  async episodes(account: string, limit: number, before: string | null = null): Promise<FallbackEpisode[]> {
    await this.policy(account);
    return this.#store.listEpisodes(account, limit, before);
  }

  /** Those that are not FAIL_ASSET. @throws CmkError ACCOUNT_UNKNOWN, STORE_UNAVAILABLE */
  async wishes(account: string): ReturnType<Store['fallbacks']['listWishes']> {
    await this.policy(account);
    return this.#store.listWishes(account);
  }

  /** @throws CmkError ACCOUNT_UNKNOWN, NOT_FOUND for a type that no service has, STORE_UNAVAILABLE */
  async setWish(
    actor: string,
    account: string,
    srvId: string,
    type: string,
    wish: FailureWish,
  ): Promise<void> {
    await this.policy(account);
    if (!knowsType(this.#catalogue, srvId, type)) {
      throw new CmkError('NOT_FOUND', 'the catalogue has no such service and asset type');
    }
    const detail = `when no key works for ${srvId} ${type}: ${wish}`;
    await this.#store.setWish(account, srvId, type, wish, this.#event(actor, account, detail));
  }

  #event(actor: string, account: string, detail: string) {
    return this.#ledger.event({ action: 'ADMINISTER', outcome: 'ALLOWED', actor, account, detail });
  }
}
