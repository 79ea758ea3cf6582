import test from 'ava';
import { OciServiceError, isAboutKey, keyError, toKmsError } from '../../../../broker/kms/oci/errors.ts';
import { KmsError, type KmsCause } from '../../../../broker/kms/provider.ts';
import { CmkError } from '../../../../core/errors.ts';
import type { KEY_STATES } from '../../../../sandbox/oci-kms/key-store.ts';

function answer(status: number, code: string): OciServiceError {
  const message = 'Key ocid1.key.oc1.iad.secret is not yours';
  return new OciServiceError({ status, code, requestId: 'request', retryAfterMs: 2_000 }, message);
}

function kmsError(error: Error): KmsError {
  if (error instanceof KmsError) return error;
  throw error;
}

const ANSWERS: readonly (readonly [number, string, 'unwrap' | 'describe', KmsCause])[] = [
  [400, 'InvalidParameter', 'unwrap', 'CONTEXT_MISMATCH'],
  [400, 'SomethingNew', 'unwrap', 'CONTEXT_MISMATCH'],
  [400, 'InvalidParameter', 'describe', 'INVALID_RESPONSE'],
  [400, 'CannotParseRequest', 'unwrap', 'INVALID_RESPONSE'],
  [400, 'MissingParameter', 'unwrap', 'INVALID_RESPONSE'],
  [400, 'LimitExceeded', 'unwrap', 'ACCOUNT_ISSUE'],
  [400, 'QuotaExceeded', 'describe', 'ACCOUNT_ISSUE'],
  [401, 'NotAuthenticated', 'describe', 'AUTH_FAILED'],
  [401, '', 'describe', 'AUTH_FAILED'],
  [401, 'NotAuthorizedOrNotFound', 'describe', 'PERMISSION_REVOKED'],
  [402, 'SignUpRequired', 'describe', 'ACCOUNT_ISSUE'],
  [403, 'NotAuthorized', 'describe', 'PERMISSION_REVOKED'],
  [404, 'NotAuthorizedOrNotFound', 'unwrap', 'PERMISSION_REVOKED'],
  [404, 'NotFound', 'describe', 'KEY_NOT_FOUND'],
  [404, '', 'describe', 'PERMISSION_REVOKED'],
  [307, '', 'describe', 'INVALID_RESPONSE'],
  [405, 'MethodNotAllowed', 'describe', 'INVALID_RESPONSE'],
  [409, 'IncorrectState', 'describe', 'KEY_DISABLED'],
  [413, 'PayloadTooLarge', 'describe', 'INVALID_RESPONSE'],
  [429, 'TooManyRequests', 'describe', 'THROTTLED'],
  [429, '', 'unwrap', 'THROTTLED'],
  [500, 'InternalServerError', 'unwrap', 'UNREACHABLE'],
  [502, '', 'unwrap', 'UNREACHABLE'],
  [503, 'ServiceUnavailable', 'describe', 'UNREACHABLE'],
  [500, 'NotAuthenticated', 'describe', 'UNREACHABLE'],
  [404, 'constructor', 'describe', 'PERMISSION_REVOKED'],
];

for (const [status, code, operation, cause] of ANSWERS) {
  test(`${status} ${code || 'without a code'} to ${operation}: ${cause}`, (t) => {
    const original = answer(status, code);
    const error = kmsError(toKmsError(original, operation));
    t.is(error.kmsCause, cause);
    t.is(error.cause, original, 'for the log');
    t.is(error.retryAfterMs, 2_000);
    t.false(error.message.includes('ocid1'));
  });
}

const STATES: Readonly<Record<(typeof KEY_STATES)[number], KmsCause>> = {
  CREATING: 'UNREACHABLE',
  ENABLING: 'UNREACHABLE',
  ENABLED: 'UNREACHABLE',
  DISABLING: 'KEY_DISABLED',
  DISABLED: 'KEY_DISABLED',
  DELETING: 'KEY_NOT_FOUND',
  DELETED: 'KEY_NOT_FOUND',
  PENDING_DELETION: 'KEY_PENDING_DELETION',
  SCHEDULING_DELETION: 'KEY_PENDING_DELETION',
  CANCELLING_DELETION: 'UNREACHABLE',
  UPDATING: 'UNREACHABLE',
  BACKUP_IN_PROGRESS: 'UNREACHABLE',
  RESTORING: 'UNREACHABLE',
};

for (const [state, cause] of Object.entries(STATES)) {
  test(`a key that is ${state}: ${cause}`, (t) => {
    const error = keyError({ lifecycleState: state, algorithm: 'AES' }, answer(409, 'IncorrectState'));
    t.is(kmsError(error).kmsCause, cause);
  });
}

test('only a 409 is about the key’s state, and a bad parameter may be about its kind', (t) => {
  t.true(isAboutKey(answer(409, 'IncorrectState'), 'unwrap'));
  t.false(isAboutKey(answer(404, 'NotAuthorizedOrNotFound'), 'wrap'));
  t.false(isAboutKey(new Error('reset'), 'wrap'));
  const refused = answer(400, 'InvalidParameter');
  t.true(isAboutKey(refused, 'wrap'));
  t.false(isAboutKey(refused, 'unwrap'), 'the wrapped key is the parameter that is bad');
  const rsa = keyError({ lifecycleState: 'ENABLED', algorithm: 'RSA' }, refused);
  t.is(kmsError(rsa).kmsCause, 'KEY_NOT_FOUND');
  t.is(keyError({ lifecycleState: 'ENABLED', algorithm: 'AES' }, refused), refused);
});

test('what is no answer is an unreachable KMS; what is translated stays', (t) => {
  const reset = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
  t.is(kmsError(toKmsError(reset, 'unwrap')).kmsCause, 'UNREACHABLE');
  t.is(kmsError(toKmsError('text', 'describe')).kmsCause, 'UNREACHABLE');
  const cancelled = new CmkError('CANCELLED', 'cancelled');
  t.is(toKmsError(cancelled, 'unwrap'), cancelled);
});
