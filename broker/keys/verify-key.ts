import type { EncryptionContext } from '../../core/encryption-context.ts';
import { CmkError, toCmkError, type ErrorCode } from '../../core/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import { KmsError, type KeyFlaw, type KmsAdvice, type KmsCause } from '../kms/provider.ts';
import type { AssumedRole, Canary, ProviderName } from '../model/types.ts';
import type { Store } from '../store/store.ts';
import { KeyTrial, type Finding } from './key-trial.ts';
import type { KmsCalls } from './kms-calls.ts';

/** What is tried before a key is trusted, in this order, and what it proves. A sentence each, for docs/kms/. */
export const VERIFICATION_STEPS = {
  NOT_ENROLLED_ELSEWHERE: 'No other account has enrolled it. Asked of the broker’s database, before any KMS.',
  EXTERNAL_ID:
    'Where it is reached through a role: that role lets the broker in with the account’s external id alone.',
  DESCRIBE: 'The broker may look at it, and it is enabled.',
  KIND: 'It is of a kind that can wrap data keys.',
  DELETION_PROTECTION: 'It cannot be destroyed at once, as far as the KMS lets the customer choose.',
  GENERATE: 'It makes data keys.',
  WRAP: 'It wraps a data key that exists, as moving to another key will need.',
  UNWRAP:
    'It opens what the first reference made and what it wrapped itself, and both are the same data key.',
  UNWRAP_WRONG_CONTEXT: 'It opens them neither as another asset’s nor as another account’s.',
} as const;

export type VerificationStepName = keyof typeof VERIFICATION_STEPS;

export interface VerificationStep {
  readonly step: VerificationStepName;
  /** The key or replica it was tried on. */
  readonly reference: string;
  /** SKIPPED: an earlier one failed. */
  readonly outcome: 'OK' | 'FAILED' | 'SKIPPED';
  /** Why it failed, for programs; null: it did not. */
  readonly cause: KmsCause | KeyFlaw | ErrorCode | null;
  /** Why it failed, for people. */
  readonly detail: string | null;
  /** What to do next, in the KMS's own words. */
  readonly advice: string | null;
}

/** Every step; with the canary when none failed, else with what the first failure was. */
export type Verification =
  | { readonly ok: true; readonly steps: readonly VerificationStep[]; readonly canary: Canary }
  | { readonly ok: false; readonly steps: readonly VerificationStep[]; readonly error: CmkError };

/** A key that somebody would like to enrol. */
export interface KeyCandidate {
  readonly provider: ProviderName;
  readonly references: readonly [string, ...string[]];
  readonly role: AssumedRole | null;
  /** What it will be stored as. */
  readonly kekId: string;
  /** null: the platform's own. */
  readonly account: string | null;
}

/** Who looks on while a key is verified. */
export interface Onlooker {
  /** Hears of each step as it begins; must not throw. */
  readonly onBegin?: (step: Pick<VerificationStep, 'step' | 'reference'>) => void;
  /** Hears of each step as it ends, and of those that are skipped; must not throw. */
  readonly onStep?: (step: VerificationStep) => void;
  /** When it fires, nobody waits any more: the step that is next fails, and no KMS is asked again. */
  readonly gone?: AbortSignal;
}

/** Of a whole verification: with every replica that a key may have, and a KMS that is far away. */
const MAX_VERIFICATION_MS = 120_000;

interface VerificationParts {
  readonly kms: KmsCalls;
  readonly store: Pick<Store, 'ownerOfKey'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

interface PlannedStep {
  readonly step: VerificationStepName;
  readonly reference: string;
  /** @returns null when it holds; may also throw what a KMS call throws */
  run(): Promise<Finding | null>;
}

/**
 * Proves that a key can do what will be asked of it, on each reference in turn, up to the first failure.
 *
 * The canary's context names the account like any other, so that the policies on the customer's side see it so.
 * No step begins after 120 s, or when the onlooker is gone: it fails instead.
 * @param nowMs UNIX milliseconds
 */
export async function verifyKey(
  parts: VerificationParts,
  candidate: KeyCandidate,
  nowMs: number,
  onlooker: Onlooker = {},
): Promise<Verification> {
  const { kms, clock } = parts;
  const endsMs = clock.monotonicMs() + MAX_VERIFICATION_MS;
  const { references } = candidate;
  const advice = kms.advice(candidate.provider);
  const trial = new KeyTrial(kms, candidate, contextOf(candidate, nowMs));
  const steps: VerificationStep[] = [];
  let failure: Finding | null = null;
  try {
    const plan = [
      ...references.map((reference) => notEnrolledElsewhere(parts, candidate, reference)),
      ...demandsExternalId(kms, candidate),
      ...references.flatMap((reference) => trials(trial, advice, reference)),
    ];
    for (const planned of plan) {
      const { step: name, reference } = planned;
      if (!failure) onlooker.onBegin?.({ step: name, reference });
      const isLate = clock.monotonicMs() >= endsMs;
      const finding: Finding | null = failure
        ? null
        : (givenUp(isLate, onlooker.gone) ?? (await findingOf(planned, advice)));
      const step = toStep(planned, failure ? 'SKIPPED' : finding ? 'FAILED' : 'OK', finding);
      steps.push(step);
      onlooker.onStep?.(step);
      failure ??= finding;
    }
    return failure ? { ok: false, steps, error: failure.error } : { ok: true, steps, canary: trial.canary() };
  } finally {
    trial.dispose();
  }
}

/** No service has this number. */
const CANARY = { srvId: '0000', type: 'Canary' } as const;

/** Whether it is no asset’s, but of a wrapped key that protects nothing. */
export function isCanaryContext({ srvId, type }: EncryptionContext): boolean {
  return srvId === CANARY.srvId && type === CANARY.type;
}

function contextOf({ kekId, account }: KeyCandidate, nowMs: number): EncryptionContext {
  return {
    acct: account ?? 'platform',
    ...CANARY,
    id: kekId,
    timestamp: String(Math.floor(nowMs / 1000)),
  };
}

/** One account's key must not be used for another one's assets; the store's own check when inserting is the last word. */
function notEnrolledElsewhere(
  { kms, store }: VerificationParts,
  { account, provider }: KeyCandidate,
  reference: string,
): PlannedStep {
  const elsewhere: Finding = {
    // Whose it is, is nobody's business.
    error: new CmkError('CONFLICT', 'expected a key that no other account has enrolled, this one is taken'),
    cause: 'CONFLICT',
    advice: 'Make a key for this account alone, and enrol that. If the key is yours, tell the provider.',
  };
  return {
    step: 'NOT_ENROLLED_ELSEWHERE',
    reference,
    run: async () => {
      const owner = await store.ownerOfKey(kms.identityOf(provider, reference));
      return owner && owner.account !== account ? elsewhere : null;
    },
  };
}

/** A role that lets in whoever names it would serve every customer of ours. */
function demandsExternalId(kms: KmsCalls, candidate: KeyCandidate): PlannedStep[] {
  if (!candidate.role) return [];
  const run = async () => {
    await kms.checkRole(candidate);
    return null;
  };
  return [{ step: 'EXTERNAL_ID', reference: candidate.references[0], run }];
}

function trials(trial: KeyTrial, advice: KmsAdvice, reference: string): PlannedStep[] {
  const planned = (step: VerificationStepName, run: PlannedStep['run']) => ({ step, reference, run });
  return [
    planned('DESCRIBE', () => trial.describe(reference)),
    planned('KIND', () => Promise.resolve(trial.kind(advice))),
    planned('DELETION_PROTECTION', () => Promise.resolve(trial.deletionProtection(advice))),
    planned('GENERATE', () => trial.generate(reference)),
    planned('WRAP', () => trial.wrap(reference)),
    planned('UNWRAP', () => trial.unwrap(reference)),
    planned('UNWRAP_WRONG_CONTEXT', () => trial.unwrapWrongly(reference)),
  ];
}

/** Why nothing more is tried; null: it is. */
function givenUp(isLate: boolean, gone?: AbortSignal): Finding | null {
  if (gone?.aborted) {
    const error = new CmkError('CANCELLED', 'not tried: who had asked for it is gone');
    return { error, cause: 'CANCELLED', advice: null };
  }
  if (!isLate) return null;
  const limit = `${MAX_VERIFICATION_MS / 1_000} s`;
  const error = new CmkError('DEADLINE_EXCEEDED', `expected the verification to end within ${limit}`);
  return { error, cause: 'DEADLINE_EXCEEDED', advice: null };
}

async function findingOf(planned: PlannedStep, advice: KmsAdvice): Promise<Finding | null> {
  try {
    return await planned.run();
  } catch (thrown) {
    const error = toCmkError(thrown);
    return error instanceof KmsError
      ? { error, cause: error.kmsCause, advice: error.advice ?? advice[error.kmsCause] }
      : { error, cause: error.code, advice: null };
  }
}

function toStep(
  { step, reference }: PlannedStep,
  outcome: VerificationStep['outcome'],
  finding: Finding | null,
): VerificationStep {
  const detail = finding && `${finding.error.code}: ${finding.error.message}`;
  const { cause = null, advice = null } = finding ?? {};
  return { step, reference, outcome, cause, detail, advice };
}
