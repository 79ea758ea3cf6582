import { Repeated } from '../../runtime/repeated.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { ChoreStore } from '../store/store.ts';
import type { Observer } from './observer.ts';

const POLL_INTERVAL_MS = 60_000;
const INTERVAL_MS = 3_600_000;
/** Rows in one transaction: others write between two of them. */
const BATCH = 500;
/** What became of an alert is looked up for some weeks at the most; what caused it is in the ledger for ever. */
const ALERTS_KEPT_MS = 90 * 24 * 3_600_000;
/** No lease is longer than five minutes: what a sidecar missed for longer than that takes nothing away any more. */
const KEY_EVENTS_KEPT_MS = 24 * 3_600_000;

/** Has the database forget what nobody can need any more, each hour, by whichever broker claims it. */
export class Pruner {
  readonly #options: PrunerOptions;
  readonly #rounds: Repeated;
  #isStopped = false;

  constructor(options: PrunerOptions) {
    this.#options = options;
    const { clock } = options;
    this.#rounds = new Repeated({ clock, pauseMs: POLL_INTERVAL_MS, work: () => this.runOnce() });
  }

  start(): void {
    this.#rounds.start();
  }

  /** Fulfils when the batch under way is done. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#rounds.stop();
  }

  /** Prunes if that is due. Never throws. */
  async runOnce(): Promise<void> {
    const { chores, clock, observer } = this.#options;
    const nowMs = Math.trunc(clock.wallMs());
    try {
      if (!(await chores.claim('PRUNE', nowMs, nowMs + INTERVAL_MS))) return;
      const alertsEnd = nowMs - ALERTS_KEPT_MS;
      await this.#all((limit) => chores.pruneDeliveries(alertsEnd, limit));
      await this.#all((limit) => chores.pruneAlerts(alertsEnd, limit));
      await this.#all((limit) => chores.pruneKeyEvents(nowMs - KEY_EVENTS_KEPT_MS, limit));
    } catch (error) {
      observer.backgroundFailed('prune the database', error);
    }
  }

  async #all(prune: (limit: number) => Promise<number>): Promise<void> {
    while (!this.#isStopped && (await prune(BATCH)) === BATCH);
  }
}

interface PrunerOptions {
  readonly chores: ChoreStore;
  readonly clock: Clock;
  readonly observer: Pick<Observer, 'backgroundFailed'>;
}
