import type { Clock, ScheduledCall } from '../../runtime/clock.ts';

/** A clock that stands still until a test moves it. */
export class DrivenClock implements Clock {
  #monotonicMs = 1_000_000;
  #wallMs: number;
  readonly #pending = new Set<{ dueMs: number; callback: () => void }>();

  /** @param wallMs what the wall clock shows at first; today where certificates are checked */
  constructor(wallMs: number = Date.UTC(2026, 0, 1)) {
    this.#wallMs = wallMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  wallMs(): number {
    return this.#wallMs;
  }

  schedule(delayMs: number, callback: () => void): ScheduledCall {
    const entry = { dueMs: this.#monotonicMs + delayMs, callback };
    this.#pending.add(entry);
    return { cancel: () => void this.#pending.delete(entry) };
  }

  /** Lets time pass: due callbacks run in order, each at its own time. */
  advance(ms: number): void {
    const end = this.#monotonicMs + ms;
    for (;;) {
      const next = [...this.#pending]
        .filter((entry) => entry.dueMs <= end)
        .sort((a, b) => a.dueMs - b.dueMs)[0];
      if (!next) break;
      this.#pending.delete(next);
      this.#pass(next.dueMs - this.#monotonicMs);
      next.callback();
    }
    this.#pass(end - this.#monotonicMs);
  }

  /** Turns only the wall clock, as an administrator or NTP does. */
  turnWallClock(ms: number): void {
    this.#wallMs += ms;
  }

  #pass(ms: number): void {
    this.#monotonicMs += ms;
    this.#wallMs += ms;
  }
}
