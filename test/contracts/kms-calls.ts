import type { ExecutionContext } from 'ava';
import { DataKey } from '../../core/data-key.ts';
import type { EncryptionContext } from '../../core/encryption-context.ts';
import { KmsError, type KmsCall, type KmsCause } from '../../broker/kms/provider.ts';
import type { Operation } from './kms-fault-table.ts';
import type { KmsHarness } from './kms-harness.ts';

export const CONTEXT: EncryptionContext = {
  acct: 'acme',
  srvId: '0001',
  type: 'MeetingWebinarRecording',
  id: '097A7CAE-21ED-4EBB-A062-09B685BD492E',
  timestamp: '1659431372',
};
export const CALL: KmsCall = { timeoutMs: 10_000 };
export const SHORT_MS = 300;
/** A call ends this much after its deadline at the latest, also where others keep the processor busy. */
export const GRACE_MS = 1_000;

/** Registers a test that gets a KMS of its own. */
export type Check = (title: string, run: (t: ExecutionContext, kms: KmsHarness) => Promise<void>) => void;

export async function perform(
  { provider }: Pick<KmsHarness, 'provider'>,
  operation: Operation,
  reference: string,
  wrapped: Uint8Array,
  call: KmsCall = CALL,
): Promise<unknown> {
  switch (operation) {
    case 'generate':
      return provider.generate(reference, CONTEXT, call);
    case 'wrap':
      return provider.wrap(reference, DataKey.generate(), CONTEXT, call);
    case 'unwrap':
      return provider.unwrap(reference, wrapped, CONTEXT, call);
    case 'describe':
      return provider.describe(reference, call);
  }
}

export async function failsWith(
  t: ExecutionContext,
  cause: KmsCause,
  call: Promise<unknown>,
  title: string,
): Promise<KmsError> {
  const error = await t.throwsAsync(call, { instanceOf: KmsError }, title);
  t.is(error.kmsCause, cause, title);
  return error;
}

export function sameKey(one: DataKey, other: DataKey): boolean {
  return one.keyObject.equals(other.keyObject);
}
