import { AsyncLocalStorage } from 'node:async_hooks';
import { performance } from 'node:perf_hooks';

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

/** Outside of every call: what calls itself back again and again would be part of the trace of the one that began it. */
const outside = AsyncLocalStorage.snapshot();

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  schedule(delayMs, callback) {
    const timer = outside(() => setTimeout(callback, delayMs));
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};
