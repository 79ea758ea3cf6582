import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { wrappedKeys } from './data-key-copies.ts';
import type { DrivenSystem } from './driven-system.ts';
import { eventually } from './eventually.ts';
import { ACCOUNT } from './whole-system.ts';

/** The customer's KMS goes away: connections that ask for one of their keys are reset. @returns brings it back */
export function beginOutage({ aws, keys }: Pick<DrivenSystem, 'aws' | 'keys'>): () => void {
  const ends = keys.map((key) => aws.faults.add({ effect: { kind: 'reset', at: 'start' }, key }));
  return () => {
    for (const end of ends) end();
  };
}

/** From now on the platform key stands in, whatever the cause. */
export async function allowFallback({ admin }: Pick<DrivenSystem, 'admin'>): Promise<void> {
  const policy = { mode: 'ANY', maxHours: null, maxAssets: null };
  await admin.call('PUT', `/v1/accounts/${ACCOUNT}/fallback`, policy);
}

/** So much real time for a driven second: what it takes to try a key and to move some data keys fits into a few of them. */
const REAL_MS_PER_SECOND = 50;

/**
 * Lets time pass until every data key of the account is under the customer's key.
 * @returns how much, milliseconds
 */
export async function untilRewrapped({ dir, clock }: DrivenSystem): Promise<number> {
  const beganMs = clock.monotonicMs();
  await eventually(async () => {
    const { keys } = await wrappedKeys(join(dir, 'cmk.db'), ACCOUNT);
    if (keys.every(({ protection }) => protection === 'CUSTOMER_KEY')) return true;
    clock.advance(1_000);
    await setTimeout(REAL_MS_PER_SECOND);
    return false;
  }, 30_000);
  return clock.monotonicMs() - beganMs;
}
