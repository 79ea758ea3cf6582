import type { Clock } from '../../runtime/clock.ts';
import { Repeated } from '../../runtime/repeated.ts';
import type { AuditEvent, SilentReporter } from '../model/types.ts';
import type { Store } from '../store/store.ts';
import type { Ledger } from './ledger.ts';
import type { Observer } from './observer.ts';

const INTERVAL_MS = 5_000;
const AT_A_TIME = 100;
/** How long it is known that a process ended, so that a report which comes again is not recorded twice. */
const REMEMBERED_MS = 24 * 3_600_000;

/**
 * Finds sidecars that stopped without their last report, and writes into the ledgers of the accounts concerned what
 * nobody can tell. Any broker finds any sidecar; the store sees to it that only one writes it down.
 */
export class UseGaps {
  readonly #options: UseGapsOptions;
  readonly #rounds: Repeated;
  /** Since when the store has answered: while it did not, no report could be taken, and silence means nothing. */
  #watchingSinceMs: number | null = null;

  constructor(options: UseGapsOptions) {
    this.#options = options;
    const { clock } = options;
    this.#rounds = new Repeated({ clock, pauseMs: INTERVAL_MS, work: () => this.runOnce() });
  }

  start(): void {
    this.#rounds.start();
  }

  /** Fulfils when the round under way has ended. */
  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  /** One look at who is silent. Never throws. */
  async runOnce(): Promise<void> {
    const { store, clock, observer } = this.#options;
    const startMs = clock.monotonicMs();
    const nowMs = Math.trunc(clock.wallMs());
    try {
      await store.chainUnchained();
      const watchedForMs = Math.floor(startMs - (this.#watchingSinceMs ?? startMs));
      for (const silent of await store.silentReporters(nowMs, watchedForMs, AT_A_TIME)) {
        await store.declareGap(silent, this.#events(silent));
      }
      await store.forgetReporters(nowMs - REMEMBERED_MS);
      this.#watchingSinceMs ??= startMs;
    } catch (error) {
      this.#watchingSinceMs = null;
      observer.backgroundFailed('look for sidecars that stopped reporting', error);
    }
  }

  #events({ instance, spiffeId, coveredUntil, leases }: SilentReporter): AuditEvent[] {
    return leases.map(({ account, srvId, until }) =>
      this.#options.ledger.event({
        action: 'GAP',
        outcome: 'FAILED',
        actor: spiffeId,
        account,
        source: 'SIDECAR_CACHE',
        from: coveredUntil,
        until,
        detail: `instance ${instance} stopped without its last report; it held data keys of service ${srvId}`,
      }),
    );
  }
}

interface UseGapsOptions {
  readonly store: Pick<Store, 'chainUnchained' | 'silentReporters' | 'declareGap' | 'forgetReporters'>;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly observer: Observer;
}
