import { generateKeyPairSync } from 'node:crypto';
import test from 'ava';
import { awsSettings } from '../../../../broker/kms/aws/config.ts';
import { AwsKmsProvider } from '../../../../broker/kms/aws/provider.ts';
import { azureSettings } from '../../../../broker/kms/azure/config.ts';
import { AzureKmsProvider } from '../../../../broker/kms/azure/provider.ts';
import { ociSettings } from '../../../../broker/kms/oci/config.ts';
import { OciKmsProvider } from '../../../../broker/kms/oci/provider.ts';
import type { KmsProvider } from '../../../../broker/kms/provider.ts';
import { TransitProvider } from '../../../../broker/kms/transit/provider.ts';
import type { ProviderName } from '../../../../broker/model/types.ts';
import { readConfig } from '../../../../runtime/config.ts';
import { tokenFile, transitConfig } from '../../../support/transit.ts';
import { forgetEveryHost } from '../../../support/unknown-hosts.ts';
import {
  failedAs,
  verifyCandidate,
  type Candidate,
  type Expected,
} from '../../../support/verification-table.ts';

forgetEveryHost();

const SIGNING_KEY = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();

interface Row extends Pick<Expected, 'advice'> {
  readonly provider: () => KmsProvider;
  readonly reference: string;
}

const ROWS: Readonly<Partial<Record<ProviderName, Row>>> = {
  // A region by its form, of which no other knows.
  aws: {
    provider: () =>
      new AwsKmsProvider(readConfig(awsSettings, {}), { accessKeyId: 'AKIAX', secretAccessKey: 'x' }),
    reference: 'arn:aws:kms:us-east-9:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    advice: /Check the region in the ARN/,
  },
  azure: {
    provider: () =>
      new AzureKmsProvider(readConfig(azureSettings, {}), () => ({
        getToken: () => Promise.reject(new Error('not reached')),
      })),
    reference: 'https://no-such-vault.vault.azure.net/keys/recordings',
    advice: /Check the vault’s name in the identifier/,
  },
  // A vault has host names in its own region alone.
  oci: {
    provider: () =>
      new OciKmsProvider(readConfig(ociSettings, {}), { keyId: 'a/b/c', privateKey: SIGNING_KEY }),
    reference: `ocid1.key.oc1.phx.nosuchvault12.${'a'.repeat(60)}`,
    advice: /Check the region and the vault in the key’s OCID/,
  },
  transit: {
    provider: () => {
      const login = { method: 'token', tokenPath: tokenFile('token') } as const;
      const server = { origin: 'https://vault.acme.example:8200', namespace: '', ca: null, login };
      return new TransitProvider(transitConfig, { servers: [server] });
    },
    reference: 'https://vault.acme.example:8200/v1/transit/keys/recordings',
    advice: /check the host in CMK_TRANSIT_SERVERS/,
  },
};

for (const [name, { provider: create, reference, advice }] of Object.entries(ROWS)) {
  test(`${name}: the host is unknown`, async (t) => {
    const provider = create();
    t.teardown(() => provider.close());
    const candidate: Candidate = { references: [reference] };
    failedAs(t, await verifyCandidate(name as ProviderName, provider, candidate), candidate, {
      step: 'DESCRIBE',
      cause: 'UNREACHABLE',
      advice,
      detail: /host name does not resolve/,
    });
  });
}
