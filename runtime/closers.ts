import type { Clock } from './clock.ts';

/** Lets go of something; what is under way may go on for so many milliseconds. */
type Closer = (graceMs: number) => Promise<void> | void;

/** What has to be let go of, in the reverse order of its making. */
export class Closers {
  readonly #clock: Clock;
  #closers: Closer[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(closer: Closer): void {
    this.#closers.unshift(closer);
  }

  /**
   * Closes one after the other. The second time there is nothing left to close.
   * @param graceMs for all together: what one needs, the next ones lack
   * @throws AggregateError after everything was tried
   */
  async close(graceMs: number): Promise<void> {
    const endMs = this.#clock.monotonicMs() + graceMs;
    const closers = this.#closers;
    this.#closers = [];
    const errors: unknown[] = [];
    for (const close of closers) {
      try {
        await close(Math.max(0, endMs - this.#clock.monotonicMs()));
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, 'not everything could be closed');
  }
}
