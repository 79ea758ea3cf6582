import { boundedMap } from '../../../runtime/bounded-map.ts';
import type { Clock } from '../../../runtime/clock.ts';
import { Breaker } from './breaker.ts';

const MAX_REMEMBERED = 100_000;

/** A breaker for each key and replica that was called of late. */
export class Breakers {
  readonly #clock: Clock;
  readonly #byReference = boundedMap<Breaker>(MAX_REMEMBERED);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(provider: string, reference: string): Breaker {
    const name = `${provider} ${reference}`;
    const known = this.#byReference.get(name);
    if (known) return known;
    const breaker = new Breaker(this.#clock);
    this.#byReference.set(name, breaker);
    return breaker;
  }
}
