import { CmkError } from '../../../core/errors.ts';
import { KmsError, type KmsCause } from '../provider.ts';
import { adviceOnDenial, NO_SUCH_HOST_ADVICE, SEALED_ADVICE, type TransitAction } from './advice.ts';

/** An answer other than success. Its texts name paths and keys, so that they are for the log alone. */
export class TransitRefusal extends Error {
  override readonly name = 'TransitRefusal';
  readonly status: number;
  readonly texts: readonly string[];
  readonly retryAfterMs: number | null;

  constructor(status: number, texts: readonly string[], retryAfterMs: number | null = null) {
    super(`HTTP ${status}${texts.length > 0 ? `: ${texts.join('; ')}` : ''}`);
    this.status = status;
    this.texts = texts;
    this.retryAfterMs = retryAfterMs;
  }
}

type Translation = readonly [KmsCause, string];

const TEXT = {
  unreachable: 'the KMS could not be reached',
  unknownHost: 'the KMS’s host name does not resolve',
  failed: 'the KMS failed internally',
  notServing: 'the KMS is sealed, or no node of it is active',
  redirected: 'the KMS points to another address, which is not followed',
  throttled: 'the KMS limits the rate of requests',
  denied: 'the policy of the broker’s token does not allow this',
  credentials: 'the KMS does not accept the broker’s credentials',
  noToken: 'the broker has no token for this KMS',
  tooOld: 'the key’s minimum version is above the version that wrapped this',
  disabled: 'the key is soft-deleted',
  notFound: 'the KMS has no such key, or its secrets engine is disabled',
  wrongKind: 'the key cannot wrap data keys: it is of another kind',
  mismatch: 'the KMS refuses the wrapped key under this encryption context',
  refused: 'the KMS refused the request itself',
  unreadable: 'the KMS’s answer could not be read',
} as const;

/** Texts of transit's own errors. They say more than the status, which differs between versions. */
const BY_TEXT: readonly (readonly [RegExp, ...Translation])[] = [
  [/message authentication failed|^invalid ciphertext/i, 'CONTEXT_MISMATCH', TEXT.mismatch],
  [/disallowed by policy \(too old\)/i, 'KEY_DISABLED', TEXT.tooOld],
  [/soft[- ]?deleted/i, 'KEY_DISABLED', TEXT.disabled],
  [/encryption key not found|no handler for route|unsupported path/i, 'KEY_NOT_FOUND', TEXT.notFound],
  [
    /not supported for key type|non-AEAD|missing 'context' for key derivation/i,
    'KEY_NOT_FOUND',
    TEXT.wrongKind,
  ],
  [/quota exceeded|upstream rate limited/i, 'THROTTLED', TEXT.throttled],
  [/is sealed|not initialized|standby|active cluster node not found/i, 'UNREACHABLE', TEXT.notServing],
  [/missing client token/i, 'AUTH_FAILED', TEXT.credentials],
  [/invalid token/i, 'AUTH_FAILED', TEXT.credentials],
];

/**
 * Translates whatever a call threw. The original stays as the cause, for the log.
 * @param action what was asked of a key; absent: it was about a token
 */
export function toKmsError(error: unknown, action?: TransitAction): CmkError {
  if (error instanceof CmkError) return error;
  if (error instanceof TransitRefusal) {
    const [cause, text] = translate(error);
    const advice =
      text === TEXT.denied && action
        ? adviceOnDenial(action)
        : text === TEXT.notServing
          ? SEALED_ADVICE
          : null;
    return new KmsError(cause, text, { cause: error, retryAfterMs: error.retryAfterMs, advice });
  }
  if (error instanceof Error && 'code' in error && error.code === 'ENOTFOUND') {
    return new KmsError('UNREACHABLE', TEXT.unknownHost, { cause: error, advice: NO_SUCH_HOST_ADVICE });
  }
  // Not an answer, or not a whole one: no route, refused, reset, a certificate that does not verify.
  return new KmsError('UNREACHABLE', TEXT.unreachable, { cause: error });
}

function translate({ status, texts }: TransitRefusal): Translation {
  for (const [pattern, cause, text] of BY_TEXT) {
    if (texts.some((each) => pattern.test(each))) return [cause, text];
  }
  if (status === 403) return ['PERMISSION_REVOKED', TEXT.denied];
  if (status === 401) return ['AUTH_FAILED', TEXT.credentials];
  if (status === 404 || status === 405) return ['KEY_NOT_FOUND', TEXT.notFound];
  if (status === 429) return ['THROTTLED', TEXT.throttled];
  // Asked of a standby, a replica for disaster recovery, or one that has not caught up.
  if (status === 412 || status === 472 || status === 473) return ['UNREACHABLE', TEXT.notServing];
  if (status >= 500) return ['UNREACHABLE', TEXT.failed];
  if (status >= 300 && status < 400) return ['UNREACHABLE', TEXT.redirected];
  return ['INVALID_RESPONSE', TEXT.refused];
}

/** What a refusal to log in means: whatever the KMS found wrong with it, it is not a key's state. */
export function toLoginError(error: unknown): CmkError {
  const known = toKmsError(error);
  const answered = error instanceof TransitRefusal && error.status < 500 && error.status >= 400;
  if (!answered || (known instanceof KmsError && known.kmsCause === 'THROTTLED')) return known;
  if (known instanceof KmsError && known.kmsCause === 'UNREACHABLE') return known;
  return new KmsError('AUTH_FAILED', TEXT.credentials, { cause: error });
}

export function noToken(cause: unknown): KmsError {
  return new KmsError('AUTH_FAILED', TEXT.noToken, { cause });
}

/** Has no cause: a parser's error quotes the answer, which may hold a key. */
export function unreadable(): KmsError {
  return new KmsError('INVALID_RESPONSE', TEXT.unreadable);
}
