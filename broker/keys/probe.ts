import type { Clock } from '../../runtime/clock.ts';
import { Repeated } from '../../runtime/repeated.ts';
import type { Store } from '../store/store.ts';
import type { KeyHealth } from './key-health.ts';
import type { LeasedKeys } from './leased-keys.ts';
import type { MovedLeases } from './moved-leases.ts';
import type { Observer } from './observer.ts';
import type { StatusProbe } from './status-probe.ts';

/** Keys of one round whose canaries are asked at the same time. */
const AT_A_TIME = 256;

/**
 * Asks every key that has live leases here whether it still works, so that a customer's decision takes effect long
 * before the leases end; its replicas by themselves too, now and then. An outage changes nothing: the leases run out by
 * themselves.
 */
export class Probe {
  readonly #options: ProbeOptions;
  readonly #rounds: Repeated;
  readonly #beingAsked = new Set<string>();

  constructor(options: ProbeOptions) {
    this.#options = options;
    const { clock, intervalMs: pauseMs } = options;
    this.#rounds = new Repeated({ clock, pauseMs, work: () => this.runOnce(), overlaps: true });
  }

  start(): void {
    this.#rounds.start();
  }

  /** Fulfils when the rounds under way have ended. */
  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  /** One round over all keys with live leases that are not being asked already. Never throws. */
  async runOnce(): Promise<void> {
    const kekIds = await this.#kekIds();
    const worker = async () => {
      for (let kekId = kekIds.pop(); kekId !== undefined; kekId = kekIds.pop()) await this.#check(kekId);
    };
    await Promise.all(Array.from({ length: Math.min(AT_A_TIME, kekIds.length) }, worker));
  }

  /** Keys with live leases, and those that data keys on loan have moved to since. */
  async #kekIds(): Promise<string[]> {
    const { leasedKeys, movedLeases, observer } = this.#options;
    const kekIds = leasedKeys.kekIds();
    try {
      return kekIds.length === 0 ? [] : [...kekIds, ...(await movedLeases.targetsOf(kekIds))];
    } catch (error) {
      observer.backgroundFailed('probe a key', error);
      return kekIds;
    }
  }

  async #check(kekId: string): Promise<void> {
    const { store, health, statusProbe, observer } = this.#options;
    if (this.#beingAsked.has(kekId)) return;
    this.#beingAsked.add(kekId);
    try {
      const kek = await store.findKek(kekId);
      if (kek && kek.lifecycle !== 'RETIRED')
        await Promise.all([health.check(kek), statusProbe.askSilent(kek)]);
    } catch (error) {
      observer.backgroundFailed('probe a key', error);
    } finally {
      this.#beingAsked.delete(kekId);
    }
  }
}

interface ProbeOptions {
  readonly leasedKeys: LeasedKeys;
  readonly movedLeases: Pick<MovedLeases, 'targetsOf'>;
  readonly health: KeyHealth;
  readonly statusProbe: Pick<StatusProbe, 'askSilent'>;
  readonly store: Pick<Store, 'findKek'>;
  readonly clock: Clock;
  readonly observer: Observer;
  readonly intervalMs: number;
}
