import type { Clock, ScheduledCall } from './clock.ts';

/** Work that is done again and again in the background. */
export class Repeated {
  readonly #options: RepeatedOptions;
  readonly #rounds = new Set<Promise<void>>();
  #timer: ScheduledCall | null = null;
  #isStopped = false;

  constructor(options: RepeatedOptions) {
    this.#options = options;
  }

  /** The first round begins after a pause. Without effect once it was stopped. */
  start(): void {
    const { clock, pauseMs, work, overlaps = false } = this.#options;
    if (this.#isStopped) return;
    this.#timer = clock.schedule(pauseMs, () => {
      const round: Promise<void> = work().finally(() => {
        this.#rounds.delete(round);
        if (!overlaps) this.start();
      });
      this.#rounds.add(round);
      if (overlaps) this.start();
    });
  }

  /** No round begins any more. Fulfils when those under way have ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await Promise.all(this.#rounds);
  }
}

interface RepeatedOptions {
  readonly clock: Clock;
  readonly pauseMs: number;
  /** One round; never rejects. */
  readonly work: () => Promise<void>;
  /** Whether a round may begin while another goes on: pauses count from a round's beginning then. Default: false. */
  readonly overlaps?: boolean;
}
