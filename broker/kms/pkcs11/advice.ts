import type { KmsAdvice } from '../provider.ts';

/** What to do about each cause, in PKCS#11's words. */
export const PKCS11_ADVICE: KmsAdvice = {
  AUTH_FAILED:
    'The operator: unlock the token, then write its PIN’s file in CMK_PKCS11_PINS anew; a PIN that was refused is not tried again before.',
  PERMISSION_REVOKED: 'Let the user of the broker’s PIN use the key.',
  KEY_DISABLED: 'Set the key’s CKA_ENCRYPT and CKA_DECRYPT to true.',
  KEY_PENDING_DELETION: 'Nothing: an HSM destroys at once.',
  KEY_NOT_FOUND:
    'Check the URI: it must name exactly one secret key. Name id beside object, or serial beside token, where two have one label.',
  CONTEXT_MISMATCH:
    'As a replica, give a clone of the key (the vendor’s backup and restore): another key does not open what this one has wrapped.',
  THROTTLED:
    'The operator: lower CMK_PKCS11_PROCESSES to the sessions that the HSM has, or get a bigger one.',
  UNREACHABLE:
    'The operator: check CMK_PKCS11_MODULE and the vendor’s own settings and log, the token’s name, network and power.',
  INVALID_RESPONSE:
    'The HSM chooses its own IVs, as in FIPS mode, or is between the broker and something that changes answers. It is not supported so.',
  ACCOUNT_ISSUE: 'Nothing: that is for clouds.',
  WRONG_KIND:
    'Make an AES key of 256 bits that never leaves the HSM, on a token with CKM_AES_GCM: pkcs11-tool --keygen --key-type AES:32 --sensitive; CKA_EXTRACTABLE must be false.',
  NOT_PROTECTED: 'Nothing: PKCS#11 knows no protection against deletion. Keep a backup.',
};
