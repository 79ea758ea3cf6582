import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import test from 'ava';
import { Identity } from '../../../../broker/kms/oci/identity.ts';
import { OciKmsProvider } from '../../../../broker/kms/oci/provider.ts';
import { parseKeyOcid } from '../../../../broker/kms/oci/reference.ts';
import { Transport } from '../../../../broker/kms/oci/transport.ts';
import { ociSettings } from '../../../../broker/kms/oci/config.ts';
import { readConfig } from '../../../../runtime/config.ts';
import { HOME, agree, ociConfigFor, startOciWorld } from '../../../support/oci-kms.ts';

const CALL = { timeoutMs: 5_000 };
const CONTEXT = { acct: 'acme', id: 'meeting' };
const UNIQUE = 'a'.repeat(60);

test('the name service decides between two addresses, once a region', async (t) => {
  const asked: string[] = [];
  const existing = new Set([
    'vaultvault-crypto.kms.eu-paris-1.oci.oraclecloud.com',
    'vaultvault-management.kms.eu-milan-1.oraclecloud.com',
  ]);
  const resolve = (host: string) => {
    asked.push(host);
    if (existing.has(host)) return Promise.resolve();
    return Promise.reject(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }));
  };
  const config = readConfig(ociSettings, {});
  const transport = new Transport(config, new Identity(config, null), resolve);
  t.teardown(() => transport.close());
  const key = (region: string) => parseKeyOcid(`ocid1.key.oc1.${region}.vaultvault.${UNIQUE}`);

  t.is(
    await transport.baseUrl(key('eu-paris-1'), 'crypto'),
    'https://vaultvault-crypto.kms.eu-paris-1.oci.oraclecloud.com',
  );
  t.is(
    await transport.baseUrl(key('eu-milan-1'), 'management'),
    'https://vaultvault-management.kms.eu-milan-1.oraclecloud.com',
  );
  t.is(
    await transport.baseUrl(key('eu-milan-1'), 'crypto'),
    'https://vaultvault-crypto.kms.eu-milan-1.oraclecloud.com',
  );
  t.is(
    await transport.baseUrl(key('iad'), 'crypto'),
    'https://vaultvault-crypto.kms.us-ashburn-1.oraclecloud.com',
  );
  t.is(asked.length, 3, 'once for Paris, twice for Milan, never for Ashburn');
});

test('a name service that fails is not one that says no', async (t) => {
  const resolve = () => Promise.reject(Object.assign(new Error('try again'), { code: 'EAI_AGAIN' }));
  const config = readConfig(ociSettings, {});
  const transport = new Transport(config, new Identity(config, null), resolve);
  const key = parseKeyOcid(`ocid1.key.oc1.eu-paris-1.vaultvault.${UNIQUE}`);
  await t.throwsAsync(transport.baseUrl(key, 'crypto'), { code: 'EAI_AGAIN' });
});

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
