import type { FaultColumnSpec } from '../contracts/kms-fault-recorder.ts';

/** What PKCS#11 cannot do, whichever HSM stands behind it. */
export const PKCS11_FAULTS: FaultColumnSpec = {
  column: 'PKCS#11',
  cannotHappen: {
    'reset in the answer': 'no-connection',
    'bad gateway': 'no-connection',
    'garbled answer': 'no-connection',
    'throttled with Retry-After': 'no-session',
    'clock skew': 'no-clock',
    'permission taken away': 'no-permissions',
    'permission taken away for one context': 'no-permissions',
    'key pending deletion': 'deleted-at-once',
  },
  notes: { 'refused connection': 'no-token', reset: 'library-crash', throttled: 'no-session' },
};
