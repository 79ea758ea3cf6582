import test from 'ava';
import { fromFailure, isPinRefusal } from '../../../../broker/kms/pkcs11/errors.ts';
import { OWN_FAILURES } from '../../../../broker/kms/pkcs11/messages.ts';
import type { KmsCause } from '../../../../broker/kms/provider.ts';

const CAUSES: Readonly<Record<string, KmsCause>> = {
  CKR_PIN_INCORRECT: 'AUTH_FAILED',
  CKR_PIN_INVALID: 'AUTH_FAILED',
  CKR_PIN_LEN_RANGE: 'AUTH_FAILED',
  CKR_PIN_EXPIRED: 'AUTH_FAILED',
  CKR_PIN_LOCKED: 'AUTH_FAILED',
  CKR_USER_PIN_NOT_INITIALIZED: 'AUTH_FAILED',
  CKR_USER_TYPE_INVALID: 'AUTH_FAILED',
  CKR_ACTION_PROHIBITED: 'PERMISSION_REVOKED',
  CKR_KEY_FUNCTION_NOT_PERMITTED: 'KEY_DISABLED',
  CKR_KEY_HANDLE_INVALID: 'KEY_NOT_FOUND',
  CKR_OBJECT_HANDLE_INVALID: 'KEY_NOT_FOUND',
  CKR_KEY_TYPE_INCONSISTENT: 'KEY_NOT_FOUND',
  CKR_KEY_SIZE_RANGE: 'KEY_NOT_FOUND',
  CKR_MECHANISM_INVALID: 'KEY_NOT_FOUND',
  CKR_MECHANISM_PARAM_INVALID: 'KEY_NOT_FOUND',
  CKR_ENCRYPTED_DATA_INVALID: 'CONTEXT_MISMATCH',
  CKR_ENCRYPTED_DATA_LEN_RANGE: 'CONTEXT_MISMATCH',
  CKR_AEAD_DECRYPT_FAILED: 'CONTEXT_MISMATCH',
  CKR_SESSION_COUNT: 'THROTTLED',
  CKR_DEVICE_MEMORY: 'THROTTLED',
  CKR_HOST_MEMORY: 'UNREACHABLE',
  CKR_DEVICE_ERROR: 'UNREACHABLE',
  CKR_DEVICE_REMOVED: 'UNREACHABLE',
  CKR_TOKEN_NOT_PRESENT: 'UNREACHABLE',
  CKR_TOKEN_NOT_RECOGNIZED: 'UNREACHABLE',
  CKR_SESSION_HANDLE_INVALID: 'UNREACHABLE',
  CKR_SESSION_CLOSED: 'UNREACHABLE',
  CKR_USER_NOT_LOGGED_IN: 'UNREACHABLE',
  CKR_CRYPTOKI_NOT_INITIALIZED: 'UNREACHABLE',
  CKR_FUNCTION_FAILED: 'UNREACHABLE',
  CKR_GENERAL_ERROR: 'UNREACHABLE',
  CKR_VENDOR_DEFINED: 'UNREACHABLE',
  MODULE_NOT_LOADED: 'UNREACHABLE',
  NO_TOKEN: 'UNREACHABLE',
  SEVERAL_TOKENS: 'KEY_NOT_FOUND',
  NO_KEY: 'KEY_NOT_FOUND',
  SEVERAL_KEYS: 'KEY_NOT_FOUND',
  NOT_VERIFIED: 'INVALID_RESPONSE',
  NOT_AUTHENTIC: 'CONTEXT_MISMATCH',
};

for (const [code, cause] of [...Object.entries(CAUSES), ['constructor', 'UNREACHABLE'] as const]) {
  test(`${code}: ${cause}`, (t) => {
    const error = fromFailure({ code, during: 'C_Decrypt' });
    t.is(error.kmsCause, cause);
    t.regex((error.cause as Error).message, new RegExp(code), 'the code is in the log');
    t.notRegex(error.message, /CKR_/);
    t.is(isPinRefusal(error), cause === 'AUTH_FAILED');
  });
}

test('every failure of our own is among them', (t) => {
  for (const code of Object.values(OWN_FAILURES)) t.true(code in CAUSES, code);
});
