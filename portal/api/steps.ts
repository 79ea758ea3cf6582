import type { VerificationStep } from './types.ts';

/** The steps so far: one that ends takes the place of itself as it began. */
export function withStep(
  steps: readonly VerificationStep[],
  step: VerificationStep,
): readonly VerificationStep[] {
  const isSame = (other: VerificationStep) => other.step === step.step && other.reference === step.reference;
  const running = steps.findLastIndex((each) => each.outcome === 'RUNNING' && isSame(each));
  return running < 0 ? [...steps, step] : steps.with(running, step);
}
