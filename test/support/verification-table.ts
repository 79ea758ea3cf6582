import type { ExecutionContext } from 'ava';
import { KmsCalls } from '../../broker/keys/kms-calls.ts';
import {
  verifyKey,
  type Verification,
  type VerificationStep,
  type VerificationStepName,
} from '../../broker/keys/verify-key.ts';
import { KmsError, type KmsProvider } from '../../broker/kms/provider.ts';
import type { ProviderName } from '../../broker/model/types.ts';
import { uuidv7 } from '../../broker/model/uuid.ts';
import { systemClock } from '../../runtime/clock.ts';
import { everyProvider } from './every-provider.ts';
import { Recorder } from './key-world.ts';

/** What is expected of a verification that fails. */
export interface Expected {
  readonly step: VerificationStepName;
  /** Default: the first. */
  readonly on?: 'the replica';
  readonly cause: NonNullable<VerificationStep['cause']>;
  readonly advice: RegExp;
  readonly detail?: RegExp;
}

/** A key that account `acme` would like to enrol. */
export interface Candidate {
  readonly references: readonly [string, ...string[]];
  /** References that another account has enrolled. */
  readonly taken?: readonly string[];
}

/** Verifies as enrolling does, through the real provider. */
export function verifyCandidate(
  name: ProviderName,
  provider: KmsProvider,
  { references, taken = [] }: Candidate,
): Promise<Verification> {
  const kms = new KmsCalls({
    providers: everyProvider(provider),
    clock: systemClock,
    observer: new Recorder(),
    settings: {
      kmsTimeoutMs: 10_000,
      kmsConcurrency: 8,
      kmsAccountRate: 1_000,
      kmsQuotaShare: 100,
      kmsNearest: null,
    },
  });
  const identities = new Set(taken.map((reference) => provider.identityOf(reference)));
  const ownerOfKey = (identity: string) =>
    Promise.resolve(identities.has(identity) ? { account: 'globex' } : null);
  const nowMs = systemClock.wallMs();
  const candidate = { provider: name, references, role: null, kekId: uuidv7(nowMs), account: 'acme' };
  // The pause before a retry keeps no process alive, as there is always a server besides.
  const alive = setInterval(() => undefined, 1_000);
  return verifyKey({ kms, store: { ownerOfKey }, clock: systemClock }, candidate, nowMs).finally(() =>
    clearInterval(alive),
  );
}

/** It failed at this step, for this cause and with this advice; what is before passed, what is after was not tried. */
export function failedAs(
  t: ExecutionContext,
  verification: Verification,
  { references }: Candidate,
  { step, on, cause, advice, detail }: Expected,
): void {
  const { steps } = verification;
  const at = steps.findIndex(({ outcome }) => outcome !== 'OK');
  const failed = steps[at];
  const reference = references[on === 'the replica' ? 1 : 0];
  t.like(failed, { step, reference, outcome: 'FAILED', cause }, failed?.detail ?? 'nothing failed');
  t.regex(failed?.advice ?? '', advice);
  if (detail) t.regex(failed?.detail ?? '', detail);
  t.true(steps.slice(at + 1).every(({ outcome }) => outcome === 'SKIPPED'));
  if (verification.ok) return;
  const { error } = verification;
  if (error instanceof KmsError) t.is(error.kmsCause, failed?.cause as never);
  t.false(error.message.includes(failed?.advice ?? ''), 'the advice is no part of the message');
}

export function passed(t: ExecutionContext, { steps }: Verification): void {
  t.deepEqual(
    steps.filter(({ outcome }) => outcome !== 'OK'),
    [],
  );
}
