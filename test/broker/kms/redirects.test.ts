import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClientSecretCredential } from '@azure/identity';
import test, { type ExecutionContext } from 'ava';
import { awsSettings, parseEndpoints } from '../../../broker/kms/aws/config.ts';
import { AwsKmsProvider } from '../../../broker/kms/aws/provider.ts';
import { azureSettings } from '../../../broker/kms/azure/config.ts';
import { AzureKmsProvider } from '../../../broker/kms/azure/provider.ts';
import { ociSettings } from '../../../broker/kms/oci/config.ts';
import { OciKmsProvider } from '../../../broker/kms/oci/provider.ts';
import { KmsError, type KmsCause, type KmsProvider } from '../../../broker/kms/provider.ts';
import { TransitProvider } from '../../../broker/kms/transit/provider.ts';
import type { Login } from '../../../broker/kms/transit/servers.ts';
import { readConfig } from '../../../runtime/config.ts';
import { createTestCa } from '../../../sandbox/ca.ts';
import { LoopbackServer } from '../../../sandbox/emulation/loopback-server.ts';
import { PROVIDER_TENANT } from '../../support/azure-kms.ts';
import { kubernetesLogin, tokenFile, transitConfig } from '../../support/transit.ts';

const CALL = { timeoutMs: 5_000 };
const CONTEXT = { acct: 'acme' };
const STATUSES = [301, 302, 303, 307, 308] as const;
const VAULT = 'acme-keys.vault.azure.net';
const LOGIN = 'login.microsoftonline.com';
const CHALLENGE = `Bearer authorization="https://${LOGIN}/${PROVIDER_TENANT}", resource="https://vault.azure.net"`;
const ca = await createTestCa();

/** A server that answers `status` and sends whoever asks to another one. */
interface Redirecting {
  readonly url: string;
  /** Host and path of each request. */
  readonly asked: string[];
}

type Open = (server: Redirecting) => KmsProvider;

const AWS: Open = ({ url }) => {
  const awsEndpoints = parseEndpoints(`us-east-1=${url}`) ?? null;
  const credentials = { accessKeyId: 'AKIAEXAMPLEEXAMPLE00', secretAccessKey: 'example' };
  return new AwsKmsProvider({ ...readConfig(awsSettings, {}), awsEndpoints }, credentials);
};

const OCI: Open = ({ url }) => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return new OciKmsProvider(
    { ...readConfig(ociSettings, {}), ociEndpoint: url },
    {
      keyId: 'ocid1.tenancy.oc1..a/ocid1.user.oc1..b/00:00',
      privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    },
  );
};

const AZURE: Open = ({ url }) => {
  const azureCaPath = join(mkdtempSync(join(tmpdir(), 'cmk-redirects-')), 'ca.pem');
  writeFileSync(azureCaPath, ca.caPem);
  const config = { ...readConfig(azureSettings, {}), azureCaPath, azureConnectTo: new URL(url).host };
  const application = '00000000-0000-4000-8000-000000000000';
  return new AzureKmsProvider(
    config,
    (options) => new ClientSecretCredential(PROVIDER_TENANT, application, 'secret', options),
  );
};

const transit =
  (login: Login): Open =>
  ({ url }) =>
    new TransitProvider(transitConfig, { servers: [{ origin: url, namespace: '', ca: null, login }] });

type Row = readonly [
  name: string,
  open: Open,
  reference: (server: Redirecting) => string,
  redirects: RegExp,
  cause: KmsCause,
];

const rows: readonly Row[] = [
  [
    'aws',
    AWS,
    () => 'arn:aws:kms:us-east-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab',
    /./,
    'INVALID_RESPONSE',
  ],
  ['azure’s vault', AZURE, () => `https://${VAULT}/keys/recordings`, new RegExp(VAULT), 'INVALID_RESPONSE'],
  ['azure’s Entra', AZURE, () => `https://${VAULT}/keys/recordings`, new RegExp(LOGIN), 'AUTH_FAILED'],
  ['oci', OCI, () => `ocid1.key.oc1.iad.vaultvault.${'a'.repeat(60)}`, /./, 'INVALID_RESPONSE'],
  // A server on standby redirects to the active one; the operator names one address for all.
  [
    'transit',
    transit({ method: 'token', tokenPath: tokenFile('token') }),
    ({ url }) => `${url}/v1/transit/keys/cmk`,
    /./,
    'UNREACHABLE',
  ],
  [
    'transit’s login',
    transit(kubernetesLogin(tokenFile('token'))),
    ({ url }) => `${url}/v1/transit/keys/cmk`,
    /login/,
    'UNREACHABLE',
  ],
];

for (const [name, open, referenceAt, redirects, cause] of rows) {
  for (const status of STATUSES) {
    test.serial(`${name}: ${status} is not followed`, async (t) => {
      const elsewhere = await countingServer(t);
      const server = await redirecting(t, {
        status,
        to: elsewhere.url,
        redirects,
        tls: name.startsWith('azure'),
      });
      const provider = open(server);
      t.teardown(() => provider.close());
      const reference = referenceAt(server);
      for (const call of [
        () => provider.generate(reference, CONTEXT, CALL),
        () => provider.describe(reference, CALL),
      ]) {
        const before = server.asked.length;
        const error = await t.throwsAsync(call(), { instanceOf: KmsError });
        t.is(error.kmsCause, cause);
        const redirected = server.asked.slice(before).filter((each) => redirects.test(each));
        t.is(redirected.length, 1, 'what was redirected is asked once');
        t.false(server.asked.some((each) => each.includes('/elsewhere')));
      }
      t.is(elsewhere.connections(), 0);
    });
  }
}

/** Azure's connections all lead to one server, so that a redirect that is followed would show by its path. */
async function redirecting(
  t: ExecutionContext,
  { status, to, redirects, tls }: { status: number; to: string; redirects: RegExp; tls: boolean },
): Promise<Redirecting> {
  const asked: string[] = [];
  const leaf = tls ? await ca.issue({ dnsSans: [VAULT, LOGIN] }) : undefined;
  const server = new LoopbackServer(
    (request, response) => {
      const what = `${request.headers.host ?? ''}${request.url ?? ''}`;
      asked.push(what);
      request.resume();
      if (redirects.test(what)) response.writeHead(status, { location: `${to}/elsewhere` }).end();
      else response.writeHead(401, { 'www-authenticate': CHALLENGE }).end();
    },
    { port: 0, tls: leaf },
  );
  await server.start();
  t.teardown(() => server.stop());
  return { url: server.url, asked };
}

async function countingServer(t: ExecutionContext): Promise<{ url: string; connections: () => number }> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  t.teardown(() => server.close());
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => connections,
  };
}
