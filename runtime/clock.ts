import { performance } from 'node:perf_hooks';
import { outsideCalls } from './outside-calls.ts';

/** Time as the processes see it. Tests drive one by hand. */
export interface Clock {
  /** Milliseconds from an arbitrary origin; never goes back and ignores changes of the wall clock. Leases use it. */
  monotonicMs(): number;
  /** UNIX time in milliseconds. For timestamps that people read; never for a lease. */
  wallMs(): number;
  /** Calls back once after at least `delayMs`; the timer does not keep the process alive. */
  schedule(delayMs: number, callback: () => void): ScheduledCall;
}

export interface ScheduledCall {
  cancel(): void;
}

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  schedule(delayMs, callback) {
    const timer = outsideCalls(() => setTimeout(callback, delayMs));
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};
