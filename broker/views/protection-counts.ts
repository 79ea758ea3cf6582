import type { Clock } from '../../runtime/clock.ts';
import type { ProtectionCount, Store } from '../store/store.ts';

/** Counts serve for so many times as long as counting took: a twentieth of the database's time at the most. */
const REST = 20;
const MAX_REST_MS = 60_000;
const MAX_REMEMBERED = 1_000;

interface Counted {
  readonly counts: Promise<ProtectionCount[]>;
  /** Monotonic; null while it is being counted. */
  servesUntilMs: number | null;
}

/**
 * What is protected how, counted anew only as often as that is cheap: many look at a large account at once, again with
 * each change.
 */
export class ProtectionCounts {
  readonly #store: Pick<Store, 'assets'>;
  readonly #clock: Clock;
  readonly #counted = new Map<string, Counted>();

  constructor(options: { store: Pick<Store, 'assets'>; clock: Clock }) {
    this.#store = options.store;
    this.#clock = options.clock;
  }

  /** @throws CmkError STORE_UNAVAILABLE */
  of(account: string): Promise<ProtectionCount[]> {
    const known = this.#counted.get(account);
    const serves = known && (known.servesUntilMs ?? Infinity) > this.#clock.monotonicMs();
    return serves ? known.counts : this.#count(account);
  }

  #count(account: string): Promise<ProtectionCount[]> {
    const startMs = this.#clock.monotonicMs();
    const counted: Counted = { counts: this.#store.assets.count(account), servesUntilMs: null };
    if (this.#counted.size >= MAX_REMEMBERED) this.#counted.clear();
    this.#counted.set(account, counted);
    const done = (rest: number) => {
      const endMs = this.#clock.monotonicMs();
      counted.servesUntilMs = endMs + Math.min(MAX_REST_MS, rest * (endMs - startMs));
    };
    counted.counts.then(
      () => done(REST),
      () => done(0),
    );
    return counted.counts;
  }
}
