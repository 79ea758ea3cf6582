/** What each call adds: in a steady failure there is one retry for so many calls. */
const PER_CALL = 0.1;
const MAX_SAVED = 10;

/**
 * How many retries the calls of one account may afford: a tenth of the calls, and a few in advance. A failing KMS
 * is then asked little more often than a healthy one.
 */
export class RetryBudget {
  #saved = MAX_SAVED;

  earn(): void {
    this.#saved = Math.min(MAX_SAVED, this.#saved + PER_CALL);
  }

  /** @returns false when there is nothing left */
  spend(): boolean {
    if (this.#saved < 1) return false;
    this.#saved -= 1;
    return true;
  }
}
