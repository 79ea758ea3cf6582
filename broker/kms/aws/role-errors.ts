import type { CmkError } from '../../../core/errors.ts';
import { KmsError, type KmsCause } from '../provider.ts';
import type { AwsAction } from './advice.ts';
import { toKmsError } from './errors.ts';

/** What STS says about assuming a role, where that is something else than what a KMS would mean. */
const ASSUMING: Readonly<Partial<Record<KmsCause, string>>> = {
  PERMISSION_REVOKED:
    'the role’s trust policy does not let the broker assume it with this account’s external id, or there is no such role',
  THROTTLED: 'AWS STS limits the rate of requests',
  UNREACHABLE: 'AWS STS, which gives the credentials of the customer’s role, could not be reached',
  INVALID_RESPONSE: 'AWS STS gave no credentials of the customer’s role',
};

const ASSUMING_ADVICE: Readonly<Partial<Record<KmsCause, string>>> = {
  PERMISSION_REVOKED:
    'In the role’s trust policy, allow the broker’s role sts:AssumeRole under the condition that sts:ExternalId equals this account’s external id.',
  UNREACHABLE:
    'Try again; see the AWS Health Dashboard of this region. The operator: look at CMK_AWS_STS_ENDPOINT.',
};

const CONDITION =
  'A condition on kms:EncryptionContext:acct must name this very account; DescribeKey takes none.';
const SESSION_ADVICE =
  'Try again: the role is assumed anew. If it stays, look whether the role still exists.';
const DENIED = 'the key’s policy, or that of the customer’s role, does not allow this';
const SESSION_REFUSED = 'the KMS does not accept the session of the customer’s role';

/** Translates whatever assuming a role threw. */
export function toAssumeRoleError(error: unknown): CmkError {
  const known = toKmsError(error, null);
  if (!(known instanceof KmsError)) return known;
  const text = ASSUMING[known.kmsCause];
  return text === undefined ? known : retold(known, text, ASSUMING_ADVICE[known.kmsCause]);
}

/**
 * Translates whatever a call with a role's session threw. The identity is the customer's: what it may not do is their
 * decision, and that it is not accepted says nothing about the broker's own.
 */
export function toSessionError(error: unknown, action: AwsAction): CmkError {
  const known = toKmsError(error, action);
  if (known === error || !(known instanceof KmsError) || !(error instanceof Error)) return known;
  if (error.name.startsWith('AccessDenied')) {
    const advice = `In the key policy, or in that of the role, allow the role kms:${action}. ${CONDITION}`;
    return new KmsError('PERMISSION_REVOKED', DENIED, { cause: error, advice });
  }
  return known.kmsCause === 'AUTH_FAILED' ? retold(known, SESSION_REFUSED, SESSION_ADVICE) : known;
}

function retold(error: KmsError, text: string, advice: string | undefined): KmsError {
  const { kmsCause, cause, retryAfterMs } = error;
  return new KmsError(kmsCause, text, {
    ...(cause === undefined ? {} : { cause }),
    retryAfterMs,
    advice: advice ?? null,
  });
}
