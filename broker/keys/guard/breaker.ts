import type { Clock } from '../../../runtime/clock.ts';
import type { KmsError } from '../../kms/provider.ts';

/** So many failures in a row, and calls are answered with the last one in place of being made. */
const FAILURES_TO_OPEN = 5;
/** A failure is never answered again for longer than this without asking the KMS anew. */
const MAX_REMEMBERED_MS = 1_000;
/** Between trials while another replica serves. */
const FIRST_REST_MS = 1_000;
const MAX_REST_MS = 10_000;
/** What has not worked for this long, however often it was asked, is gone. */
const GONE_AFTER_MS = 300_000;

/**
 * What one key or replica has failed with of late. After one failure it *rests*: other replicas are preferred, and a
 * trial now and then finds out when it works again. After several in a row it is *open*: where there is no other
 * replica, one call a second is let through as a trial and the others get the last failure at once.
 */
export class Breaker {
  readonly #clock: Clock;
  #failures = 0;
  #failingSinceMs = 0;
  #last: KmsError | null = null;
  #restMs = FIRST_REST_MS;
  #nextTrialAtMs = -Infinity;
  #nextCallAtMs = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get #isOpen(): boolean {
    return this.#failures >= FAILURES_TO_OPEN;
  }

  get isResting(): boolean {
    return this.#failures > 0;
  }

  get isGone(): boolean {
    return this.#isOpen && this.#clock.monotonicMs() - this.#failingSinceMs >= GONE_AFTER_MS;
  }

  /**
   * For a key that rests while another replica serves: whether it is time to try it behind the caller's back. Answers
   * true to one caller for each trial.
   */
  takeTrial(): boolean {
    const nowMs = this.#clock.monotonicMs();
    if (!this.isResting || nowMs < this.#nextTrialAtMs) return false;
    this.#nextTrialAtMs = nowMs + this.#restMs;
    this.#restMs = Math.min(MAX_REST_MS, this.#restMs * 2);
    return true;
  }

  /** The failure to answer with in place of a call, or null: a call may begin. */
  refusal(): KmsError | null {
    return this.#isOpen && this.#clock.monotonicMs() < this.#nextCallAtMs ? this.#last : null;
  }

  /** A call begins: while it is open, the only one for a while. */
  begin(): void {
    if (this.#isOpen) this.#nextCallAtMs = this.#clock.monotonicMs() + MAX_REMEMBERED_MS;
  }

  failed(error: KmsError): void {
    const nowMs = this.#clock.monotonicMs();
    if (!this.isResting) {
      this.#failingSinceMs = nowMs;
      this.#restMs = FIRST_REST_MS;
      this.#nextTrialAtMs = nowMs + FIRST_REST_MS;
    }
    this.#failures++;
    this.#last = error;
    if (this.#failures === FAILURES_TO_OPEN) this.#nextCallAtMs = nowMs + MAX_REMEMBERED_MS;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#last = null;
  }
}
