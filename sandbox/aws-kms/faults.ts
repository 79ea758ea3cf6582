import type * as emulation from '../emulation/faults.ts';
import { AwsError, type AwsErrorType } from './errors.ts';

export const MALFORMATIONS = [
  'not-json',
  'empty-body',
  'no-plaintext',
  'short-plaintext',
  'no-blob',
  'other-key',
  'bare-502',
] as const;
export type Malformation = (typeof MALFORMATIONS)[number];

export type FaultEffect = emulation.FaultEffect<AwsErrorType, Malformation>;

/** Where a fault strikes: a region, the key's ARN or id as the request names it, an operation, e.g. `Decrypt`. */
export type Place = 'region' | 'key' | 'operation';
export type Fault = emulation.Fault<FaultEffect, Place>;
export type Faults = emulation.Faults<FaultEffect, Place>;

/** The error that an effect is, if it is one. */
export function faultError(effect: FaultEffect | null): AwsError | null {
  if (effect?.kind === 'throttle') {
    const text = 'You have exceeded the rate at which you may call KMS.';
    return new AwsError('ThrottlingException', text, effect.retryAfterSeconds);
  }
  return effect?.kind === 'error' ? new AwsError(effect.type, effect.message ?? 'a fault on demand') : null;
}

/** The answer as a broken KMS would give it. */
export function deform(answer: object, what: Malformation): { status: number; body: string } {
  const ok = (fields: object) => ({ status: 200, body: JSON.stringify({ ...answer, ...fields }) });
  switch (what) {
    case 'not-json':
      return { status: 200, body: JSON.stringify(answer).slice(0, -8) };
    case 'empty-body':
      return { status: 200, body: '{}' };
    case 'no-plaintext':
      return ok({ Plaintext: undefined });
    case 'short-plaintext':
      return ok({ Plaintext: Buffer.alloc(16, 1).toString('base64') });
    case 'no-blob':
      return ok({ CiphertextBlob: undefined });
    case 'other-key':
      return ok({ KeyId: 'arn:aws:kms:us-east-1:999999999999:key/00000000-0000-4000-8000-000000000000' });
    case 'bare-502':
      return { status: 502, body: '<html><body>Bad Gateway</body></html>' };
  }
}
