import { CmkError } from '../../../core/errors.ts';
import { KmsError, type KmsCause } from '../provider.ts';
import { adviceOnDenial, NO_SUCH_HOST_ADVICE, type OciOperation } from './advice.ts';

/** What OCI answers in place of a result. */
export class OciServiceError extends Error {
  override readonly name = 'OciServiceError';
  readonly status: number;
  /** E.g. `NotAuthorizedOrNotFound`; empty where there was none, as from a proxy. */
  readonly code: string;
  readonly requestId: string;
  /** What the answer asked for; null: nothing. */
  readonly retryAfterMs: number | null;

  constructor(
    answer: Pick<OciServiceError, 'status' | 'code' | 'requestId' | 'retryAfterMs'>,
    message: string,
  ) {
    super(message);
    this.status = answer.status;
    this.code = answer.code;
    this.requestId = answer.requestId;
    this.retryAfterMs = answer.retryAfterMs;
  }
}

type Translation = readonly [KmsCause, string];

export const UNREADABLE = 'the KMS’s answer could not be read';

/** Our own words: OCI's texts hold OCIDs, which are the customer's business and nobody's reading. */
const TEXT = {
  throttled: 'the KMS limits the rate of requests',
  credentials: 'the KMS does not accept the broker’s signature',
  denied: 'the KMS has no such key, or the policies do not allow this: it does not say which',
  notFound: 'the KMS has no such key',
  deleted: 'the key was deleted',
  disabled: 'the key is disabled',
  pendingDeletion: 'the key is scheduled for deletion',
  wrongKind: 'the key cannot wrap data keys: it is of another kind',
  keyUnavailable: 'the KMS cannot use the key at the moment',
  mismatch: 'the KMS refuses the wrapped key under this encryption context',
  account: 'the OCI tenancy is not signed up or beyond its limits',
  unreachable: 'the KMS could not be reached',
  unknownHost: 'the vault’s host name does not resolve',
  privateAddress: 'the KMS’s host name leads to a private address',
  failed: 'the KMS failed internally',
  refused: 'the KMS refused the request itself',
} as const;

const BY_CODE: Readonly<Record<string, Translation>> = {
  NotAuthenticated: ['AUTH_FAILED', TEXT.credentials],
  NotAuthorizedOrNotFound: ['PERMISSION_REVOKED', TEXT.denied],
  NotAuthorized: ['PERMISSION_REVOKED', TEXT.denied],
  NotFound: ['KEY_NOT_FOUND', TEXT.notFound],
  TooManyRequests: ['THROTTLED', TEXT.throttled],
  SignUpRequired: ['ACCOUNT_ISSUE', TEXT.account],
  LimitExceeded: ['ACCOUNT_ISSUE', TEXT.account],
  QuotaExceeded: ['ACCOUNT_ISSUE', TEXT.account],
  CannotParseRequest: ['INVALID_RESPONSE', TEXT.refused],
  MissingParameter: ['INVALID_RESPONSE', TEXT.refused],
};

const BY_STATUS: Readonly<Record<number, Translation>> = {
  401: ['AUTH_FAILED', TEXT.credentials],
  402: ['ACCOUNT_ISSUE', TEXT.account],
  403: ['PERMISSION_REVOKED', TEXT.denied],
  404: ['PERMISSION_REVOKED', TEXT.denied],
  429: ['THROTTLED', TEXT.throttled],
};

/** By lifecycle state of the key; states that are not here pass by themselves. */
const BY_STATE: Readonly<Record<string, Translation>> = {
  DISABLED: ['KEY_DISABLED', TEXT.disabled],
  DISABLING: ['KEY_DISABLED', TEXT.disabled],
  PENDING_DELETION: ['KEY_PENDING_DELETION', TEXT.pendingDeletion],
  SCHEDULING_DELETION: ['KEY_PENDING_DELETION', TEXT.pendingDeletion],
  DELETING: ['KEY_NOT_FOUND', TEXT.deleted],
  DELETED: ['KEY_NOT_FOUND', TEXT.deleted],
};

/**
 * Translates whatever a call threw. What OCI said stays as the cause, for the log.
 * @param operation only `unwrap` can be refused because of what is unwrapped
 */
export function toKmsError(error: unknown, operation: OciOperation): CmkError {
  if (error instanceof CmkError) return error;
  if (!(error instanceof OciServiceError)) {
    // Not an answer, or not a whole one: no route, refused, reset, a certificate that does not verify.
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOTFOUND') {
      return new KmsError('UNREACHABLE', TEXT.unknownHost, { cause: error, advice: NO_SUCH_HOST_ADVICE });
    }
    const text = code === 'PRIVATE_ADDRESS' ? TEXT.privateAddress : TEXT.unreachable;
    return new KmsError('UNREACHABLE', text, { cause: error });
  }
  const [cause, text] = translate(error, operation);
  const advice = text === TEXT.denied ? adviceOnDenial(operation) : null;
  return new KmsError(cause, text, { cause: error, retryAfterMs: error.retryAfterMs, advice });
}

/** Whether the key itself tells why OCI refused: its state, or its kind, see {@link keyError}. */
export function isAboutKey(error: unknown, operation: OciOperation): error is OciServiceError {
  if (!(error instanceof OciServiceError)) return false;
  return error.status === 409 || (operation !== 'unwrap' && isBadParameter(error));
}

/** The cause of such a refusal, by what the key turned out to be. */
export function keyError(
  { lifecycleState, algorithm }: { readonly lifecycleState: string; readonly algorithm: string },
  error: OciServiceError,
): KmsError | OciServiceError {
  if (!isBadParameter(error)) return stateError(lifecycleState, error);
  return algorithm === 'AES' ? error : new KmsError('KEY_NOT_FOUND', TEXT.wrongKind, { cause: error });
}

/** The cause of a 409, by the state that the key turned out to be in. */
function stateError(lifecycleState: string, error: OciServiceError): KmsError {
  const known = Object.hasOwn(BY_STATE, lifecycleState) ? BY_STATE[lifecycleState] : undefined;
  const [cause, text] = known ?? ['UNREACHABLE', TEXT.keyUnavailable];
  return new KmsError(cause, text, { cause: error });
}

function isBadParameter({ status, code }: OciServiceError): boolean {
  return status === 400 && code === 'InvalidParameter';
}

/** Of a key that is destroyed, or about to be in a moment. */
export function deleted(): KmsError {
  return new KmsError('KEY_NOT_FOUND', TEXT.deleted);
}

function translate({ status, code }: OciServiceError, operation: OciOperation): Translation {
  if (status >= 500) return ['UNREACHABLE', TEXT.failed];
  const byCode = Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : undefined;
  if (byCode) return byCode;
  if (status === 400 && operation === 'unwrap') return ['CONTEXT_MISMATCH', TEXT.mismatch];
  // Nothing else than a state that the key is in; which one could not be found out.
  if (status === 409) return ['KEY_DISABLED', 'the key’s state does not allow its use'];
  return BY_STATUS[status] ?? ['INVALID_RESPONSE', TEXT.refused];
}
