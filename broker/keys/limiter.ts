import { KmsError } from '../kms/provider.ts';
import type { Clock } from '../../runtime/clock.ts';

/**
 * At most so many calls to one key at a time, and a bounded queue before them: a KMS that hangs costs its own
 * account's calls and nobody else's.
 */
export class Limiter {
  readonly #options: { clock: Clock; concurrency: number; maxWaiting: number; maxWaitMs: number };
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(options: { clock: Clock; concurrency: number; maxWaiting: number; maxWaitMs: number }) {
    this.#options = options;
  }

  get idle(): boolean {
    return this.#running === 0;
  }

  /**
   * Runs the work when its turn comes.
   * @throws KmsError THROTTLED when the queue is full or the turn did not come in time
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running < this.#options.concurrency) this.#running++;
    else await this.#turn();
    try {
      return await work();
    } finally {
      const [next] = this.#waiting;
      // The place goes straight to the next in the queue, so nobody overtakes.
      if (next) next();
      else this.#running--;
    }
  }

  #turn(): Promise<void> {
    const { clock, concurrency, maxWaiting, maxWaitMs } = this.#options;
    const refusal = () =>
      new KmsError(
        'THROTTLED',
        `more than ${concurrency} calls to this key are under way and the others wait`,
      );
    if (this.#waiting.size >= maxWaiting) return Promise.reject(refusal());
    return new Promise((resolve, reject) => {
      const start = () => {
        this.#waiting.delete(start);
        timeout.cancel();
        resolve();
      };
      const timeout = clock.schedule(maxWaitMs, () => {
        this.#waiting.delete(start);
        reject(refusal());
      });
      this.#waiting.add(start);
    });
  }
}
