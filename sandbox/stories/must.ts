import { setTimeout as sleep } from 'node:timers/promises';

const INTERVAL_MS = 100;

/** @throws Error: the story did not come out as told */
export function must(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}

/**
 * Looks again and again until there is something to see.
 * @param look null: not yet
 * @returns what was seen, and after how many milliseconds
 * @throws Error when the time is over; what `look` throws
 */
export async function mustSoon<T>(
  what: string,
  withinMs: number,
  look: () => Promise<T | null> | T | null,
): Promise<{ seen: T; ms: number }> {
  const startedAtMs = performance.now();
  for (;;) {
    const seen = await look();
    const ms = performance.now() - startedAtMs;
    if (seen !== null) return { seen, ms };
    must(ms < withinMs, `expected within ${withinMs / 1000} s: ${what}`);
    await sleep(INTERVAL_MS);
  }
}
