import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import type { lookup } from 'node:dns';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { toKmsError } from '../../../../broker/kms/oci/errors.ts';
import { Identity } from '../../../../broker/kms/oci/identity.ts';
import { OciKmsProvider } from '../../../../broker/kms/oci/provider.ts';
import { parseKeyOcid } from '../../../../broker/kms/oci/reference.ts';
import { Transport } from '../../../../broker/kms/oci/transport.ts';
import { ociSettings } from '../../../../broker/kms/oci/config.ts';
import { readConfig } from '../../../../runtime/config.ts';
import { createTestCa } from '../../../../sandbox/ca.ts';
import { LoopbackServer } from '../../../../sandbox/emulation/loopback-server.ts';
import type { CryptoEvent } from '../../../../sandbox/oci-kms/audit.ts';
import { HOME, agree, ociConfigFor, startOciWorld } from '../../../support/oci-kms.ts';

const CALL = { timeoutMs: 5_000 };
const CONTEXT = { acct: 'acme', id: 'meeting' };
const UNIQUE = 'a'.repeat(60);

/** A name service that knows some names, or fails at every one. */
function names(known: Readonly<Record<string, string>>, code = 'ENOTFOUND') {
  const asked: string[] = [];
  const resolve = (
    host: string,
    _options: object,
    callback: (error: Error | null, addresses: object[]) => void,
  ) => {
    asked.push(host);
    const address = known[host];
    if (address !== undefined) callback(null, [{ address, family: 4 }]);
    else callback(Object.assign(new Error('no such name'), { code }), []);
  };
  return { asked, resolve: resolve as unknown as typeof lookup };
}

function open(t: ExecutionContext, resolve: typeof lookup): Transport {
  const config = readConfig(ociSettings, {});
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const transport = new Transport(config, new Identity(config, { keyId: 'a/b/c', privateKey: pem }), resolve);
  t.teardown(() => transport.close());
  return transport;
}

const keyIn = (region: string) => parseKeyOcid(`ocid1.key.oc1.${region}.vaultvault.${UNIQUE}`);

test('the name service decides between two addresses, once a region', async (t) => {
  const paris = 'vaultvault-crypto.kms.eu-paris-1.oci.oraclecloud.com';
  const milan = 'vaultvault-management.kms.eu-milan-1.oraclecloud.com';
  const { asked, resolve } = names({ [paris]: '192.0.2.1', [milan]: '192.0.2.2' });
  const transport = open(t, resolve);
  t.is(await transport.baseUrl(keyIn('eu-paris-1'), 'crypto'), `https://${paris}`);
  t.is(await transport.baseUrl(keyIn('eu-milan-1'), 'management'), `https://${milan}`);
  t.is(
    await transport.baseUrl(keyIn('eu-milan-1'), 'crypto'),
    'https://vaultvault-crypto.kms.eu-milan-1.oraclecloud.com',
  );
  t.is(
    await transport.baseUrl(keyIn('iad'), 'crypto'),
    'https://vaultvault-crypto.kms.us-ashburn-1.oraclecloud.com',
  );
  t.is(asked.length, 3, 'once for Paris, twice for Milan, never for Ashburn');
});

test('a name service that fails is not one that says no', async (t) => {
  const transport = open(t, names({}, 'EAI_AGAIN').resolve);
  await t.throwsAsync(transport.baseUrl(keyIn('eu-paris-1'), 'crypto'), { code: 'EAI_AGAIN' });
});

for (const address of ['169.254.169.254', '127.0.0.1', '10.1.2.3']) {
  test(`a vault’s name that leads to ${address} is not connected to`, async (t) => {
    const host = 'vaultvault-crypto.kms.us-ashburn-1.oraclecloud.com';
    const transport = open(t, names({ [host]: address }).resolve);
    const client = transport.client(AbortSignal.timeout(5_000));
    const request = {
      method: 'GET' as const,
      uri: `https://${host}/20180608/keys/x`,
      headers: new Headers(),
    };
    const error = await t.throwsAsync((await client.send(request)).json(), { code: 'PRIVATE_ADDRESS' });
    t.is(toKmsError(error, 'describe').message, 'the KMS’s host name leads to a private address');
  });
}

test.serial('a failure is tried once, and nothing of it is printed past the logger', async (t) => {
  const world = await startOciWorld();
  t.teardown(() => world.kms.close());
  agree(world);
  const key = world.kms.createKey({ vault: world.customer.vault });
  const provider = new OciKmsProvider(ociConfigFor(world.kms), world.broker);
  t.teardown(() => provider.close());
  const printed: unknown[] = [];
  const { warn, log, error } = console;
  Object.assign(console, {
    warn: (...args: unknown[]) => printed.push(args),
    log: (...args: unknown[]) => printed.push(args),
    error: (...args: unknown[]) => printed.push(args),
  });
  try {
    for (const type of [
      'InternalServerError',
      'TooManyRequests',
      'IncorrectState',
      'NotAuthenticated',
    ] as const) {
      const remove = world.kms.faults.add({
        effect: { kind: 'error', type },
        operation: 'GenerateDataEncryptionKey',
      });
      const before = world.kms.events({ key, eventName: 'GenerateDataEncryptionKey' }).length;
      await t.throwsAsync(provider.generate(key, CONTEXT, CALL));
      t.is(world.kms.events({ key, eventName: 'GenerateDataEncryptionKey' }).length, before + 1, type);
      remove();
    }
  } finally {
    Object.assign(console, { warn, log, error });
  }
  t.deepEqual(printed, []);
});

test('an answer from under a certificate that is not the vault’s is not waited for', async (t) => {
  const { certPem, keyPem } = await (await createTestCa()).issue({ uriSans: [] });
  const impostor = new LoopbackServer(() => t.fail('a request was sent'), {
    port: 0,
    tls: { certPem, keyPem },
  });
  await impostor.start();
  t.teardown(() => impostor.stop());
  const config = { ...readConfig(ociSettings, {}), ociEndpoint: impostor.url };
  const provider = new OciKmsProvider(config, { keyId: 'a/b/c', privateKey: keyPem });
  t.teardown(() => provider.close());
  const error = await t.throwsAsync(provider.describe(keyIn('iad').ocid, CALL), { code: 'KMS_UNREACHABLE' });
  t.regex(String((error.cause as NodeJS.ErrnoException).code), /VERIFY|CERT/);
});

test('every use of a key carries the context into the customer’s log', async (t) => {
  const world = await startOciWorld();
  t.teardown(() => world.kms.close());
  agree(world);
  const key = world.kms.createKey({ vault: world.customer.vault });
  const provider = new OciKmsProvider(ociConfigFor(world.kms), world.broker);
  t.teardown(() => provider.close());
  const { dataKey, wrapped } = await provider.generate(key, CONTEXT, CALL);
  await provider.wrap(key, dataKey, CONTEXT, CALL);
  await provider.unwrap(key, wrapped, CONTEXT, CALL);
  const uses = world.kms.events({ key }) as CryptoEvent[];
  t.deepEqual(
    uses.map(({ logContent: { data } }) => [data.requestAction, data.principalId, data.loggingContext]),
    ['GENERATEDEK', 'ENCRYPT', 'DECRYPT'].map((action) => [action, world.broker.ocid, CONTEXT]),
  );
});

test('a redirect is not followed, and what is asked after waiting is told', async (t) => {
  const world = await startOciWorld();
  t.teardown(() => world.kms.close());
  agree(world);
  const key = world.kms.createKey({ vault: world.customer.vault });
  const provider = new OciKmsProvider(ociConfigFor(world.kms), world.broker);
  t.teardown(() => provider.close());
  const remove = world.kms.faults.add({ effect: { kind: 'malformed', what: 'redirect' } });
  await t.throwsAsync(provider.describe(key, CALL), { code: 'KMS_INVALID_RESPONSE' });
  remove();
  world.kms.faults.add({ effect: { kind: 'throttle', retryAfterSeconds: 3 }, region: HOME });
  const error = await t.throwsAsync(provider.generate(key, CONTEXT, CALL), { code: 'KMS_THROTTLED' });
  t.is((error as { retryAfterMs?: number }).retryAfterMs, 3_000);
});

test('a context of 4096 characters is refused before anything is sent', async (t) => {
  const provider = new OciKmsProvider(readConfig(ociSettings, {}));
  const key = `ocid1.key.oc1.iad.vaultvault.${UNIQUE}`;
  const context = { id: 'x'.repeat(4_096 - JSON.stringify({ id: '' }).length) };
  for (const call of [
    provider.generate(key, context, CALL),
    provider.unwrap(key, Buffer.from('blob'), context, CALL),
  ]) {
    await t.throwsAsync(call, { code: 'INVALID_ARGUMENT', message: /fewer than 4096 characters, got 4096/ });
  }
});

test('a broker whose customers keep no key in OCI does not load the SDK', async (t) => {
  const program = `
    import { createRequire } from 'node:module';
    import { kmsSettings, createProviders } from './broker/kms/registry.ts';
    import { readConfig } from './runtime/config.ts';
    const providers = createProviders(readConfig(kmsSettings, {}));
    providers.oci.parseReference('ocid1.key.oc1.iad.vaultvault.${UNIQUE}');
    const { cache } = createRequire(import.meta.url);
    const count = () => Object.keys(cache).filter((file) => /oci-(common|keymanagement)/.test(file)).length;
    const before = count();
    await import('oci-keymanagement');
    console.log(JSON.stringify([before, count() > 100]));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]);
  t.deepEqual(JSON.parse(stdout), [0, true]);
});
