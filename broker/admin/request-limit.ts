import { LRUCache } from 'lru-cache';
import { CmkError } from '../../core/errors.ts';
import type { Clock } from '../../runtime/clock.ts';

/** How many requests one caller may send: so many at once, and then so many each second. */
export interface RequestRate {
  readonly burst: number;
  readonly perSecond: number;
}

/** Far above what people, the portal and a busy program need; far below what keeps others waiting. */
const REQUEST_RATE: RequestRate = { burst: 1_000, perSecond: 100 };

/** Callers that sent something lately; beyond it the one that is silent for longest is forgotten. */
const MAX_CALLERS = 10_000;

interface Bucket {
  readonly left: number;
  readonly atMs: number;
}

/** Limits how many requests each caller sends to this broker. */
export class RequestLimit {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #rate: RequestRate;
  readonly #buckets = new LRUCache<string, Bucket>({ max: MAX_CALLERS });

  constructor(clock: Pick<Clock, 'monotonicMs'>, rate: RequestRate = REQUEST_RATE) {
    this.#clock = clock;
    this.#rate = rate;
  }

  /**
   * Counts a request.
   * @param caller a principal, or the address of somebody who is not known
   * @throws CmkError RATE_LIMITED; the request is not counted then
   */
  take(caller: string): void {
    const { burst, perSecond } = this.#rate;
    const nowMs = this.#clock.monotonicMs();
    const bucket = this.#buckets.get(caller);
    const left = bucket ? Math.min(burst, bucket.left + ((nowMs - bucket.atMs) / 1_000) * perSecond) : burst;
    if (left < 1) {
      const retryAfterMs = String(Math.ceil((1 - left) / perSecond) * 1_000);
      throw new CmkError('RATE_LIMITED', `expected at most ${perSecond} requests a second`, {
        metadata: { retryAfterMs },
      });
    }
    this.#buckets.set(caller, { left: left - 1, atMs: nowMs });
  }
}
