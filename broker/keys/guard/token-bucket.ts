import type { Clock } from '../../../runtime/clock.ts';

/** What is left of the rate after each second in which the KMS throttled. */
const SLOW_DOWN = 0.7;
/** Which part of the full rate comes back in each second without. */
const SPEED_UP_PER_SECOND = 0.05;
const MIN_PER_SECOND = 1;

/**
 * At most so many calls a second, after a burst of at most one second's worth. Turns are given in the order of
 * asking. A bucket that hears of throttling gives fewer, and finds back to its rate by itself.
 */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #fullPerSecond: number;
  #perSecond: number;
  /** Below zero: so many turns are given in advance. */
  #tokens: number;
  #countedAtMs: number;
  #slowedAtMs = -Infinity;

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#fullPerSecond = perSecond;
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
    this.#countedAtMs = clock.monotonicMs();
  }

  /**
   * Takes a turn.
   * @returns milliseconds until it comes; null, and nothing taken, when that is more than `maxWaitMs`
   */
  take(maxWaitMs: number): number | null {
    this.#count();
    const waitMs = Math.max(0, ((1 - this.#tokens) / this.#perSecond) * 1_000);
    if (waitMs > maxWaitMs) return null;
    this.#tokens -= 1;
    return waitMs;
  }

  /** The KMS said that it was too much. Many calls may hear so at once; it counts once a second. */
  slowDown(): void {
    this.#count();
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#slowedAtMs < 1_000) return;
    this.#slowedAtMs = nowMs;
    this.#perSecond = Math.max(MIN_PER_SECOND, this.#perSecond * SLOW_DOWN);
    this.#tokens = Math.min(this.#tokens, 0);
  }

  #count(): void {
    const nowMs = this.#clock.monotonicMs();
    const seconds = (nowMs - this.#countedAtMs) / 1_000;
    this.#countedAtMs = nowMs;
    const regained = seconds * this.#fullPerSecond * SPEED_UP_PER_SECOND;
    this.#perSecond = Math.min(this.#fullPerSecond, this.#perSecond + regained);
    this.#tokens = Math.min(this.#perSecond, this.#tokens + seconds * this.#perSecond);
  }
}
