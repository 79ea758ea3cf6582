import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { CmkError } from '../../core/errors.ts';
import type { Clock } from '../../runtime/clock.ts';

/** Failures of one address: so many at once, and then so many each second. */
const BURST = 20;
const PER_SECOND = 1 / 3;
/** Addresses that failed lately; beyond it the one that is silent for longest is forgotten. */
const MAX_ADDRESSES = 10_000;

interface Failures {
  readonly left: number;
  readonly atMs: number;
  /** A hash of what failed last. */
  readonly last: string;
}

/**
 * Limits how often an address may show what is not valid. Beyond the limit nothing that it shows is looked at, so that
 * an answer tells nothing about it.
 */
export class AttemptLimit {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #failures = new LRUCache<string, Failures>({ max: MAX_ADDRESSES });

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  /** @throws CmkError TOO_MANY_ATTEMPTS */
  check(address: string): void {
    if (this.#left(address) >= 1) return;
    const retryAfterMs = String(Math.ceil((1 - this.#left(address)) / PER_SECOND) * 1_000);
    throw new CmkError('TOO_MANY_ATTEMPTS', 'too many tokens and sessions from this address were not valid', {
      metadata: { retryAfterMs },
    });
  }

  /** The same again is no further guess: a program with a token that has expired locks nobody else out. */
  failed(address: string, shown: string): void {
    const last = createHash('sha256').update(shown).digest('base64url');
    if (this.#failures.get(address)?.last === last) return;
    this.#failures.set(address, { left: this.#left(address) - 1, atMs: this.#clock.monotonicMs(), last });
  }

  #left(address: string): number {
    const failures = this.#failures.get(address);
    if (!failures) return BURST;
    const seconds = (this.#clock.monotonicMs() - failures.atMs) / 1_000;
    return Math.min(BURST, failures.left + seconds * PER_SECOND);
  }
}
