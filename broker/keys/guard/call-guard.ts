import { boundedMap } from '../../../runtime/bounded-map.ts';
import type { Clock } from '../../../runtime/clock.ts';
import { KmsError, type KmsQuota } from '../../kms/provider.ts';
import type { ProviderName } from '../../model/types.ts';
import { Limiter } from './limiter.ts';
import { RetryBudget } from './retry-budget.ts';
import { TokenBucket } from './token-bucket.ts';

/** How many calls may wait for each one that runs. */
const WAITING_PER_RUNNING = 16;
/** As many accounts as one place's calls are shared among, at the least, when every account has its most under way. */
const ACCOUNTS_AT_A_TIME = 16;
const MAX_REMEMBERED = 10_000;

/** Which limit a call would have broken. */
export type GuardLimit = 'ACCOUNT_CONCURRENCY' | 'ACCOUNT_RATE' | 'PLACE_CONCURRENCY' | 'PROVIDER_QUOTA';

export interface GuardSettings {
  /** Calls at a time for one account to one provider. */
  readonly kmsConcurrency: number;
  /** Calls a second for one account to one provider. */
  readonly kmsAccountRate: number;
  /** Which part of a provider's quota this broker may use, percent. */
  readonly kmsQuotaShare: number;
}

/** A call that wants to be made. */
export interface GuardedCall {
  /** Null: the platform's own. */
  readonly account: string | null;
  readonly provider: ProviderName;
  /** What falls silent as one, e.g. a region. */
  readonly place: string;
  /** What the provider counts the call against; null: it publishes none. */
  readonly quota: KmsQuota | null;
  /** How long the call may wait for its turn. */
  readonly maxWaitMs: number;
}

/** What keeps one account's calls from harming the others': no call leaves before it has its turn here. */
export class CallGuard {
  readonly #clock: Clock;
  readonly #settings: GuardSettings;
  readonly #onRefused: (provider: ProviderName, limit: GuardLimit) => void;
  readonly #accounts = boundedMap<AccountLimits>(MAX_REMEMBERED);
  readonly #places = boundedMap<Limiter>(MAX_REMEMBERED);
  readonly #quotas = boundedMap<TokenBucket>(MAX_REMEMBERED);

  constructor(options: {
    clock: Clock;
    settings: GuardSettings;
    onRefused: (provider: ProviderName, limit: GuardLimit) => void;
  }) {
    this.#clock = options.clock;
    this.#settings = options.settings;
    this.#onRefused = options.onRefused;
  }

  /**
   * Runs the work when its turn has come.
   * @throws KmsError THROTTLED when it did not come in time; what the work throws
   */
  async run<T>(call: GuardedCall, work: () => Promise<T>): Promise<T> {
    const endsMs = this.#clock.monotonicMs() + call.maxWaitMs;
    const { concurrency, rate } = this.#limitsOf(call);
    const leaveAccount = await this.#enter(call, 'ACCOUNT_CONCURRENCY', concurrency, endsMs);
    try {
      await this.#await(call, 'ACCOUNT_RATE', rate, endsMs);
      await this.#await(call, 'PROVIDER_QUOTA', this.#bucketOf(call), endsMs);
      const place = this.#limiterOf(call);
      const leavePlace = await this.#enter(call, 'PLACE_CONCURRENCY', place, endsMs);
      try {
        return await work();
      } catch (error) {
        if (error instanceof KmsError && error.kmsCause === 'THROTTLED') rate.slowDown();
        throw error;
      } finally {
        leavePlace();
      }
    } finally {
      leaveAccount();
    }
  }

  /** The retries that an account may afford with a provider. */
  retryBudget(call: Pick<GuardedCall, 'account' | 'provider'>): RetryBudget {
    return this.#limitsOf(call).retries;
  }

  async #enter(call: GuardedCall, limit: GuardLimit, limiter: Limiter, endsMs: number): Promise<() => void> {
    const leave = await limiter.enter(endsMs - this.#clock.monotonicMs());
    return leave ?? this.#refuse(call, limit);
  }

  async #await(call: GuardedCall, limit: GuardLimit, bucket: TokenBucket | null, endsMs: number) {
    if (!bucket) return;
    const waitMs = bucket.take(endsMs - this.#clock.monotonicMs());
    if (waitMs === null) this.#refuse(call, limit);
    else if (waitMs > 0) await new Promise<void>((resolve) => this.#clock.schedule(waitMs, resolve));
  }

  #refuse({ provider }: GuardedCall, limit: GuardLimit): never {
    this.#onRefused(provider, limit);
    const advice = 'Wait a moment and try again: nothing is wrong with the key.';
    throw new KmsError('THROTTLED', REFUSALS[limit], { advice });
  }

  #limitsOf({ account, provider }: Pick<GuardedCall, 'account' | 'provider'>): AccountLimits {
    const name = `${provider} ${account ?? ''}`;
    const { kmsConcurrency: concurrency, kmsAccountRate } = this.#settings;
    const known = this.#accounts.get(name);
    if (known) return known;
    const limits = {
      concurrency: this.#newLimiter(concurrency),
      rate: new TokenBucket(this.#clock, kmsAccountRate),
      retries: new RetryBudget(),
    };
    this.#accounts.set(name, limits);
    return limits;
  }

  #limiterOf({ provider, place }: GuardedCall): Limiter {
    const name = `${provider} ${place}`;
    const known = this.#places.get(name);
    if (known) return known;
    const limiter = this.#newLimiter(this.#settings.kmsConcurrency * ACCOUNTS_AT_A_TIME);
    this.#places.set(name, limiter);
    return limiter;
  }

  #newLimiter(concurrency: number): Limiter {
    return new Limiter(this.#clock, { concurrency, maxWaiting: concurrency * WAITING_PER_RUNNING });
  }

  #bucketOf({ provider, quota }: GuardedCall): TokenBucket | null {
    if (!quota) return null;
    const name = `${provider} ${quota.scope}`;
    const known = this.#quotas.get(name);
    if (known) return known;
    const bucket = new TokenBucket(this.#clock, (quota.perSecond * this.#settings.kmsQuotaShare) / 100);
    this.#quotas.set(name, bucket);
    return bucket;
  }
}

interface AccountLimits {
  readonly concurrency: Limiter;
  readonly rate: TokenBucket;
  readonly retries: RetryBudget;
}

const REFUSALS: Readonly<Record<GuardLimit, string>> = {
  ACCOUNT_CONCURRENCY: 'more calls for this account are under way than its share, and the others wait',
  ACCOUNT_RATE: 'this account makes more KMS calls a second than its share',
  PLACE_CONCURRENCY: 'more calls to this region or host are under way than this broker may have',
  PROVIDER_QUOTA: 'this broker’s share of the KMS’s quota is used up',
};
