import { RestError, createHttpHeaders, createPipelineRequest } from '@azure/core-rest-pipeline';
import test from 'ava';
import { BlobError } from '../../../../broker/kms/azure/blob.ts';
import { toCredentialError, toKmsError, type AzureOperation } from '../../../../broker/kms/azure/errors.ts';
import { KmsError, type KmsCause } from '../../../../broker/kms/provider.ts';
import { CmkError } from '../../../../core/errors.ts';

const KEY = 'https://acme.vault.azure.net/keys/rec';
const SECRET = 'b25lLXRpbWUga2V5';

/** As the SDK throws it: with the whole request in it. */
function restError(
  status: number | undefined,
  code: string,
  inner: string | null,
  message: string,
): RestError {
  const request = createPipelineRequest({ url: `${KEY}/wrapkey`, body: JSON.stringify({ value: SECRET }) });
  request.headers.set('authorization', 'Bearer token-token-token');
  const headers = createHttpHeaders({ 'retry-after': '7' });
  const error = new RestError(message, {
    code,
    request,
    ...(status === undefined ? {} : { statusCode: status, response: { status, headers, request } }),
  });
  error.details = { error: { code, message, ...(inner === null ? {} : { innerError: { code: inner } }) } };
  return error;
}

type Row = readonly [
  status: number | undefined,
  code: string,
  inner: string | null,
  message: string,
  operation: AzureOperation,
  cause: KmsCause,
  says: RegExp,
];

const rows: readonly Row[] = [
  [403, 'Forbidden', 'KeyDisabled', 'x', 'unwrap', 'KEY_DISABLED', /is disabled/],
  [403, 'Forbidden', 'KeyExpired', 'x', 'wrap', 'KEY_DISABLED', /has expired/],
  [403, 'Forbidden', 'KeyNotYetValid', 'x', 'wrap', 'KEY_DISABLED', /not valid yet/],
  [
    403,
    'Forbidden',
    null,
    'Operation wrapKey is not allowed on a disabled key.',
    'wrap',
    'KEY_DISABLED',
    /is disabled/,
  ],
  [403, 'KeyDisabled', null, 'without an inner code', 'wrap', 'KEY_DISABLED', /is disabled/],
  [
    403,
    'Forbidden',
    null,
    'Operation wrapKey is not allowed on an expired key.',
    'wrap',
    'KEY_DISABLED',
    /has expired/,
  ],
  [
    403,
    'Forbidden',
    null,
    'Operation wrapKey is not permitted on this key.',
    'wrap',
    'KEY_NOT_FOUND',
    /another kind/,
  ],
  [403, 'Forbidden', 'ForbiddenByRbac', 'x', 'unwrap', 'PERMISSION_REVOKED', /role assignment/],
  [403, 'Forbidden', 'AccessDenied', 'x', 'unwrap', 'PERMISSION_REVOKED', /access policy/],
  [403, 'Forbidden', 'ForbiddenByPolicy', 'x', 'unwrap', 'PERMISSION_REVOKED', /access policy/],
  [403, 'Forbidden', 'ForbiddenByFirewall', 'x', 'unwrap', 'PERMISSION_REVOKED', /firewall/],
  [403, 'Forbidden', 'ForbiddenByConnection', 'x', 'unwrap', 'PERMISSION_REVOKED', /firewall/],
  [403, 'Forbidden', null, 'Client address is not authorized', 'unwrap', 'PERMISSION_REVOKED', /firewall/],
  [
    403,
    'Forbidden',
    'constructor',
    'a name that every object has',
    'get',
    'PERMISSION_REVOKED',
    /does not allow this/,
  ],
  [
    404,
    'KeyNotFound',
    null,
    `A key with (name/id) rec was not found`,
    'wrap',
    'KEY_NOT_FOUND',
    /no such key/,
  ],
  [400, 'BadParameter', null, 'x', 'wrap', 'KEY_NOT_FOUND', /another kind/],
  [400, 'BadParameter', null, 'x', 'unwrap', 'CONTEXT_MISMATCH', /does not open/],
  [400, 'BadParameter', null, 'x', 'get', 'INVALID_RESPONSE', /refused the request/],
  [401, 'Unauthorized', null, 'AKV10032: Invalid issuer.', 'wrap', 'AUTH_FAILED', /token/],
  [409, 'Conflict', null, 'x', 'wrap', 'INVALID_RESPONSE', /refused the request/],
  [429, 'Throttled', null, 'x', 'wrap', 'THROTTLED', /rate/],
  [408, 'RequestTimeout', null, 'x', 'wrap', 'UNREACHABLE', /could not be reached/],
  [500, 'InternalServerError', null, 'x', 'wrap', 'UNREACHABLE', /failed internally/],
  [503, 'ServiceUnavailable', null, 'x', 'wrap', 'UNREACHABLE', /failed internally/],
  [307, '', null, 'x', 'wrap', 'INVALID_RESPONSE', /redirect/],
  [undefined, 'ENOTFOUND', null, 'getaddrinfo ENOTFOUND', 'wrap', 'UNREACHABLE', /does not resolve/],
  [undefined, 'ECONNRESET', null, 'socket hang up', 'wrap', 'UNREACHABLE', /could not be reached/],
  [undefined, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', null, 'x', 'wrap', 'UNREACHABLE', /could not be reached/],
  [
    undefined,
    'PARSE_ERROR',
    null,
    'Error reading response as text: aborted',
    'unwrap',
    'UNREACHABLE',
    /reached/,
  ],
  [undefined, 'PRIVATE_ADDRESS', null, 'x', 'wrap', 'UNREACHABLE', /private address/],
];

for (const [status, code, inner, message, operation, cause, says] of rows) {
  test(`${operation}: ${status ?? 'no answer'} ${code} ${inner ?? ''} ${message}: ${cause}`, (t) => {
    const error = toKmsError(restError(status, code, inner, message), operation);
    t.is(causeOf(error), cause);
    t.regex(error.message, says);
    t.false(error.message.includes('acme'));
    if (error instanceof KmsError) t.is(error.retryAfterMs, status === undefined ? null : 7_000);
    const original = error.cause as Error;
    t.regex(original.message, new RegExp(code));
    const logged = JSON.stringify([original, Object.entries(original), original.message]);
    t.false(
      logged.includes(SECRET) || logged.includes('token-token'),
      'the request does not go into the log',
    );
  });
}

test('an answer that cannot be read leaves no trace of its text', (t) => {
  const thrown = restError(200, 'PARSE_ERROR', null, `Unexpected token, "${SECRET}" is not valid JSON`);
  for (const original of [thrown, new TypeError(`cannot read ${SECRET}`)]) {
    const error = toKmsError(original, 'unwrap');
    t.is(causeOf(error), 'INVALID_RESPONSE');
    t.is(error.cause, undefined);
  }
});

test('a challenge for another service is not the vault’s', (t) => {
  const error = toKmsError(
    new Error('The challenge resource evil.test does not match the requested domain.'),
    'wrap',
  );
  t.is(causeOf(error), 'INVALID_RESPONSE');
  t.regex(error.message, /token of another service/);
});

test('a blob that is none, and our own errors', (t) => {
  t.is(causeOf(toKmsError(new BlobError('x'), 'unwrap')), 'CONTEXT_MISMATCH');
  const cancelled = new CmkError('CANCELLED', 'cancelled');
  t.is(toKmsError(cancelled, 'wrap'), cancelled);
});

for (const [title, original, cause] of [
  ['an application that the tenant does not know', entra(400, 700016), 'PERMISSION_REVOKED'],
  ['an application without a principal', entra(400, 7000229), 'PERMISSION_REVOKED'],
  ['a disabled application', entra(400, 7000112), 'PERMISSION_REVOKED'],
  ['conditional access', entra(400, 53003), 'PERMISSION_REVOKED'],
  ['a tenant that is gone', entra(400, 90002), 'ACCOUNT_ISSUE'],
  ['a wrong secret', entra(401, 7000215), 'AUTH_FAILED'],
  ['an expired secret', entra(401, 7000222), 'AUTH_FAILED'],
  ['a federation that does not fit', entra(401, 700213), 'AUTH_FAILED'],
  ['a refusal without a number', entra(400, null), 'AUTH_FAILED'],
  ['too many requests', entra(429, null), 'THROTTLED'],
  ['a loop that Entra stopped', entra(400, 50196), 'THROTTLED'],
  ['a transient error', entra(400, 90033), 'UNREACHABLE'],
  ['a broken Entra', entra(503, null), 'UNREACHABLE'],
  ['no connection', new Error('network_error: ECONNREFUSED'), 'UNREACHABLE'],
  [
    'a credential that lacks its settings',
    Object.assign(new Error('clientId is a required parameter'), { name: 'CredentialUnavailableError' }),
    'AUTH_FAILED',
  ],
] as const) {
  test(`Entra: ${title}: ${cause}`, (t) => {
    t.is(causeOf(toCredentialError(original)), cause);
  });
}

/** As the SDK throws it: the library's error inside of its own. */
function entra(status: number, number: number | null): Error {
  const inner = Object.assign(
    new Error(number === null ? 'invalid_request' : `invalid_client: AADSTS${number}: x`),
    { status },
  );
  return Object.assign(new Error('Automatic authentication has been disabled', { cause: inner }), {
    name: 'AuthenticationRequiredError',
  });
}

function causeOf(error: CmkError): KmsCause | null {
  return error instanceof KmsError ? error.kmsCause : null;
}
