import type { Clock } from '../../runtime/clock.ts';
import type { Secret } from '../../runtime/config.ts';
import { TextSealer } from './sealed-text.ts';

/** How long somebody may take to sign in at the provider. */
export const ATTEMPT_MS = 10 * 60_000;

/** A sign-in that was begun: what the answer of the provider must fit. */
export interface Attempt {
  readonly state: string;
  readonly nonce: string;
  /** PKCE. */
  readonly verifier: string;
  /** Where in the portal it goes on. */
  readonly returnTo: string;
}

/**
 * Keeps sign-ins that were begun in the browsers that began them: nobody can fill a table with them, and the answer
 * is of use in that browser alone.
 */
export class Attempts {
  readonly #sealer: TextSealer;
  readonly #clock: Clock;

  /** @param secret the same for all brokers, as the provider's answer may come to another one */
  constructor(secret: Secret, clock: Clock) {
    this.#sealer = new TextSealer(secret.reveal(), 'sign-in');
    this.#clock = clock;
  }

  seal(attempt: Attempt): string {
    return this.#sealer.seal(JSON.stringify({ ...attempt, until: this.#clock.wallMs() + ATTEMPT_MS }));
  }

  /** Null: it is not ours, or too old. */
  open(sealed: string): Attempt | null {
    const text = this.#sealer.open(sealed);
    if (text === null) return null;
    const { until, ...attempt } = JSON.parse(text) as Attempt & { until: number };
    return this.#clock.wallMs() < until ? attempt : null;
  }
}
