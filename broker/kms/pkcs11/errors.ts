import { CmkError } from '../../../core/errors.ts';
import { KmsError, type KmsCause } from '../provider.ts';
import { HsmError, type HsmFailure } from './messages.ts';

type Translation = readonly [KmsCause, string];

const TEXT = {
  pin: 'the HSM does not accept the broker’s PIN',
  disabled: 'the key is not allowed to do this (CKA_ENCRYPT, CKA_DECRYPT)',
  prohibited: 'the HSM prohibits this',
  notFound: 'the token has no such key',
  several: 'the token has several keys of that name; name its id too',
  wrongKind: 'the key cannot wrap data keys: it is of another kind',
  mismatch: 'the HSM refuses the wrapped key under this encryption context',
  busy: 'the HSM has no session or memory left',
  unreachable: 'the HSM could not be reached, or failed',
  noToken: 'no token of that name is there',
  severalTokens: 'several tokens have that name; name its serial too',
  noModule: 'the PKCS#11 library could not be loaded',
  notVerified: 'the HSM’s answer: expected a wrapped key that unwraps to the same, got another',
} as const;

const BY_CODE: Readonly<Record<string, Translation>> = {
  CKR_PIN_INCORRECT: ['AUTH_FAILED', TEXT.pin],
  CKR_PIN_INVALID: ['AUTH_FAILED', TEXT.pin],
  CKR_PIN_LEN_RANGE: ['AUTH_FAILED', TEXT.pin],
  CKR_PIN_EXPIRED: ['AUTH_FAILED', TEXT.pin],
  CKR_PIN_LOCKED: ['AUTH_FAILED', TEXT.pin],
  CKR_USER_PIN_NOT_INITIALIZED: ['AUTH_FAILED', TEXT.pin],
  CKR_USER_TYPE_INVALID: ['AUTH_FAILED', TEXT.pin],

  CKR_ACTION_PROHIBITED: ['PERMISSION_REVOKED', TEXT.prohibited],
  CKR_KEY_FUNCTION_NOT_PERMITTED: ['KEY_DISABLED', TEXT.disabled],

  NO_KEY: ['KEY_NOT_FOUND', TEXT.notFound],
  SEVERAL_KEYS: ['KEY_NOT_FOUND', TEXT.several],
  SEVERAL_TOKENS: ['KEY_NOT_FOUND', TEXT.severalTokens],
  CKR_KEY_HANDLE_INVALID: ['KEY_NOT_FOUND', TEXT.notFound],
  CKR_OBJECT_HANDLE_INVALID: ['KEY_NOT_FOUND', TEXT.notFound],
  CKR_KEY_TYPE_INCONSISTENT: ['KEY_NOT_FOUND', TEXT.wrongKind],
  CKR_KEY_SIZE_RANGE: ['KEY_NOT_FOUND', TEXT.wrongKind],
  CKR_MECHANISM_INVALID: ['KEY_NOT_FOUND', TEXT.wrongKind],
  CKR_MECHANISM_PARAM_INVALID: ['KEY_NOT_FOUND', TEXT.wrongKind],

  NOT_AUTHENTIC: ['CONTEXT_MISMATCH', TEXT.mismatch],
  CKR_ENCRYPTED_DATA_INVALID: ['CONTEXT_MISMATCH', TEXT.mismatch],
  CKR_ENCRYPTED_DATA_LEN_RANGE: ['CONTEXT_MISMATCH', TEXT.mismatch],
  CKR_AEAD_DECRYPT_FAILED: ['CONTEXT_MISMATCH', TEXT.mismatch],

  CKR_SESSION_COUNT: ['THROTTLED', TEXT.busy],
  CKR_DEVICE_MEMORY: ['THROTTLED', TEXT.busy],

  NO_TOKEN: ['UNREACHABLE', TEXT.noToken],
  MODULE_NOT_LOADED: ['UNREACHABLE', TEXT.noModule],
  NOT_VERIFIED: ['INVALID_RESPONSE', TEXT.notVerified],
};

/** Translates a failure of the HSM's library; its code stays in the cause, for the log. */
export function fromFailure(failure: HsmFailure): KmsError {
  const { code, during } = failure;
  const known = Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : undefined;
  // All others are the HSM's own: removed, not initialised, in error, out of order.
  const [cause, text] = known ?? (['UNREACHABLE', TEXT.unreachable] as const);
  return new KmsError(cause, text, { cause: new HsmError(code, during) });
}

/** Whether an error is a token's refusal of its PIN. */
export function isPinRefusal(error: unknown): boolean {
  return error instanceof KmsError && error.kmsCause === 'AUTH_FAILED';
}

export function toKmsError(error: unknown): CmkError {
  if (error instanceof CmkError) return error;
  return new KmsError('UNREACHABLE', TEXT.unreachable, { cause: error });
}
