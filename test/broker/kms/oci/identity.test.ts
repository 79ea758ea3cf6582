import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ociSettings, type OciConfig } from '../../../../broker/kms/oci/config.ts';
import { Identity } from '../../../../broker/kms/oci/identity.ts';
import { OciKmsProvider } from '../../../../broker/kms/oci/provider.ts';
import { readConfig } from '../../../../runtime/config.ts';
import type { PrincipalHandle } from '../../../../sandbox/oci-kms/emulator.ts';
import { agree, ociConfigFor, startOciWorld, type OciWorld } from '../../../support/oci-kms.ts';

const CALL = { timeoutMs: 5_000 };

async function describes(t: ExecutionContext, world: OciWorld, config: Partial<OciConfig>): Promise<void> {
  agree(world);
  const key = world.kms.createKey({ vault: world.customer.vault });
  const provider = new OciKmsProvider({ ...ociConfigFor(world.kms), ...config });
  t.teardown(() => provider.close());
  t.like(await provider.describe(key, CALL), { state: 'ENABLED', usable: true, kind: 'AES 256 HSM' });
}

async function start(t: ExecutionContext): Promise<{ world: OciWorld; user: PrincipalHandle; dir: string }> {
  const world = await startOciWorld();
  t.teardown(() => world.kms.close());
  const { tenancy, group } = world.provider;
  const user = world.kms.createPrincipal({ tenancy, kind: 'user', name: 'broker', groups: [group] });
  const dir = await mkdtemp(join(tmpdir(), 'cmk-oci-'));
  t.teardown(() => rm(dir, { recursive: true }));
  await writeFile(join(dir, 'key.pem'), user.privateKey);
  return { world, user, dir };
}

test('an API key', async (t) => {
  const { world, user, dir } = await start(t);
  await describes(t, world, {
    ociAuth: 'api-key',
    ociApiKeyId: user.keyId,
    ociApiKeyFile: join(dir, 'key.pem'),
  });
});

test('a configuration file', async (t) => {
  const { world, user, dir } = await start(t);
  const [, , fingerprint = ''] = user.keyId.split('/');
  const lines = [
    '[CMK]',
    `user=${user.ocid}`,
    `fingerprint=${fingerprint}`,
    `tenancy=${user.tenancy}`,
    'region=us-ashburn-1',
    `key_file=${join(dir, 'key.pem')}`,
  ];
  await writeFile(join(dir, 'config'), lines.join('\n'));
  await describes(t, world, {
    ociAuth: 'config-file',
    ociConfigFile: join(dir, 'config'),
    ociConfigProfile: 'CMK',
  });
});

test.serial('a resource principal, whose token the platform renews in its files', async (t) => {
  const { world, dir } = await start(t);
  const { tenancy, group } = world.provider;
  const resource = world.kms.createPrincipal({
    tenancy,
    kind: 'instance',
    name: 'function',
    groups: [group],
  });
  await writeFile(join(dir, 'token'), resource.keyId.replace(/^ST\$/, ''));
  await writeFile(join(dir, 'session.pem'), resource.privateKey);
  const given = {
    OCI_RESOURCE_PRINCIPAL_VERSION: '2.2',
    OCI_RESOURCE_PRINCIPAL_RPST: join(dir, 'token'),
    OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM: join(dir, 'session.pem'),
    OCI_RESOURCE_PRINCIPAL_REGION: 'us-ashburn-1',
  };
  Object.assign(process.env, given);
  t.teardown(() => Object.keys(given).forEach((name) => Reflect.deleteProperty(process.env, name)));
  await describes(t, world, { ociAuth: 'resource-principal' });
});

for (const mode of ['resource-principal', 'workload-identity'] as const) {
  test.serial(`${mode} where there is none: AUTH_FAILED, and tried anew the next time`, async (t) => {
    const identity = new Identity({ ...readConfig(ociSettings, {}), ociAuth: mode }, null);
    for (let attempt = 0; attempt < 2; attempt++) {
      await t.throwsAsync(identity.signingKey(), {
        code: 'KMS_AUTH_FAILED',
        message: 'the broker has no OCI credentials',
      });
    }
  });
}

test('a file that is missing: AUTH_FAILED without its path', async (t) => {
  const identity = new Identity(
    {
      ...readConfig(ociSettings, {}),
      ociAuth: 'api-key',
      ociApiKeyId: 'a/b/c',
      ociApiKeyFile: '/nonexistent/key.pem',
    },
    null,
  );
  const error = await t.throwsAsync(identity.signingKey(), { code: 'KMS_AUTH_FAILED' });
  t.false(error.message.includes('nonexistent'));
});

test('calls at once ask once and get name and key that belong together', async (t) => {
  const { user } = await start(t);
  const identity = new Identity(readConfig(ociSettings, {}), user);
  const [one, two] = await Promise.all([identity.signingKey(), identity.signingKey()]);
  t.is(one, two);
  t.is(one.privateKey, (await identity.signingKey()).privateKey, 'parsed once');
});

test('a session token that has run out is refused by the KMS', async (t) => {
  let nowMs = Date.now();
  const world = await startOciWorld({ nowMs: () => nowMs });
  t.teardown(() => world.kms.close());
  agree(world);
  const { tenancy, group } = world.provider;
  const short = world.kms.createPrincipal({
    tenancy,
    kind: 'instance',
    name: 'short',
    groups: [group],
    expiresAtMs: nowMs + 60_000,
  });
  const provider = new OciKmsProvider(ociConfigFor(world.kms), short);
  t.teardown(() => provider.close());
  const key = world.kms.createKey({ vault: world.customer.vault });
  await t.notThrowsAsync(provider.describe(key, CALL));
  nowMs += 60_000;
  await t.throwsAsync(provider.describe(key, CALL), { code: 'KMS_AUTH_FAILED' });
});

test('a broker or KMS whose clock is off: AUTH_FAILED', async (t) => {
  const { world } = await start(t);
  agree(world);
  const key = world.kms.createKey({ vault: world.customer.vault });
  const provider = new OciKmsProvider(ociConfigFor(world.kms), world.broker);
  t.teardown(() => provider.close());
  for (const ms of [-6 * 60_000, 6 * 60_000]) {
    const remove = world.kms.faults.add({ effect: { kind: 'clock-skew', ms } });
    await t.throwsAsync(provider.describe(key, CALL), { code: 'KMS_AUTH_FAILED' });
    remove();
  }
  await t.notThrowsAsync(provider.describe(key, CALL));
});
