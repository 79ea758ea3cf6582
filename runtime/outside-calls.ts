import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * Runs something outside of every call: what serves many calls, or goes on by itself, is no part of the trace of the one that
 * began it.
 */
export const outsideCalls = AsyncLocalStorage.snapshot();
