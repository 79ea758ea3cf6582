import type { Clock } from '../../runtime/clock.ts';

/** A number of events that grows by the second up to a burst, and what was refused beyond it. */
export class Allowance {
  readonly #options: { clock: Clock; perSecond: number; burst: number };
  #left: number;
  #countedAtMs: number;
  #leftOut = 0;

  constructor(options: { clock: Clock; perSecond: number; burst: number }) {
    this.#options = options;
    this.#left = options.burst;
    this.#countedAtMs = options.clock.monotonicMs();
  }

  /** Whether there is one to take. */
  get isLeft(): boolean {
    this.#count();
    return this.#left >= 1;
  }

  /** Takes one event; gives how many were left out since the last one taken, or null when this one is left out too. */
  take(): number | null {
    if (!this.isLeft) {
      this.#leftOut++;
      return null;
    }
    this.#left--;
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    return leftOut;
  }

  #count(): void {
    const { clock, perSecond, burst } = this.#options;
    const nowMs = clock.monotonicMs();
    this.#left = Math.min(burst, this.#left + ((nowMs - this.#countedAtMs) / 1000) * perSecond);
    this.#countedAtMs = nowMs;
  }
}
