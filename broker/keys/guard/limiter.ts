import type { Clock } from '../../../runtime/clock.ts';

/** At most so many pieces of work at a time, and a bounded queue before them. */
export class Limiter {
  readonly #clock: Clock;
  readonly #concurrency: number;
  readonly #maxWaiting: number;
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(clock: Clock, options: { concurrency: number; maxWaiting: number }) {
    this.#clock = clock;
    this.#concurrency = options.concurrency;
    this.#maxWaiting = options.maxWaiting;
  }

  /**
   * Takes a place, in the order of asking.
   * @returns gives the place back; null when the queue is full or the turn did not come within `maxWaitMs`
   */
  async enter(maxWaitMs: number): Promise<(() => void) | null> {
    if (this.#running < this.#concurrency) this.#running++;
    else if (!(await this.#turn(maxWaitMs))) return null;
    return () => {
      const [next] = this.#waiting;
      // The place goes straight to the next in the queue, so nobody overtakes.
      if (next) next();
      else this.#running--;
    };
  }

  #turn(maxWaitMs: number): Promise<boolean> {
    if (this.#waiting.size >= this.#maxWaiting) return Promise.resolve(false);
    return new Promise((resolve) => {
      const start = () => {
        this.#waiting.delete(start);
        timeout.cancel();
        resolve(true);
      };
      const timeout = this.#clock.schedule(maxWaitMs, () => {
        this.#waiting.delete(start);
        resolve(false);
      });
      this.#waiting.add(start);
    });
  }
}
