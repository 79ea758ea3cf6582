import { timingSafeEqual } from 'node:crypto';
import type { DataKey } from '../../core/data-key.ts';
import type { EncryptionContext } from '../../core/encryption-context.ts';
import { CmkError, toCmkError } from '../../core/errors.ts';
import { KmsError } from '../kms/provider.ts';
import type { Canary, ProviderName } from '../model/types.ts';
import type { KmsCalls, KmsTarget } from './kms-calls.ts';

/** What is tried on a key before it is trusted, in this order. */
export type VerificationStepName = 'DESCRIBE' | 'GENERATE' | 'UNWRAP' | 'UNWRAP_WRONG_CONTEXT';

export interface VerificationStep {
  readonly step: VerificationStepName;
  /** The key or replica it was tried on. */
  readonly reference: string;
  readonly outcome: 'OK' | 'FAILED';
  /** Why it failed. */
  readonly detail: string | null;
}

/** Every step up to the first failure; with the canary when there was none. */
export type Verification =
  | { readonly ok: true; readonly steps: readonly VerificationStep[]; readonly canary: Canary }
  | { readonly ok: false; readonly steps: readonly VerificationStep[]; readonly error: CmkError };

/**
 * Proves that a key can do what will be asked of it: it is of the right kind and enabled, makes data keys, each
 * replica opens them again, and none opens them under another encryption context.
 *
 * The canary's context names the account like any other, so that the policies on the customer's side see it so.
 * @param nowMs UNIX milliseconds
 */
export async function verifyKey(
  kms: KmsCalls,
  key: {
    provider: ProviderName;
    references: readonly [string, ...string[]];
    kekId: string;
    account: string | null;
  },
  nowMs: number,
): Promise<Verification> {
  const { provider, references, kekId, account } = key;
  const context: EncryptionContext = {
    acct: account ?? 'platform',
    srvId: '0000',
    type: 'Canary',
    id: kekId,
    timestamp: String(Math.floor(nowMs / 1000)),
  };
  const target = { account, provider, canary: null };
  const targets = references.map((reference) => ({ ...target, references: [reference] as const }));
  const steps: VerificationStep[] = [];
  let made: { dataKey: DataKey; wrapped: Uint8Array } | null = null;
  try {
    for (const target of targets) await step(steps, 'DESCRIBE', target, () => describe(kms, target));
    const primary = { ...target, references: [references[0]] as const };
    const generated = await step(steps, 'GENERATE', primary, () => kms.generate(primary, context));
    made = generated;
    const { wrapped, dataKey } = generated;
    for (const target of targets) {
      await step(steps, 'UNWRAP', target, () => unwrap(kms, target, { wrapped, context }, dataKey));
      await step(steps, 'UNWRAP_WRONG_CONTEXT', target, () =>
        unwrapWrongly(kms, target, { wrapped, context }),
      );
    }
    return { ok: true, steps, canary: { wrapped, context } };
  } catch (error) {
    return { ok: false, steps, error: toCmkError(error) };
  } finally {
    made?.dataKey[Symbol.dispose]();
  }
}

async function step<T>(
  steps: VerificationStep[],
  name: VerificationStepName,
  target: KmsTarget,
  work: () => Promise<T>,
): Promise<T> {
  const reference = target.references[0];
  try {
    const result = await work();
    steps.push({ step: name, reference, outcome: 'OK', detail: null });
    return result;
  } catch (error) {
    const { code, message } = toCmkError(error);
    steps.push({ step: name, reference, outcome: 'FAILED', detail: `${code}: ${message}` });
    throw error;
  }
}

async function describe(kms: KmsCalls, target: KmsTarget): Promise<void> {
  const { state, usable } = await kms.describe(target);
  if (state === 'DISABLED') throw new KmsError('KEY_DISABLED', 'expected an enabled key, it is disabled');
  if (state === 'PENDING_DELETION') {
    throw new KmsError('KEY_PENDING_DELETION', 'expected an enabled key, its deletion is scheduled');
  }
  if (state === 'UNAVAILABLE')
    throw new KmsError('UNREACHABLE', 'expected an enabled key, it is unavailable');
  if (!usable) {
    throw new CmkError('INVALID_ARGUMENT', 'references: expected a symmetric key for encryption', {
      metadata: { field: 'references' },
    });
  }
}

async function unwrap(
  kms: KmsCalls,
  target: KmsTarget,
  { wrapped, context }: Canary,
  expected: DataKey,
): Promise<void> {
  const { dataKey } = await kms.unwrap(target, wrapped, context);
  const [actualBytes, expectedBytes] = [dataKey.copyBytes(), expected.copyBytes()];
  try {
    if (timingSafeEqual(actualBytes, expectedBytes)) return;
    throw new KmsError('INVALID_RESPONSE', 'the key unwrapped another data key than it had wrapped');
  } finally {
    actualBytes.fill(0);
    expectedBytes.fill(0);
    dataKey[Symbol.dispose]();
  }
}

/** Only a refusal proves that the context is bound; an outage proves nothing. */
async function unwrapWrongly(kms: KmsCalls, target: KmsTarget, { wrapped, context }: Canary): Promise<void> {
  try {
    const { dataKey } = await kms.unwrap(target, wrapped, { ...context, id: `${context['id']}-wrong` });
    dataKey[Symbol.dispose]();
  } catch (error) {
    const refused =
      error instanceof KmsError && ['CONTEXT_MISMATCH', 'PERMISSION_REVOKED'].includes(error.kmsCause);
    if (refused) return;
    throw error;
  }
  throw new KmsError('INVALID_RESPONSE', 'the key unwrapped a data key under a wrong encryption context');
}
