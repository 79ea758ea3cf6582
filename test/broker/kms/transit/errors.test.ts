import test from 'ava';
import { toKmsError, toLoginError, TransitRefusal } from '../../../../broker/kms/transit/errors.ts';
import { KmsError, type KmsCause } from '../../../../broker/kms/provider.ts';
import { CmkError } from '../../../../core/errors.ts';

const PATH = 'transit/decrypt/acme-recordings';

const answered: readonly (readonly [status: number, text: string | null, cause: KmsCause])[] = [
  [400, 'cipher: message authentication failed', 'CONTEXT_MISMATCH'],
  // Some versions answer so.
  [500, '1 error occurred:\n\t* cipher: message authentication failed\n\n', 'CONTEXT_MISMATCH'],
  [400, 'invalid ciphertext: no prefix', 'CONTEXT_MISMATCH'],
  [400, 'invalid ciphertext: version is too new', 'CONTEXT_MISMATCH'],
  [400, 'ciphertext or signature version is disallowed by policy (too old)', 'KEY_DISABLED'],
  [400, 'key is soft-deleted', 'KEY_DISABLED'],
  [500, 'policy has been soft deleted', 'KEY_DISABLED'],
  [400, 'encryption key not found', 'KEY_NOT_FOUND'],
  [404, `no handler for route "${PATH}". route entry not found.`, 'KEY_NOT_FOUND'],
  [404, null, 'KEY_NOT_FOUND'],
  [405, 'unsupported operation', 'KEY_NOT_FOUND'],
  [400, 'message encryption not supported for key type ed25519', 'KEY_NOT_FOUND'],
  [400, "'[0].associated_data' provided for non-AEAD cipher suite rsa-4096", 'KEY_NOT_FOUND'],
  [400, "missing 'context' for key derivation; the key was created using a derived key", 'KEY_NOT_FOUND'],
  [403, '1 error occurred:\n\t* permission denied\n\n', 'PERMISSION_REVOKED'],
  [403, '2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n', 'AUTH_FAILED'],
  [400, 'missing client token', 'AUTH_FAILED'],
  [401, null, 'AUTH_FAILED'],
  [429, `request path "${PATH}": rate limit quota exceeded`, 'THROTTLED'],
  [429, null, 'THROTTLED'],
  [503, 'Vault is sealed', 'UNREACHABLE'],
  [503, null, 'UNREACHABLE'],
  [500, 'local node not active but active cluster node not found', 'UNREACHABLE'],
  [500, 'internal error', 'UNREACHABLE'],
  [502, null, 'UNREACHABLE'],
  [412, 'required index state not present', 'UNREACHABLE'],
  [472, null, 'UNREACHABLE'],
  [473, null, 'UNREACHABLE'],
  [307, null, 'UNREACHABLE'],
  [400, 'something new', 'INVALID_RESPONSE'],
  [413, 'request body too large', 'INVALID_RESPONSE'],
  [101, null, 'INVALID_RESPONSE'],
];

for (const [status, text, cause] of answered) {
  test(`${status} ${text?.trim().replaceAll(/\s+/g, ' ') ?? 'without text'}: ${cause}`, (t) => {
    const original = new TransitRefusal(status, text === null ? [] : [text]);
    const error = toKmsError(original);
    t.is(causeOf(error), cause);
    t.is(error.cause, original);
    t.false(error.message.includes('acme'));
  });
}

for (const [status, text, cause] of [
  [403, 'permission denied', 'AUTH_FAILED'],
  [400, 'invalid role name "cmk-broker"', 'AUTH_FAILED'],
  [400, 'error validating token: expired', 'AUTH_FAILED'],
  [404, 'no handler for route "auth/kubernetes/login". route entry not found.', 'AUTH_FAILED'],
  [429, 'rate limit quota exceeded', 'THROTTLED'],
  [500, 'internal error', 'UNREACHABLE'],
  [503, 'Vault is sealed', 'UNREACHABLE'],
] as const) {
  test(`at login, ${status} ${text}: ${cause}`, (t) => {
    t.is(causeOf(toLoginError(new TransitRefusal(status, [text]))), cause);
  });
}

test('a broken connection is an outage, and our own errors pass', (t) => {
  const reset = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
  t.is(causeOf(toKmsError(reset)), 'UNREACHABLE');
  t.is(causeOf(toLoginError(reset)), 'UNREACHABLE');
  const cancelled = new CmkError('CANCELLED', 'cancelled');
  t.is(toKmsError(cancelled), cancelled);
});

test('what the KMS asks for in Retry-After is passed on', (t) => {
  const error = toKmsError(new TransitRefusal(429, [], 7_000));
  t.is(error instanceof KmsError ? error.retryAfterMs : null, 7_000);
});

function causeOf(error: CmkError): KmsCause | null {
  return error instanceof KmsError ? error.kmsCause : null;
}
