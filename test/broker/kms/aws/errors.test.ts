import { KMSServiceException } from '@aws-sdk/client-kms';
import test from 'ava';
import { toKmsError } from '../../../../broker/kms/aws/errors.ts';
import { KmsError, type KmsCause } from '../../../../broker/kms/provider.ts';
import { CmkError } from '../../../../core/errors.ts';

const ARN = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';

const answered: readonly (readonly [name: string, message: string, status: number, cause: KmsCause])[] = [
  ['ThrottlingException', 'Rate exceeded', 400, 'THROTTLED'],
  ['Throttling', 'Rate exceeded', 400, 'THROTTLED'],
  ['LimitExceededException', 'too many', 400, 'THROTTLED'],
  ['UnheardOf', 'slow down', 429, 'THROTTLED'],
  ['DisabledException', `${ARN} is disabled.`, 400, 'KEY_DISABLED'],
  ['KMSInvalidStateException', `${ARN} is disabled.`, 400, 'KEY_DISABLED'],
  ['KMSInvalidStateException', `${ARN} is pending deletion.`, 400, 'KEY_PENDING_DELETION'],
  ['KMSInvalidStateException', `${ARN} is PendingReplicaDeletion.`, 400, 'KEY_PENDING_DELETION'],
  ['KMSInvalidStateException', `${ARN} is pending import.`, 400, 'KEY_DISABLED'],
  ['KMSInvalidStateException', `${ARN} is unavailable.`, 400, 'UNREACHABLE'],
  ['KMSInvalidStateException', 'The external key store proxy did not respond.', 400, 'UNREACHABLE'],
  ['NotFoundException', `Key '${ARN}' does not exist`, 400, 'KEY_NOT_FOUND'],
  [
    'AccessDeniedException',
    'no resource-based policy allows the kms:Decrypt action',
    400,
    'PERMISSION_REVOKED',
  ],
  ['AccessDeniedException', 'with an explicit deny in a resource-based policy', 400, 'PERMISSION_REVOKED'],
  ['AccessDeniedException', 'no identity-based policy allows the kms:Decrypt action', 400, 'AUTH_FAILED'],
  ['AccessDeniedException', 'no permissions boundary allows the kms:Decrypt action', 400, 'AUTH_FAILED'],
  ['UnrecognizedClientException', 'The security token is invalid.', 400, 'AUTH_FAILED'],
  ['InvalidSignatureException', 'Signature expired', 400, 'AUTH_FAILED'],
  ['ExpiredTokenException', 'expired', 400, 'AUTH_FAILED'],
  ['IncompleteSignature', 'incomplete', 403, 'AUTH_FAILED'],
  ['InvalidCiphertextException', 'UnknownError', 400, 'CONTEXT_MISMATCH'],
  ['IncorrectKeyException', 'The key ID in the request', 400, 'CONTEXT_MISMATCH'],
  ['OptInRequired', 'not subscribed', 403, 'ACCOUNT_ISSUE'],
  ['RegionDisabledException', 'STS is not activated in this region', 403, 'ACCOUNT_ISSUE'],
  ['SubscriptionRequiredException', 'not subscribed', 403, 'ACCOUNT_ISSUE'],
  ['KMSInternalException', 'oops', 500, 'UNREACHABLE'],
  ['KeyUnavailableException', 'try again', 500, 'UNREACHABLE'],
  ['DependencyTimeoutException', 'timed out', 500, 'UNREACHABLE'],
  ['ServiceUnavailable', 'busy', 503, 'UNREACHABLE'],
  ['ValidationException', 'a member is missing', 400, 'INVALID_RESPONSE'],
  ['constructor', 'a name that every object has', 400, 'INVALID_RESPONSE'],
];

for (const [name, message, status, cause] of answered) {
  test(`${name} (${status}), ${message.replace(ARN, 'ARN')}: ${cause}`, (t) => {
    const original = new KMSServiceException({
      name,
      message,
      $fault: status >= 500 ? 'server' : 'client',
      $metadata: { httpStatusCode: status },
    });
    const error = toKmsError(original, 'Decrypt');
    t.is(causeOf(error), cause);
    t.is(error.cause, original);
    t.notRegex(error.message, /arn:|1234abcd/);
  });
}

for (const [title, fields, cause] of [
  ['no route', { code: 'ENOTFOUND', $metadata: { attempts: 1 } }, 'UNREACHABLE'],
  ['a certificate that does not verify', { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }, 'UNREACHABLE'],
  ['a slow connection', { name: 'TimeoutError' }, 'UNREACHABLE'],
  ['a reset in the body', { code: 'ECONNRESET', $metadata: { httpStatusCode: 200 } }, 'UNREACHABLE'],
  ['no credentials', { name: 'CredentialsProviderError' }, 'AUTH_FAILED'],
] as const) {
  test(`${title}: ${cause}`, (t) => {
    const original = Object.assign(new Error('x'), fields);
    const error = toKmsError(original, 'Decrypt');
    t.is(causeOf(error), cause);
    t.is(error.cause, original);
  });
}

test('an answer that cannot be parsed leaves no trace of its text', (t) => {
  const original = Object.assign(new SyntaxError('Unexpected token, ..."aSecretKey"... is not valid JSON'), {
    $metadata: { httpStatusCode: 200 },
  });
  const error = toKmsError(original, 'Decrypt');
  t.is(causeOf(error), 'INVALID_RESPONSE');
  t.is(error.cause, undefined);
});

test('our own errors pass', (t) => {
  const cancelled = new CmkError('CANCELLED', 'cancelled');
  t.is(toKmsError(cancelled, 'Decrypt'), cancelled);
});

function causeOf(error: CmkError): KmsCause | null {
  return error instanceof KmsError ? error.kmsCause : null;
}

test('the advice on a refusal names the action, and what AWS tells of the reason', (t) => {
  const adviceOn = (message: string) => {
    const $metadata = { httpStatusCode: 400 };
    const refused = new KMSServiceException({
      name: 'AccessDeniedException',
      message,
      $fault: 'client',
      $metadata,
    });
    const error = toKmsError(refused, 'Encrypt');
    return error instanceof KmsError ? (error.advice ?? '') : '';
  };
  // What AWS may answer for keys of other accounts: it leaves open which of three it is.
  const vague = adviceOn(
    'User: x is not authorized to perform: kms:Encrypt on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access',
  );
  t.regex(vague, /^Check the region and the key’s id in the ARN\. In the key policy, allow .* kms:Encrypt/);
  t.regex(
    adviceOn('because no resource-based policy allows the kms:Encrypt action'),
    /^In the key policy, allow/,
  );
  t.regex(adviceOn('with an explicit deny in a resource-based policy'), /take away the Deny statement/);
  t.is(adviceOn('because no identity-based policy allows the kms:Encrypt action'), '');
});
