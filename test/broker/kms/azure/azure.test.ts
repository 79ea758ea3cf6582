import test, { type ExecutionContext } from 'ava';
import { parseBlob } from '../../../../broker/kms/azure/blob.ts';
import { AzureKmsProvider } from '../../../../broker/kms/azure/provider.ts';
import { KmsError, type KmsCause } from '../../../../broker/kms/provider.ts';
import { startAzureKms, type AzureKms } from '../../../../sandbox/azure-kms/emulator.ts';
import type { Fault } from '../../../../sandbox/azure-kms/faults.ts';
import type { VaultSpec } from '../../../../sandbox/azure-kms/vault-store.ts';
import {
  CUSTOMER_TENANT,
  azureConfigFor,
  brokerApplication,
  rsaKeys,
  withSecret,
} from '../../../support/azure-kms.ts';

const CALL = { timeoutMs: 10_000 };
const CONTEXT = { acct: 'acme', id: 'meeting-1' };

interface World {
  readonly kms: AzureKms;
  readonly provider: AzureKmsProvider;
  readonly vault: string;
  readonly oid: string;
}

async function start(t: ExecutionContext, spec: Partial<VaultSpec> = {}): Promise<World> {
  const kms = await startAzureKms({ makeRsa: rsaKeys() });
  t.teardown(() => kms.close());
  const broker = brokerApplication(kms);
  const vault = kms.createVault({ name: 'acme-keys', tenantId: CUSTOMER_TENANT, ...spec });
  kms.assignRole(vault, broker.oid);
  const provider = new AzureKmsProvider(azureConfigFor(kms), withSecret(broker));
  t.teardown(() => provider.close());
  return { kms, provider, vault, oid: broker.oid };
}

async function failure(t: ExecutionContext, cause: KmsCause, call: Promise<unknown>): Promise<KmsError> {
  const error = await t.throwsAsync(call, { instanceOf: KmsError });
  t.is(error.kmsCause, cause);
  return error;
}

test('a key without a version follows the rotation, and the blob names the version that answered', async (t) => {
  const { kms, provider, vault } = await start(t);
  const key = kms.createKey({ vault, name: 'recordings' });
  const first = kms.latestVersion(key);
  const before = await provider.generate(key, CONTEXT, CALL);
  const second = kms.rotateKey(key);
  const after = await provider.generate(key, CONTEXT, CALL);
  t.is(parseBlob(before.wrapped).keyId, first);
  t.is(parseBlob(after.wrapped).keyId, second);

  await provider.unwrap(key, before.wrapped, CONTEXT, CALL);
  t.is(kms.events({ operationName: 'KeyUnwrap' })[0]?.properties.id, first);
  kms.updateKey(first, { enabled: false });
  await failure(t, 'KEY_DISABLED', provider.unwrap(key, before.wrapped, CONTEXT, CALL));
  await t.notThrowsAsync(provider.unwrap(key, after.wrapped, CONTEXT, CALL));
});

test('a key with a version stays at it', async (t) => {
  const { kms, provider, vault } = await start(t);
  const key = kms.createKey({ vault, name: 'recordings' });
  const pinned = kms.latestVersion(key);
  const later = kms.rotateKey(key);
  const { wrapped } = await provider.generate(pinned, CONTEXT, CALL);
  t.is(parseBlob(wrapped).keyId, pinned);
  await t.notThrowsAsync(provider.unwrap(pinned, wrapped, CONTEXT, CALL));
  await failure(t, 'CONTEXT_MISMATCH', provider.unwrap(later, wrapped, CONTEXT, CALL));
  await t.notThrowsAsync(provider.unwrap(key, wrapped, CONTEXT, CALL), 'the same key, whatever version');
});

test('the vault is asked once a call', async (t) => {
  const { kms, provider, vault } = await start(t);
  const key = kms.createKey({ vault, name: 'recordings' });
  const { wrapped } = await provider.generate(key, CONTEXT, CALL);
  await provider.unwrap(key, wrapped, CONTEXT, CALL);
  const before = kms.events().length;
  await provider.generate(key, CONTEXT, CALL);
  await provider.unwrap(key, wrapped, CONTEXT, CALL);
  await provider.unwrap(key, wrapped, CONTEXT, CALL);
  const names = kms
    .events()
    .slice(before)
    .map(({ operationName }) => operationName);
  t.deepEqual(names, ['KeyWrap', 'KeyUnwrap', 'KeyUnwrap']);
});

test('a key that has expired, or is not valid yet, wraps no more and still unwraps', async (t) => {
  const { kms, provider, vault } = await start(t);
  const key = kms.createKey({ vault, name: 'recordings' });
  const { wrapped } = await provider.generate(key, CONTEXT, CALL);
  for (const [changes, says] of [
    [{ expiresAtMs: Date.now() - 10_000, notBeforeMs: null }, /expired/],
    [{ expiresAtMs: null, notBeforeMs: Date.now() + 60_000 }, /not valid (yet|before)/],
  ] as const) {
    kms.updateKey(key, changes);
    t.regex((await failure(t, 'KEY_DISABLED', provider.generate(key, CONTEXT, CALL))).message, says);
    await t.notThrowsAsync(provider.unwrap(key, wrapped, CONTEXT, CALL));
    const described = await provider.describe(key, CALL);
    t.is(described.state, 'DISABLED');
    t.regex(described.reason ?? '', says);
  }
});

for (const [title, spec, deletion] of [
  ['purge protection', {}, 'PROTECTED'],
  ['soft delete alone', { purgeProtection: false }, 'RECOVERABLE'],
  ['neither', { softDelete: false, purgeProtection: false }, 'NONE'],
] as const) {
  test(`what protects from deletion is told: ${title}`, async (t) => {
    const { kms, provider, vault } = await start(t, spec);
    const key = kms.createKey({ vault, name: 'recordings', type: 'RSA-HSM', bits: 3_072 });
    t.deepEqual(await provider.describe(key, CALL), {
      state: 'ENABLED',
      usable: true,
      kind: 'RSA-HSM 3072',
      deletion,
    });
  });
}

test('a deleted key is told from one that never was, and works again when it is recovered', async (t) => {
  const { kms, provider, vault } = await start(t, { purgeProtection: false });
  const key = kms.createKey({ vault, name: 'recordings' });
  const { wrapped } = await provider.generate(key, CONTEXT, CALL);
  kms.deleteKey(key);
  await failure(t, 'KEY_PENDING_DELETION', provider.unwrap(key, wrapped, CONTEXT, CALL));
  kms.recoverKey(key);
  await t.notThrowsAsync(provider.unwrap(key, wrapped, CONTEXT, CALL));
  kms.deleteKey(key);
  kms.purgeKey(key);
  await failure(t, 'KEY_NOT_FOUND', provider.unwrap(key, wrapped, CONTEXT, CALL));
});

test('a key of the same name that did not wrap is not the key', async (t) => {
  const { kms, provider, vault, oid } = await start(t);
  const key = kms.createKey({ vault, name: 'recordings' });
  const { wrapped } = await provider.generate(key, CONTEXT, CALL);
  const elsewhere = kms.createVault({ name: 'elsewhere', tenantId: CUSTOMER_TENANT });
  kms.assignRole(elsewhere, oid);
  const namesake = kms.createKey({ vault: elsewhere, name: 'recordings' });
  await failure(t, 'CONTEXT_MISMATCH', provider.unwrap(namesake, wrapped, CONTEXT, CALL));
});

for (const [title, type, bits] of [
  ['RSA', 'RSA-HSM', 2_048],
  ['AES', 'oct-HSM', 256],
] as const) {
  test(`a Managed HSM’s ${title} key wraps, and is looked at once`, async (t) => {
    const { kms, provider, vault } = await start(t, { kind: 'managed-hsm' });
    const key = kms.createKey({ vault, name: 'recordings', type, bits });
    t.like(await provider.describe(key, CALL), { state: 'ENABLED', usable: true });
    const { wrapped } = await provider.generate(key, CONTEXT, CALL);
    t.is(parseBlob(wrapped).algorithm, type === 'oct-HSM' ? 'A256KW' : 'RSA-OAEP-256');
    await t.notThrowsAsync(provider.unwrap(key, wrapped, CONTEXT, CALL));
    await provider.generate(key, CONTEXT, CALL);
    t.is(kms.events({ operationName: 'KeyGet' }).length, 2);
  });
}

test('a Managed HSM’s key that becomes one of another kind is looked at again', async (t) => {
  const { kms, provider, vault } = await start(t, { kind: 'managed-hsm' });
  const key = kms.createKey({ vault, name: 'recordings', type: 'oct-HSM' });
  await provider.generate(key, CONTEXT, CALL);
  kms.rotateKey(key, { type: 'RSA-HSM' });
  await failure(t, 'KEY_NOT_FOUND', provider.generate(key, CONTEXT, CALL));
  const { wrapped } = await provider.generate(key, CONTEXT, CALL);
  t.is(parseBlob(wrapped).algorithm, 'RSA-OAEP-256');
});

for (const [title, spec, says] of [
  ['an AES key of 128 bits', { type: 'oct-HSM', bits: 128 }, /another kind/],
  ['an elliptic-curve key', { type: 'EC-HSM' }, /another kind/],
  ['a key for signatures', { type: 'RSA-HSM', operations: ['sign', 'verify'] }, /permitted operations/],
] as const) {
  test(`${title} cannot wrap, and says why`, async (t) => {
    const { kms, provider, vault } = await start(t, { kind: 'managed-hsm' });
    const key = kms.createKey({ vault, name: 'recordings', ...spec });
    t.regex((await failure(t, 'KEY_NOT_FOUND', provider.generate(key, CONTEXT, CALL))).message, says);
  });
}

test('why a key is not usable is told', async (t) => {
  const { kms, provider, vault } = await start(t);
  const signing = kms.createKey({ vault, name: 'signing', operations: ['sign', 'verify', 'wrapKey'] });
  t.like(await provider.describe(signing, CALL), {
    usable: false,
    reason: 'the key’s permitted operations leave out unwrapKey',
  });
  const curve = kms.createKey({ vault, name: 'curve', type: 'EC' });
  t.like(await provider.describe(curve, CALL), { usable: false, kind: 'EC' });
});

for (const [title, deny, says] of [
  ['no role', ({ kms, vault, oid }: World) => kms.removeRoles(vault, oid), /role assignment/],
  [
    'a role that only reads',
    ({ kms, vault, oid }: World) => {
      kms.removeRoles(vault, oid);
      kms.assignRole(vault, oid, 'Key Vault Reader');
    },
    /role assignment/,
  ],
  ['the firewall', ({ kms, vault }: World) => kms.setNetwork(vault, 'firewall'), /firewall/],
  ['no public access', ({ kms, vault }: World) => kms.setNetwork(vault, 'no-public-access'), /firewall/],
] as const) {
  test(`refused by ${title}`, async (t) => {
    const world = await start(t);
    const key = world.kms.createKey({ vault: world.vault, name: 'recordings' });
    const { wrapped } = await world.provider.generate(key, CONTEXT, CALL);
    deny(world);
    t.regex(
      (await failure(t, 'PERMISSION_REVOKED', world.provider.generate(key, CONTEXT, CALL))).message,
      says,
    );
    t.regex(
      (await failure(t, 'PERMISSION_REVOKED', world.provider.unwrap(key, wrapped, CONTEXT, CALL))).message,
      says,
    );
  });
}

test('each permission of an access policy counts by itself', async (t) => {
  const { kms, provider, vault, oid } = await start(t, { authorization: 'access-policy' });
  const key = kms.createKey({ vault, name: 'recordings' });
  kms.setAccessPolicy(vault, oid, ['get', 'wrapKey', 'unwrapKey']);
  const { wrapped } = await provider.generate(key, CONTEXT, CALL);
  const calls = {
    get: () => provider.describe(key, CALL),
    wrapKey: () => provider.generate(key, CONTEXT, CALL),
    unwrapKey: () => provider.unwrap(key, wrapped, CONTEXT, CALL),
  };
  for (const missing of Object.keys(calls)) {
    kms.setAccessPolicy(
      vault,
      oid,
      Object.keys(calls).filter((permission) => permission !== missing),
    );
    for (const [permission, call] of Object.entries(calls)) {
      if (permission !== missing) await t.notThrowsAsync(call(), `${permission} without ${missing}`);
      else t.regex((await failure(t, 'PERMISSION_REVOKED', call())).message, /access policy/);
    }
  }
});

for (const [title, fault, cause, says] of [
  ['a redirect', { kind: 'malformed', what: 'redirect' }, 'INVALID_RESPONSE', /redirect/],
  [
    'a challenge for another service',
    { kind: 'malformed', what: 'other-challenge' },
    'INVALID_RESPONSE',
    /another service/,
  ],
  [
    'another vault than was asked',
    { kind: 'malformed', what: 'other-vault' },
    'INVALID_RESPONSE',
    /another key/,
  ],
  [
    'another version than was asked',
    { kind: 'malformed', what: 'other-version' },
    'INVALID_RESPONSE',
    /another key/,
  ],
] as const) {
  test(`not believed: ${title}`, async (t) => {
    const { kms, provider, vault } = await start(t);
    const key = kms.createKey({ vault, name: 'recordings' });
    const { wrapped } = await provider.generate(key, CONTEXT, CALL);
    await provider.unwrap(key, wrapped, CONTEXT, CALL);
    kms.faults.add({ effect: fault } satisfies Fault);
    const before = kms.events().length;
    t.regex((await failure(t, cause, provider.unwrap(key, wrapped, CONTEXT, CALL))).message, says);
    t.is(kms.events().length, before + 1, 'nothing was sent after it');
  });
}

test('Retry-After reaches the caller, and nothing is retried here', async (t) => {
  const { kms, provider, vault } = await start(t);
  const key = kms.createKey({ vault, name: 'recordings' });
  await provider.generate(key, CONTEXT, CALL);
  for (const [retryAfterSeconds, expected] of [
    [7, 7_000],
    [undefined, null],
  ] as const) {
    const effect = {
      kind: 'throttle',
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    } as const;
    kms.faults.add({ effect });
    const before = kms.events().length;
    t.is((await failure(t, 'THROTTLED', provider.generate(key, CONTEXT, CALL))).retryAfterMs, expected);
    t.is(kms.events().length, before + 1);
    kms.faults.clear();
  }
});

for (const [status, cause] of [
  [307, 'INVALID_RESPONSE'],
  [401, 'AUTH_FAILED'],
  [403, 'PERMISSION_REVOKED'],
  [429, 'THROTTLED'],
  [503, 'UNREACHABLE'],
] as const) {
  test(`an answer ${status} without a body, from somebody on the way: ${cause}`, async (t) => {
    const { kms, provider, vault } = await start(t);
    const key = kms.createKey({ vault, name: 'recordings' });
    await provider.generate(key, CONTEXT, CALL);
    kms.faults.add({ effect: { kind: 'malformed', what: `bare-${status}` } });
    await failure(t, cause, provider.generate(key, CONTEXT, CALL));
    await failure(t, cause, provider.describe(key, CALL));
  });
}

test('an identifier of another cloud or host is refused at every call', async (t) => {
  const { provider } = await start(t);
  for (const reference of ['https://acme.vault.azure.cn/keys/rec', 'https://127.0.0.1/keys/rec']) {
    await t.throwsAsync(provider.generate(reference, CONTEXT, CALL), { code: 'INVALID_ARGUMENT' });
    await t.throwsAsync(provider.describe(reference, CALL), { code: 'INVALID_ARGUMENT' });
  }
});

test('a certificate of another authority ends the call', async (t) => {
  const { kms, vault } = await start(t);
  const key = kms.createKey({ vault, name: 'recordings' });
  const provider = new AzureKmsProvider(
    { ...azureConfigFor(kms), azureCaPath: null },
    withSecret(brokerApplication(kms)),
  );
  t.teardown(() => provider.close());
  await failure(t, 'UNREACHABLE', provider.generate(key, CONTEXT, CALL));
  t.deepEqual(kms.events(), []);
});
