import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { AzureKmsProvider } from '../../../../broker/kms/azure/provider.ts';
import { KmsError, type KmsCause } from '../../../../broker/kms/provider.ts';
import { startAzureKms, type AzureKms, type Credentials } from '../../../../sandbox/azure-kms/emulator.ts';
import { signJwt } from '../../../../sandbox/azure-kms/jwt.ts';
import {
  CUSTOMER_TENANT,
  PROVIDER_TENANT,
  azureConfigFor,
  brokerApplication,
  rsaKeys,
  withSecret,
} from '../../../support/azure-kms.ts';

const CALL = { timeoutMs: 10_000 };
const CONTEXT = { acct: 'acme' };
const ISSUER = 'https://cluster.test';
const SUBJECT = 'system:serviceaccount:cmk:broker';

interface World {
  readonly kms: AzureKms;
  readonly key: string;
  readonly broker: Credentials & { oid: string };
  readonly cluster: KeyObject;
}

async function start(t: ExecutionContext, nowMs: () => number = Date.now): Promise<World> {
  const kms = await startAzureKms({ makeRsa: rsaKeys(), nowMs });
  t.teardown(() => kms.close());
  const cluster = createPrivateKey(rsaKeys()(2_048).export({ type: 'pkcs8', format: 'pem' }));
  const publicKey = createPublicKey(cluster).export({ type: 'spki', format: 'pem' }).toString();
  const federated = { issuer: ISSUER, subject: SUBJECT, publicKey };
  const application = kms.registerApplication({ tenantId: PROVIDER_TENANT, federated });
  const broker = { ...application, oid: kms.consent(application.clientId, CUSTOMER_TENANT) };
  const vault = kms.createVault({ name: 'acme-keys', tenantId: CUSTOMER_TENANT });
  kms.assignRole(vault, broker.oid);
  return { kms, key: kms.createKey({ vault, name: 'recordings' }), broker, cluster };
}

/** The environment of the one test that runs; the SDK reads it. */
function setEnvironment(t: ExecutionContext, variables: NodeJS.ProcessEnv): void {
  const before = { ...process.env };
  Object.assign(process.env, variables);
  t.teardown(() => {
    for (const name of Object.keys(variables)) {
      if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = before[name];
    }
  });
}

function providerOf(t: ExecutionContext, { kms }: World, settings: NodeJS.ProcessEnv): AzureKmsProvider {
  const provider = new AzureKmsProvider(azureConfigFor(kms, settings));
  t.teardown(() => provider.close());
  return provider;
}

async function causeOf(t: ExecutionContext, call: Promise<unknown>): Promise<KmsCause> {
  return (await t.throwsAsync(call, { instanceOf: KmsError })).kmsCause;
}

function assertion(cluster: KeyObject, changes: object = {}): string {
  const exp = Math.floor(Date.now() / 1_000) + 600;
  return signJwt({ iss: ISSUER, sub: SUBJECT, aud: 'api://AzureADTokenExchange', exp, ...changes }, cluster);
}

test.serial(
  'workload identity: the pod’s token stands for the application, in the customer’s tenant',
  async (t) => {
    const world = await start(t);
    const tokenFile = join(await mkdtemp(join(tmpdir(), 'cmk-azure-')), 'token');
    await writeFile(tokenFile, assertion(world.cluster));
    setEnvironment(t, {
      AZURE_TENANT_ID: PROVIDER_TENANT,
      AZURE_CLIENT_ID: world.broker.clientId,
      AZURE_FEDERATED_TOKEN_FILE: tokenFile,
    });
    const provider = providerOf(t, world, { CMK_AZURE_CREDENTIAL: 'workload-identity' });
    const { wrapped } = await provider.generate(world.key, CONTEXT, CALL);
    await t.notThrowsAsync(provider.unwrap(world.key, wrapped, CONTEXT, CALL));
    t.is(world.kms.events({ operationName: 'KeyWrap' })[0]?.identity.claim?.oid, world.broker.oid);

    await writeFile(tokenFile, assertion(world.cluster, { sub: 'system:serviceaccount:cmk:another' }));
    const another = providerOf(t, world, { CMK_AZURE_CREDENTIAL: 'workload-identity' });
    t.is(await causeOf(t, another.generate(world.key, CONTEXT, CALL)), 'AUTH_FAILED');
  },
);

test.serial('environment: the application’s own secret', async (t) => {
  const world = await start(t);
  const { clientId, clientSecret } = world.broker;
  setEnvironment(t, {
    AZURE_TENANT_ID: PROVIDER_TENANT,
    AZURE_CLIENT_ID: clientId,
    AZURE_CLIENT_SECRET: clientSecret,
  });
  const provider = providerOf(t, world, { CMK_AZURE_CREDENTIAL: 'environment' });
  await t.notThrowsAsync(provider.generate(world.key, CONTEXT, CALL));
});

test.serial('managed identity: the identity stands for the application', async (t) => {
  const world = await start(t);
  const asked: (string | null)[] = [];
  const instance = createServer((request, response) => {
    asked.push(new URL(request.url ?? '', 'http://instance').searchParams.get('resource'));
    const expires_on = Math.floor(Date.now() / 1_000) + 600;
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({ access_token: assertion(world.cluster), expires_on, token_type: 'Bearer' }),
    );
  });
  await new Promise<void>((resolve) => instance.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    instance.closeAllConnections();
    instance.close();
  });
  setEnvironment(t, {
    IDENTITY_ENDPOINT: `http://127.0.0.1:${(instance.address() as AddressInfo).port}/token`,
    IDENTITY_HEADER: 'secret',
  });
  const provider = providerOf(t, world, {
    CMK_AZURE_CREDENTIAL: 'managed-identity',
    CMK_AZURE_APPLICATION: `${PROVIDER_TENANT}/${world.broker.clientId}`,
  });
  await t.notThrowsAsync(provider.generate(world.key, CONTEXT, CALL));
  t.deepEqual(asked, ['api://AzureADTokenExchange']);
});

test.serial(
  'without a credential the cause is the broker’s, and nothing was needed before the first call',
  async (t) => {
    const world = await start(t);
    const provider = providerOf(t, world, {});
    for (const time of [1, 2]) {
      const error = await t.throwsAsync(provider.generate(world.key, CONTEXT, CALL), {
        instanceOf: KmsError,
      });
      t.is(error.kmsCause, 'AUTH_FAILED', `time ${time}`);
      t.is(error.message, 'the broker has no Azure credential');
    }
  },
);

test.serial('a customer who throws the application out has decided so', async (t) => {
  const world = await start(t);
  world.kms.withdrawConsent(world.broker.clientId, CUSTOMER_TENANT);
  const provider = new AzureKmsProvider(azureConfigFor(world.kms), withSecret(world.broker));
  t.teardown(() => provider.close());
  t.is(await causeOf(t, provider.generate(world.key, CONTEXT, CALL)), 'PERMISSION_REVOKED');
});

test.serial('calls at the same time ask for one token', async (t) => {
  const world = await start(t);
  let asked = 0;
  const provider = new AzureKmsProvider(azureConfigFor(world.kms), (options) => {
    const credential = withSecret(world.broker)(options);
    return {
      getToken: async (...given) => {
        asked += 1;
        return (await credential).getToken(...given);
      },
    };
  });
  t.teardown(() => provider.close());
  await Promise.all(Array.from({ length: 20 }, () => provider.generate(world.key, CONTEXT, CALL)));
  t.is(asked, 1);
});

for (const [title, effect, cause] of [
  ['silent', { kind: 'silence' }, 'UNREACHABLE'],
  ['reset', { kind: 'reset', at: 'start' }, 'UNREACHABLE'],
  ['cut short', { kind: 'reset', at: 'mid-body' }, 'UNREACHABLE'],
  ['broken', { kind: 'error', type: 'ServiceUnavailable' }, 'UNREACHABLE'],
  ['throttling', { kind: 'throttle', retryAfterSeconds: 5 }, 'THROTTLED'],
  ['behind a bad gateway', { kind: 'malformed', what: 'bare-502' }, 'UNREACHABLE'],
] as const) {
  test.serial(`Entra is ${title}: ${cause}, in time, and it works again afterwards`, async (t) => {
    const { kms, key } = await start(t);
    const broker = brokerApplication(kms);
    kms.assignRole('acme-keys', broker.oid);
    const provider = new AzureKmsProvider(azureConfigFor(kms), withSecret(broker));
    t.teardown(() => provider.close());
    kms.entraFaults.add({ effect, times: 1 });
    const startedMs = performance.now();
    t.is(await causeOf(t, provider.generate(key, CONTEXT, { timeoutMs: 1_500 })), cause);
    t.true(performance.now() - startedMs < 4_000);
    if (effect.kind === 'silence') return;
    await t.notThrowsAsync(provider.generate(key, CONTEXT, CALL));
  });
}

test.serial('a token that the vault accepts no more is replaced', async (t) => {
  let aheadMs = 0;
  const world = await start(t, () => Date.now() + aheadMs);
  const provider = new AzureKmsProvider(azureConfigFor(world.kms), withSecret(world.broker));
  t.teardown(() => provider.close());
  await provider.generate(world.key, CONTEXT, CALL);
  aheadMs = 2 * 3_600_000;
  t.is(
    await causeOf(t, provider.generate(world.key, CONTEXT, CALL)),
    'AUTH_FAILED',
    'its clock is far ahead of ours',
  );
  aheadMs = 0;
  await t.notThrowsAsync(provider.generate(world.key, CONTEXT, CALL));
});
