import type { Clock, ScheduledCall } from '../../runtime/clock.ts';
import type { KmsTally, Store } from '../store/store.ts';
import type { KmsAsked, KmsResult } from './kms-calls.ts';
import type { Observer } from './observer.ts';

const HOUR_MS = 3_600_000;
const INTERVAL_MS = 10_000;
/** Chains that one round counts on. */
const CHAINS_AT_A_TIME = 100;
/** What differs in account, key, replica, operation or result, while the store does not answer. */
const MAX_KEPT = 20_000;
/** The service of canaries and trials. */
const NO_SERVICE = '0000';

/**
 * Keeps the sums by the hour: adds what this broker asked of KMSs, and has the ledger counted. What is not yet written
 * when the process dies is lost.
 */
export class Tallies {
  readonly #options: TalliesOptions;
  #kept = new Map<string, KmsTally>();
  #timer: ScheduledCall | null = null;
  #round: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: TalliesOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = this.#options.clock.schedule(INTERVAL_MS, () => {
      this.#round = this.runOnce().finally(() => {
        if (!this.#stopped) this.start();
      });
    });
  }

  /** Fulfils when what was counted is written, if it can be. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#round;
    await this.#write();
  }

  /** Counts one call, for the account whose asset or key it is about. */
  count({ target, reference, operation, context }: KmsAsked, result: KmsResult): void {
    const ofAsset = context?.['srvId'] === NO_SERVICE ? null : (context?.['acct'] ?? null);
    const hour = Math.floor(this.#options.clock.wallMs() / HOUR_MS);
    const account = target.account ?? ofAsset;
    this.#add({ account, hour, kekId: target.id ?? null, reference, operation, result, calls: 1 });
  }

  /** Never throws. */
  async runOnce(): Promise<void> {
    const { store, observer } = this.#options;
    await this.#write();
    try {
      for (const account of await store.tallies.uncounted(CHAINS_AT_A_TIME)) {
        if (this.#stopped) return;
        await store.tallies.count(account);
      }
    } catch (error) {
      observer.backgroundFailed('count the ledger', error);
    }
  }

  async #write(): Promise<void> {
    const tallies = [...this.#kept.values()];
    this.#kept = new Map();
    try {
      await this.#options.store.tallies.addKms(tallies);
    } catch (error) {
      for (const tally of tallies) this.#add(tally);
      this.#options.observer.backgroundFailed('count KMS calls', error);
    }
  }

  #add(tally: KmsTally): void {
    const { account, hour, kekId, reference, operation, result, calls } = tally;
    const name = JSON.stringify([account, hour, kekId, reference, operation, result]);
    const known = this.#kept.get(name);
    if (!known && this.#kept.size >= MAX_KEPT) return;
    this.#kept.set(name, { ...tally, calls: calls + (known?.calls ?? 0) });
  }
}

interface TalliesOptions {
  readonly store: Pick<Store, 'tallies'>;
  readonly clock: Clock;
  readonly observer: Observer;
}
