import type { Clock } from '../../runtime/clock.ts';
import { Repeated } from '../../runtime/repeated.ts';
import type { AttentionStore, Unfinished } from '../store/store.ts';
import type { Observer } from './observer.ts';

const INTERVAL_MS = 15_000;

/** Reads again and again what is under way in all accounts, for metrics: each broker knows it, whoever does the work. */
export class UnfinishedWork {
  readonly #options: UnfinishedWorkOptions;
  readonly #rounds: Repeated;
  #latest: Unfinished | null = null;

  constructor(options: UnfinishedWorkOptions) {
    this.#options = options;
    const { clock } = options;
    this.#rounds = new Repeated({ clock, pauseMs: INTERVAL_MS, work: () => this.read() });
  }

  /** As it was read last; null: it was not, or not since it failed. */
  get latest(): Unfinished | null {
    return this.#latest;
  }

  start(): void {
    this.#rounds.start();
  }

  /** Fulfils when the round under way is done. */
  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  /** Never throws. */
  async read(): Promise<void> {
    const { attention, observer } = this.#options;
    try {
      this.#latest = await attention.unfinished();
    } catch (error) {
      this.#latest = null;
      observer.backgroundFailed('read what is unfinished', error);
    }
  }
}

interface UnfinishedWorkOptions {
  readonly attention: Pick<AttentionStore, 'unfinished'>;
  readonly clock: Clock;
  readonly observer: Pick<Observer, 'backgroundFailed'>;
}
