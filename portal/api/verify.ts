import { useState } from 'react';
import { ApiError, changeByLines } from './client.ts';
import { withStep } from './steps.ts';
import type { Problem, VerificationStep } from './types.ts';

/** One line of an answer, see the API's `VerificationStep`. */
type Line =
  { readonly step: VerificationStep } | { readonly answer: unknown } | { readonly problem: Problem };

/**
 * Verifies a key.
 * @param onStep hears of each step twice, as it begins (RUNNING) and as it ends, and once of those that are skipped; see
 *   {@link useLiveSteps}
 * @throws ApiError
 */
export function verifyLive(
  address: string,
  key: object | undefined,
  onStep: (step: VerificationStep) => void,
): Promise<{ ok: boolean }> {
  return changeLive<{ ok: boolean }>('POST', address, { body: key }, onStep);
}

/**
 * Makes a change that verifies a key first.
 * @param onStep as for {@link verifyLive}
 * @throws ApiError also when the answer breaks off: what became of the change is then not known
 */
export async function changeLive<T>(
  method: 'POST' | 'PUT',
  address: string,
  request: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> },
  onStep: (step: VerificationStep) => void,
): Promise<T> {
  const end: { answer?: unknown; problem?: Problem } = {};
  await changeByLines(method, address, request, (value) => {
    const line = value as Line;
    if ('step' in line) onStep(line.step);
    else Object.assign(end, line);
  });
  if (end.answer === undefined) throw new ApiError(end.problem ?? null);
  return end.answer as T;
}

/** Steps as they come. */
export function useLiveSteps() {
  const [steps, setSteps] = useState<readonly VerificationStep[]>([]);
  return {
    steps,
    begin: () => setSteps([]),
    onStep: (step: VerificationStep) => setSteps((earlier) => withStep(earlier, step)),
  };
}

/** What a refusal says of how far the verification came. */
export function stepsIn(error: Error | null): readonly VerificationStep[] {
  const steps = error instanceof ApiError ? error.problem?.['steps'] : undefined;
  return Array.isArray(steps) ? (steps as VerificationStep[]) : [];
}
