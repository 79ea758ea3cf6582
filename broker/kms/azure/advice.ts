import type { KmsAdvice } from '../provider.ts';

/** What the broker asks of a vault. */
export type AzureOperation = 'wrap' | 'unwrap' | 'get';

const ROLE = 'Key Vault Crypto Service Encryption User';

/** What to do about each cause, in Azure's words. */
export const AZURE_ADVICE: KmsAdvice = {
  AUTH_FAILED:
    'The operator: mend the credential of the broker’s application (CMK_AZURE_CREDENTIAL); the log has Entra’s own words.',
  PERMISSION_REVOKED: `Assign the role ${ROLE} on the key to the service principal of the broker’s application: az role assignment create. It takes up to ten minutes to work.`,
  KEY_DISABLED:
    'Enable the key, and give it dates that it is within: az keyvault key set-attributes with --enabled true, and --expires or --not-before; or make a new version: az keyvault key rotate.',
  KEY_PENDING_DELETION: 'Recover the key: az keyvault key recover.',
  KEY_NOT_FOUND:
    'Check the vault, the name and the version in the identifier: az keyvault key show prints it as kid. The key must permit wrapKey and unwrapKey: az keyvault key set-attributes --ops wrapKey unwrapKey.',
  CONTEXT_MISMATCH:
    'As a replica, give a key that was restored from a backup of the first one (az keyvault key restore): another key does not open what this one has wrapped.',
  THROTTLED: 'Wait and try again. If it stays, give this key a vault of its own, or fewer bits.',
  UNREACHABLE: 'Try again; see Azure’s status page, and whether the vault still answers you.',
  INVALID_RESPONSE:
    'The operator: look at what is between the broker and the vault, such as CMK_AZURE_CONNECT_TO or a proxy.',
  ACCOUNT_ISSUE:
    'Look after the subscription and the tenant that the vault is in: Entra does not know the tenant any more.',
  WRONG_KIND:
    'Make an RSA key of 2048 bits or more that permits both: az keyvault key create --kty RSA-HSM --size 3072 --ops wrapKey unwrapKey. In a Managed HSM it may also be --kty oct-HSM --size 256.',
  NOT_PROTECTED:
    'Turn on purge protection, and with it soft delete; neither can be turned off again: az keyvault update --enable-purge-protection true (Managed HSM: az keyvault update-hsm).',
};

const ACTIONS = {
  get: ['Microsoft.KeyVault/vaults/keys/read', 'get'],
  wrap: ['Microsoft.KeyVault/vaults/keys/wrap/action', 'wrapKey'],
  unwrap: ['Microsoft.KeyVault/vaults/keys/unwrap/action', 'unwrapKey'],
} as const satisfies Record<AzureOperation, readonly [string, string]>;

/** Where Azure tells more than the cause. */
export const BETTER_ADVICE = {
  role: (operation: AzureOperation) =>
    `Assign the role ${ROLE} on the key to the service principal of the broker’s application (az role assignment create): what it has does not hold ${ACTIONS[operation][0]}. A new assignment takes up to ten minutes to work.`,
  policy: (operation: AzureOperation) =>
    `Add the key permission ${ACTIONS[operation][1]} to the vault’s access policy of the broker’s application: az keyvault set-policy --key-permissions get wrapKey unwrapKey.`,
  firewall: () =>
    'Let the provider’s addresses through the vault’s firewall (Networking): az keyvault network-rule add --ip-address. The broker is not a “trusted service”.',
  noPrincipal: () =>
    'Let the broker’s application into the vault’s tenant: az ad sp create --id CLIENT_ID. If it is there, enable it for sign-in, and let no Conditional Access policy block it.',
  unknownHost: () =>
    'Check the vault’s name in the identifier: there is no such vault, or it was deleted (az keyvault list-deleted). If it is right, the operator: look at the broker’s name service.',
  privateAddress: () =>
    'The vault’s name leads to a private endpoint. The operator: name its network in CMK_AZURE_PRIVATE_NETWORKS if the broker shall use it.',
} as const;
