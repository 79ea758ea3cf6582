import { generateKeyPairSync } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import { awsSettings, parseEndpoints } from '../../../broker/kms/aws/config.ts';
import { AwsKmsProvider } from '../../../broker/kms/aws/provider.ts';
import { azureSettings } from '../../../broker/kms/azure/config.ts';
import { AzureKmsProvider } from '../../../broker/kms/azure/provider.ts';
import { ociSettings } from '../../../broker/kms/oci/config.ts';
import { OciKmsProvider } from '../../../broker/kms/oci/provider.ts';
import { pkcs11Settings } from '../../../broker/kms/pkcs11/config.ts';
import { Pkcs11Provider } from '../../../broker/kms/pkcs11/provider.ts';
import { KmsError, type KmsProvider } from '../../../broker/kms/provider.ts';
import { TransitProvider } from '../../../broker/kms/transit/provider.ts';
import type { ProviderName } from '../../../broker/model/types.ts';
import { CmkError } from '../../../core/errors.ts';
import { readConfig } from '../../../runtime/config.ts';
import { ConnectionTrap } from '../../support/connection-trap.ts';
import { tokenFile, transitConfig } from '../../support/transit.ts';
import {
  HOSTILE_ARNS,
  HOSTILE_KEY_URLS,
  HOSTILE_OCIDS,
  HOSTILE_TRANSIT_URLS,
  TRANSIT_SERVER,
  type Hostile,
} from './hostile-identifiers.ts';
import { HOSTILE_KEY_URIS } from './hostile-key-uris.ts';

const CALL = { timeoutMs: 2_000 };
const AWS_CREDENTIALS = { accessKeyId: 'AKIAEXAMPLEEXAMPLE00', secretAccessKey: 'example' };
/** An address that anybody may have. */
const PUBLIC = '20.53.1.2';

const trap = new ConnectionTrap();
let restore: () => Promise<void>;
test.before(async () => {
  restore = await trap.spring();
});
test.after.always(() => restore());

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const OCI_CREDENTIALS = {
  keyId: 'ocid1.tenancy.oc1..a/ocid1.user.oc1..b/00:00',
  privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
};

interface Row {
  readonly open: () => KmsProvider;
  readonly hostile: Hostile;
  /** What a customer might well give. */
  readonly good: string;
}

const PROVIDERS: Readonly<Record<ProviderName, Row>> = {
  aws: {
    open: () => new AwsKmsProvider(readConfig(awsSettings, {}), AWS_CREDENTIALS),
    hostile: HOSTILE_ARNS,
    good: 'arn:aws:kms:us-east-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab',
  },
  azure: {
    open: () =>
      new AzureKmsProvider(readConfig(azureSettings, {}), () => ({
        getToken: () => Promise.resolve({ token: 'token', expiresOnTimestamp: Date.now() + 3_600_000 }),
      })),
    hostile: HOSTILE_KEY_URLS,
    good: 'https://acme-keys.vault.azure.net/keys/recordings',
  },
  oci: {
    open: () => new OciKmsProvider(readConfig(ociSettings, {}), OCI_CREDENTIALS),
    hostile: HOSTILE_OCIDS,
    good: `ocid1.key.oc1.iad.vaultvault.${'a'.repeat(60)}`,
  },
  transit: {
    open: () => {
      const login = { method: 'token', tokenPath: tokenFile('token') } as const;
      return new TransitProvider(transitConfig, {
        servers: [{ origin: TRANSIT_SERVER, namespace: '', ca: null, login }],
      });
    },
    hostile: HOSTILE_TRANSIT_URLS,
    good: `${TRANSIT_SERVER}/v1/transit/keys/cmk`,
  },
  pkcs11: {
    open: () =>
      new Pkcs11Provider({ ...readConfig(pkcs11Settings, {}), pkcs11ModulePath: '/nowhere/libhsm.so' }),
    hostile: HOSTILE_KEY_URIS,
    good: 'pkcs11:token=acme;object=cmk',
  },
};

for (const [name, { open, hostile, good }] of Object.entries(PROVIDERS)) {
  test.serial(`${name}: 30 hostile identifiers at the least, each another one`, (t) => {
    t.true(hostile.length >= 30);
    t.is(new Set(hostile.map(([, identifier]) => identifier)).size, hostile.length);
    t.is(open().parseReference(good), good);
  });

  for (const [tries, identifier] of hostile) {
    test.serial(`${name}: refused: ${tries}`, async (t) => {
      trap.addresses = [PUBLIC];
      const provider = opened(t, open);
      await nothingLeaves(t, async () => {
        t.throws(() => provider.parseReference(identifier), { code: 'INVALID_ARGUMENT' });
        // Also one that came past the check, e.g. from a database that somebody else wrote into.
        await t.throwsAsync(provider.describe(identifier, CALL), { instanceOf: CmkError });
      });
    });
  }
}

/** What somebody's name server may answer: the broker's own surroundings, in all spellings. */
const NOT_PUBLIC: readonly (readonly string[])[] = [
  ['127.0.0.1'],
  ['127.255.255.254'],
  ['0.0.0.0'],
  ['10.0.0.1'],
  ['172.16.0.1'],
  ['172.31.255.255'],
  ['192.168.0.1'],
  ['100.64.0.1'],
  ['100.100.100.200'],
  ['169.254.169.254'],
  ['169.254.170.2'],
  ['168.63.129.16'],
  ['192.0.0.192'],
  ['192.0.2.1'],
  ['192.88.99.1'],
  ['198.18.0.1'],
  ['198.51.100.1'],
  ['203.0.113.1'],
  ['224.0.0.1'],
  ['240.0.0.1'],
  ['255.255.255.255'],
  ['::'],
  ['::1'],
  ['::ffff:127.0.0.1'],
  ['::ffff:169.254.169.254'],
  ['::ffff:a9fe:a9fe'],
  ['::127.0.0.1'],
  ['64:ff9b::a9fe:a9fe'],
  ['64:ff9b:1::1'],
  ['2001::a9fe:a9fe'],
  ['2001:db8::1'],
  ['2002:a9fe:a9fe::'],
  ['fc00::1'],
  ['fd00:ec2::254'],
  ['fe80::1'],
  ['ff02::1'],
  [PUBLIC, '127.0.0.1'],
  ['169.254.169.254', PUBLIC],
  ['2603:1030::1', '::1'],
];

for (const name of ['aws', 'azure', 'oci'] as const) {
  const { open, good } = PROVIDERS[name];
  for (const addresses of NOT_PUBLIC) {
    test.serial(`${name}: not connected to: a name that leads to ${addresses.join(' and ')}`, async (t) => {
      trap.addresses = addresses;
      const provider = opened(t, open);
      await nothingLeaves(t, async () => {
        const error = await t.throwsAsync(provider.describe(good, CALL), { instanceOf: KmsError });
        t.is(error.kmsCause, 'UNREACHABLE');
        t.regex(error.message, /private address/);
      });
    });
  }

  test.serial(`${name}: the trap catches what goes to a public address`, async (t) => {
    trap.addresses = [PUBLIC];
    await somethingLeaves(t, opened(t, open), good);
  });
}

test.serial('a server or an endpoint that the operator named may be private', async (t) => {
  trap.addresses = ['10.20.0.7'];
  const { transit, aws } = PROVIDERS;
  await somethingLeaves(t, opened(t, transit.open), transit.good);
  const awsEndpoints = parseEndpoints('us-east-1=https://kms.internal.example') ?? null;
  const config = { ...readConfig(awsSettings, {}), awsEndpoints };
  const privateLink = opened(t, () => new AwsKmsProvider(config, AWS_CREDENTIALS));
  await somethingLeaves(t, privateLink, aws.good);
  await nothingLeaves(t, async () => {
    await t.throwsAsync(privateLink.describe(aws.good.replace('us-east-1', 'us-west-2'), CALL), {
      message: /private address/,
    });
  });
});

function opened(t: ExecutionContext, open: () => KmsProvider): KmsProvider {
  const provider = open();
  t.teardown(() => provider.close());
  return provider;
}

async function nothingLeaves(t: ExecutionContext, work: () => Promise<void>): Promise<void> {
  const before = trap.caught;
  await work();
  t.deepEqual(trap.caught, before);
}

async function somethingLeaves(t: ExecutionContext, provider: KmsProvider, good: string): Promise<void> {
  const before = trap.caught;
  await t.throwsAsync(provider.describe(good, CALL), { instanceOf: KmsError });
  t.true(trap.caught.connections > before.connections);
  t.true(trap.caught.bytes > before.bytes);
}
