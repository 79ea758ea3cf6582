import { createKeySetUp } from '../broker/kms/key-set-up.ts';
import { kmsSettings } from '../broker/kms/registry.ts';
import type { SetUpDocument, SetUpFacts } from '../broker/kms/set-up.ts';
import { readConfig } from '../runtime/config.ts';

/** The provider and the customers that the pages in docs/kms tell of. */
const PROVIDER = {
  CMK_AWS_PRINCIPAL: 'arn:aws:iam::444455556666:role/cmk-broker',
  CMK_AZURE_APPLICATION: '99999999-8888-4777-8666-555555555555/33333333-2222-4111-8000-999999999999',
  CMK_OCI_TENANCY: 'ocid1.tenancy.oc1..aaaaprovider',
  CMK_OCI_GROUP: 'ocid1.dynamicgroup.oc1..aaaabroker',
  CMK_OCI_GROUP_NAME: 'cmk-broker',
  CMK_TRANSIT_SUBJECT: 'system:serviceaccount:cmk:broker',
  CMK_TRANSIT_AUDIENCE: 'vault',
};
const AWS = { provider: 'aws', awsAccount: '111122223333', regions: ['us-east-1', 'us-west-2'] } as const;
const AZURE = {
  provider: 'azure',
  key: 'recordings',
  subscription: '11111111-2222-4333-8444-555555555555',
  resourceGroup: 'keys',
  location: 'westeurope',
} as const;
const OCI_KEY = `ocid1.key.oc1.iad.examplevault1.${'a'.repeat(60)}`;
const TRANSIT_URL = 'https://vault.acme.example:8200/v1/transit/keys/recordings';
const EXTERNAL_ID = '0d6f2bd5-6b0e-4c5c-9f0e-1c8f6f0a7b11';

const CUSTOMERS = {
  aws: AWS,
  'aws with a role': { ...AWS, role: { name: 'cmk', externalId: EXTERNAL_ID } },
  azure: { ...AZURE, kind: 'vault', vault: 'acme-keys' },
  'azure managed hsm': { ...AZURE, kind: 'managed-hsm', vault: 'acme-hsm' },
  oci: {
    provider: 'oci',
    tenancy: 'ocid1.tenancy.oc1..aaaacustomer',
    compartment: 'Keys',
    key: OCI_KEY,
  },
  transit: { provider: 'transit', url: TRANSIT_URL, method: 'kubernetes', role: 'cmk-broker' },
  'transit by jwt': { provider: 'transit', url: TRANSIT_URL, method: 'jwt', role: 'cmk-broker' },
  pkcs11: { provider: 'pkcs11', uri: 'pkcs11:token=acme;object=recordings' },
} as const satisfies Record<string, SetUpFacts>;

/** Which of them the pages show; the others differ in little. */
const SHOWN: readonly (readonly [keyof typeof CUSTOMERS, title: string])[] = [
  ['aws', 'Key policy'],
  ['aws', 'AWS CLI: make the key'],
  ['aws', 'AWS CLI: give a key the policy'],
  ['aws', 'Terraform'],
  ['aws', 'Policy of the broker’s role'],
  ['aws with a role', 'Trust policy of the role'],
  ['aws with a role', 'AWS CLI: make the role'],
  ['aws with a role', 'Permissions of the role'],
  ['azure', 'Let the application in'],
  ['azure', 'Let the application in: in the browser'],
  ['azure', 'Vault'],
  ['azure', 'Key'],
  ['azure', 'Role'],
  ['azure', 'Terraform'],
  ['azure managed hsm', 'Managed HSM'],
  ['azure managed hsm', 'Key'],
  ['azure managed hsm', 'Role'],
  ['oci', 'Endorse: statements'],
  ['oci', 'Endorse: OCI CLI'],
  ['oci', 'Admit: statements'],
  ['oci', 'Admit: OCI CLI'],
  ['oci', 'Admit: Terraform'],
  ['transit', 'Engine and key'],
  ['transit', 'Policy'],
  ['transit', 'Policy: command'],
  ['transit', 'Login'],
  ['transit by jwt', 'Login'],
  ['pkcs11', 'Key'],
  ['pkcs11', 'PIN'],
];

/** Documents as pages show them, by the names of the pages' parts. */
export const SET_UP_PARTS: Readonly<Record<string, () => Pick<SetUpDocument, 'language' | 'text'>>> =
  Object.fromEntries(
    SHOWN.map(([customer, title]) => [`${customer}: ${title}`, () => documentOf(customer, title)]),
  );

function documentOf(customer: keyof typeof CUSTOMERS, title: string): SetUpDocument {
  const documents = createKeySetUp(readConfig(kmsSettings, PROVIDER))('acme', CUSTOMERS[customer]);
  const found = documents.find((document) => document.title === title);
  if (!found) throw new Error(`no document ${title} for ${customer}`);
  return found;
}
