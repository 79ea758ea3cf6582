import { integer, path, type Config } from '../../../runtime/config.ts';

/** Settings of the PKCS#11 provider. Without a module it is off. */
export const pkcs11Settings = {
  pkcs11ModulePath: path({
    name: 'CMK_PKCS11_MODULE',
    doc: 'The HSM vendor’s PKCS#11 library. Unset: no keys in HSMs.',
    default: null,
  }),
  pkcs11PinFolder: path({
    name: 'CMK_PKCS11_PINS',
    doc: 'A folder with the PIN of each token in a file that is named as the token in its PKCS#11 URI.',
    default: null,
  }),
  pkcs11Processes: integer({
    name: 'CMK_PKCS11_PROCESSES',
    doc: 'Processes that load the PKCS#11 library, and with that its calls at a time; each holds one session a token.',
    default: '4',
    min: 1,
    max: 64,
  }),
} as const;

export type Pkcs11Config = Config<typeof pkcs11Settings>;
