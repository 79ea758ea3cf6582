import { change } from './client.ts';
import type { VerificationStep } from './types.ts';

/**
 * Verifies a key that is not enrolled.
 * @param onStep hears of each step
 */
export async function verifyLive(
  address: string,
  key: object,
  onStep: (step: VerificationStep) => void,
): Promise<{ ok: boolean }> {
  const { ok, steps } = await change<{ ok: boolean; steps: VerificationStep[] }>('POST', address, key);
  steps.forEach(onStep);
  return { ok };
}
