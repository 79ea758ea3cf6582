import { setTimeout } from 'node:timers/promises';

/**
 * Waits until a condition holds, looking again and again.
 * @throws {Error} when it does not within `withinMs`
 */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  withinMs = 20_000,
): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`expected within ${withinMs} ms: ${condition.toString()}`);
    await setTimeout(5);
  }
}
