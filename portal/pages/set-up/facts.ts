import type { ProviderName } from '../../api/types.ts';
import type { Texts } from '../../texts/en.ts';

/** Facts about a customer's key, as `GET …/key-set-up` takes them: each has a label. */
export type FactName = keyof Texts['setUp']['fact'];

export interface Fact {
  readonly name: FactName;
  readonly optional?: boolean;
  readonly options?: readonly string[];
  readonly example?: string;
}

export const FACTS: Readonly<Record<ProviderName, readonly Fact[]>> = {
  aws: [
    { name: 'awsAccount', example: '111122223333' },
    { name: 'regions', example: 'eu-central-1, eu-west-1' },
    { name: 'keyId', optional: true, example: 'mrk-…' },
    { name: 'roleName', optional: true, example: 'cmk-broker' },
  ],
  azure: [
    { name: 'kind', options: ['vault', 'managed-hsm'] },
    { name: 'vault', example: 'acme-keys' },
    { name: 'key', example: 'recordings' },
    { name: 'subscription', example: '00000000-0000-0000-0000-000000000000' },
    { name: 'resourceGroup', example: 'security' },
    { name: 'location', example: 'westeurope' },
  ],
  oci: [
    { name: 'tenancy', example: 'ocid1.tenancy.oc1..…' },
    { name: 'compartment', example: 'ocid1.compartment.oc1..…' },
    { name: 'key', example: 'ocid1.key.oc1.…' },
  ],
  transit: [
    { name: 'url', example: 'https://vault.acme.example:8200/v1/transit/keys/recordings' },
    { name: 'method', options: ['kubernetes', 'jwt', 'token'] },
    { name: 'role', example: 'cmk-broker' },
    { name: 'namespace', optional: true },
    { name: 'loginMount', optional: true },
  ],
  pkcs11: [{ name: 'uri', example: 'pkcs11:token=acme;object=recordings' }],
};
