import { shellCommand, shellWord } from '../quoting.ts';
import type { SetUpDocument } from '../set-up.ts';
import { escapeText, readKeyUri, type KeyUri } from './reference.ts';

export interface Pkcs11SetUpFacts {
  /** PKCS#11 URI of the key that is to be made, e.g. `pkcs11:token=acme;object=recordings`. */
  readonly uri: string;
}

const MODULE = 'MODULE=/usr/lib/vendor/libhsm.so';

/** @throws CmkError INVALID_ARGUMENT */
export function pkcs11SetUp(facts: Pkcs11SetUpFacts): readonly SetUpDocument[] {
  const key = readKeyUri(facts.uri.trim());
  return [
    {
      title: 'Key',
      who: 'CUSTOMER',
      language: 'sh',
      text: keyCommand(key),
      note: `${MODULE} stands for the vendor’s library. The command asks for the PIN. Whatever makes the key, these are the attributes that it must have: CKA_CLASS CKO_SECRET_KEY, CKA_KEY_TYPE CKK_AES, CKA_VALUE_LEN 32; CKA_TOKEN, CKA_PRIVATE, CKA_SENSITIVE, CKA_ENCRYPT and CKA_DECRYPT true; CKA_EXTRACTABLE, CKA_WRAP, CKA_UNWRAP, CKA_SIGN and CKA_VERIFY false. The token must have CKM_AES_GCM.`,
    },
    {
      title: 'PIN',
      who: 'PROVIDER',
      language: 'sh',
      text: pinCommand(key),
      note: 'In the folder that CMK_PKCS11_PINS names. The customer gives the PIN of a user for the broker alone.',
    },
  ];
}

function keyCommand({ token, object, id }: KeyUri): string {
  return shellCommand(
    `${MODULE}\npkcs11-tool --module "$MODULE" --token-label ${shellWord(token)} --login`,
    [
      '--keygen --key-type AES:32 --sensitive --usage-decrypt',
      ...(object === null ? [] : [`--label ${shellWord(object)}`]),
      ...(id === null ? [] : [`--id ${shellWord(id)}`]),
    ].join(' '),
  );
}

function pinCommand({ token }: KeyUri): string {
  const file = shellWord(escapeText(token));
  return `(umask 077 && IFS= read -r PIN && printf %s "$PIN" >"$CMK_PKCS11_PINS"/${file})`;
}
