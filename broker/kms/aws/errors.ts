import { CmkError } from '../../../core/errors.ts';
import { KmsError, type KmsCause } from '../provider.ts';
import { adviceOnDenial, NO_SUCH_HOST_ADVICE, type AwsAction } from './advice.ts';

/** The SDK's errors as this reads them: any of these fields may be missing. */
interface SdkError {
  readonly name: string;
  readonly message: string;
  readonly code?: unknown;
  readonly $fault?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

type Translation = readonly [KmsCause, string];

/** Our own words: AWS's texts hold ARNs, which are the customer's business and nobody's reading. */
const TEXT = {
  throttled: 'the KMS limits the rate of requests',
  credentials: 'the KMS does not accept the broker’s credentials',
  ownPermission: 'the broker’s own identity is not permitted to do this',
  denied: 'the key’s policy does not allow this',
  disabled: 'the key is disabled',
  pendingDeletion: 'the key is scheduled for deletion',
  noMaterial: 'the key’s material is gone until it is imported again',
  notFound: 'the KMS has no such key in this region',
  wrongKind: 'the key cannot wrap data keys: it is of another kind',
  mismatch: 'the KMS refuses the wrapped key under this encryption context',
  otherKey: 'the wrapped key is not this key’s',
  account: 'the AWS account is suspended or not subscribed in this region',
  unreachable: 'the KMS could not be reached',
  privateAddress: 'the KMS’s host name leads to a private address',
  unknownHost: 'the KMS’s host name does not resolve',
  failed: 'the KMS failed internally',
  keyUnavailable: 'the KMS cannot use the key at the moment',
  refused: 'the KMS refused the request itself',
  unreadable: 'the KMS’s answer could not be read',
} as const;

const BY_NAME: Readonly<Record<string, Translation>> = {
  ThrottlingException: ['THROTTLED', TEXT.throttled],
  Throttling: ['THROTTLED', TEXT.throttled],
  LimitExceededException: ['THROTTLED', TEXT.throttled],
  RequestLimitExceeded: ['THROTTLED', TEXT.throttled],
  TooManyRequestsException: ['THROTTLED', TEXT.throttled],

  DisabledException: ['KEY_DISABLED', TEXT.disabled],
  NotFoundException: ['KEY_NOT_FOUND', TEXT.notFound],
  InvalidArnException: ['KEY_NOT_FOUND', TEXT.notFound],
  InvalidKeyUsageException: ['KEY_NOT_FOUND', TEXT.wrongKind],

  InvalidCiphertextException: ['CONTEXT_MISMATCH', TEXT.mismatch],
  IncorrectKeyException: ['CONTEXT_MISMATCH', TEXT.otherKey],

  UnrecognizedClientException: ['AUTH_FAILED', TEXT.credentials],
  InvalidClientTokenId: ['AUTH_FAILED', TEXT.credentials],
  InvalidSignatureException: ['AUTH_FAILED', TEXT.credentials],
  SignatureDoesNotMatch: ['AUTH_FAILED', TEXT.credentials],
  IncompleteSignature: ['AUTH_FAILED', TEXT.credentials],
  IncompleteSignatureException: ['AUTH_FAILED', TEXT.credentials],
  MissingAuthenticationToken: ['AUTH_FAILED', TEXT.credentials],
  MissingAuthenticationTokenException: ['AUTH_FAILED', TEXT.credentials],
  ExpiredToken: ['AUTH_FAILED', TEXT.credentials],
  ExpiredTokenException: ['AUTH_FAILED', TEXT.credentials],
  RequestExpired: ['AUTH_FAILED', TEXT.credentials],
  NotAuthorized: ['AUTH_FAILED', TEXT.credentials],
  CredentialsProviderError: ['AUTH_FAILED', 'the broker has no AWS credentials'],
  TokenProviderError: ['AUTH_FAILED', 'the broker has no AWS credentials'],

  OptInRequired: ['ACCOUNT_ISSUE', TEXT.account],
  RegionDisabledException: ['ACCOUNT_ISSUE', TEXT.account],
  SubscriptionRequiredException: ['ACCOUNT_ISSUE', TEXT.account],

  KMSInternalException: ['UNREACHABLE', TEXT.failed],
  KeyUnavailableException: ['UNREACHABLE', TEXT.keyUnavailable],
  DependencyTimeoutException: ['UNREACHABLE', TEXT.failed],
  TimeoutError: ['UNREACHABLE', TEXT.unreachable],
};

/**
 * Translates whatever a call through the SDK threw. The SDK's error stays as the cause, for the log.
 * @param action what was called; null: nothing of KMS
 */
export function toKmsError(error: unknown, action: AwsAction | null): CmkError {
  if (error instanceof CmkError) return error;
  if (!(error instanceof Error)) return new KmsError('INVALID_RESPONSE', TEXT.unreadable);
  const [cause, text] = translate(error);
  // An answer that could not be parsed may hold a key, and the parser's message quotes from it.
  if (isUnreadableAnswer(error)) return new KmsError(cause, text);
  return new KmsError(cause, text, {
    cause: error,
    retryAfterMs: retryAfterMs(error),
    advice: betterAdvice(text, action, error.message),
  });
}

/** KMS itself does not say when to come back; what limits rates before it may. */
function retryAfterMs({ $response }: SdkError): number | null {
  const seconds = $response?.headers?.['retry-after'] ?? '';
  return /^\d{1,4}$/.test(seconds) ? Number(seconds) * 1_000 : null;
}

/** Where AWS tells more than the cause. */
function betterAdvice(text: string, action: AwsAction | null, message: string): string | null {
  if (text === TEXT.denied) return action && adviceOnDenial(action, message);
  return text === TEXT.unknownHost ? NO_SUCH_HOST_ADVICE : null;
}

function translate(error: SdkError): Translation {
  if (error.name === 'KMSInvalidStateException') return fromState(error.message);
  if (error.name === 'AccessDeniedException' || error.name === 'AccessDenied')
    return fromDenial(error.message);
  if (Object.hasOwn(BY_NAME, error.name)) return BY_NAME[error.name] ?? ['INVALID_RESPONSE', TEXT.refused];
  if (error.code === 'PRIVATE_ADDRESS') return ['UNREACHABLE', TEXT.privateAddress];
  const status = error.$metadata?.httpStatusCode;
  if (status === 429) return ['THROTTLED', TEXT.throttled];
  if (status !== undefined && status >= 500) return ['UNREACHABLE', TEXT.failed];
  if (isUnreadableAnswer(error)) return ['INVALID_RESPONSE', TEXT.unreadable];
  if (error.$fault !== undefined) return ['INVALID_RESPONSE', TEXT.refused];
  if (error.code === 'ENOTFOUND') return ['UNREACHABLE', TEXT.unknownHost];
  // Not an answer, or not a whole one: no route, refused, reset, a certificate that does not verify.
  return ['UNREACHABLE', TEXT.unreachable];
}

/** One exception for many states; only its text tells them apart. */
function fromState(message: string): Translation {
  const state = message.toLowerCase();
  if (/pending\s*(replica\s*)?deletion/.test(state)) return ['KEY_PENDING_DELETION', TEXT.pendingDeletion];
  if (state.includes('disabled')) return ['KEY_DISABLED', TEXT.disabled];
  if (/pending\s*import/.test(state)) return ['KEY_DISABLED', TEXT.noMaterial];
  // An external or CloudHSM key store that does not answer, or a key that is still being made.
  return ['UNREACHABLE', TEXT.keyUnavailable];
}

/** A refusal by our own identity's policies is ours to mend, and must not look like the customer's decision. */
function fromDenial(message: string): Translation {
  return /identity-based polic|session polic|permissions boundar/.test(message)
    ? ['AUTH_FAILED', TEXT.ownPermission]
    : ['PERMISSION_REVOKED', TEXT.denied];
}

/** Thrown by the SDK's parser: there is an answer, but neither a declared error nor a failure of the connection. */
function isUnreadableAnswer(error: SdkError): boolean {
  const answered = error.$metadata?.httpStatusCode !== undefined;
  return answered && error.$fault === undefined && typeof error.code !== 'string';
}
