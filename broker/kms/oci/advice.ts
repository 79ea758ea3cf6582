import type { KmsAdvice } from '../provider.ts';

/** What the broker asks of a vault. */
export type OciOperation = 'generate' | 'wrap' | 'unwrap' | 'describe';

/** What to do about each cause, in OCI's words. */
export const OCI_ADVICE: KmsAdvice = {
  AUTH_FAILED:
    'The operator: check CMK_OCI_AUTH, the API key or the instance’s dynamic group, and that the broker’s clock is right to five minutes.',
  PERMISSION_REVOKED:
    'OCI does not tell a key that is not there from one that may not be used. Check the key’s OCID, then both policies: Endorse … to use keys in the provider’s tenancy, Admit … to use keys in yours.',
  KEY_DISABLED: 'Enable the key: oci kms management key enable.',
  KEY_PENDING_DELETION: 'Cancel the deletion: oci kms management key cancel-deletion.',
  KEY_NOT_FOUND:
    'Enrol another key: this one is deleted, and what it wrapped is lost. Or check the OCID, on the key’s page in the console.',
  CONTEXT_MISMATCH:
    'As a replica, give a key that holds the same material: another key does not open what this one has wrapped.',
  THROTTLED: 'Wait and try again. If it stays, ask Oracle for more.',
  UNREACHABLE: 'Try again; see OCI’s status page, and whether the key is being backed up, restored or moved.',
  INVALID_RESPONSE:
    'The operator: look at what is between the broker and the vault, such as CMK_OCI_KMS_ENDPOINT or a proxy; report it to Oracle with the opc-request-id in the log.',
  ACCOUNT_ISSUE: 'Look after the tenancy’s subscription, limits and quotas.',
  WRONG_KIND:
    'Make an AES key of 256 bits, which cannot be changed later: oci kms management key create --key-shape \'{"algorithm": "AES", "length": 32}\' --protection-mode HSM.',
  NOT_PROTECTED: 'Nothing: OCI always waits 7 days or longer before it deletes a key.',
};

/** For a vault that is not in the region that the OCID names. */
export const NO_SUCH_HOST_ADVICE =
  'Check the region and the vault in the key’s OCID: no such vault is there. Copy it from the key’s page in the console. If it is right, the operator: look at the broker’s name service.';

const NEEDED = {
  describe: ['KEY_READ', 'GetKey'],
  generate: ['KEY_ENCRYPT', 'GenerateDataEncryptionKey'],
  wrap: ['KEY_ENCRYPT', 'Encrypt'],
  unwrap: ['KEY_DECRYPT', 'Decrypt'],
} as const satisfies Record<OciOperation, readonly [string, string]>;

export function adviceOnDenial(operation: OciOperation): string {
  const [permission, request] = NEEDED[operation];
  return `Both policies must allow ${permission} for ${request}, as “use keys” does: Endorse in the provider’s tenancy, Admit in yours, with no condition that leaves it out. First check the key’s OCID and its region: OCI does not tell a key that is not there from one that may not be used.`;
}
