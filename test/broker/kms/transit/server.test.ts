import test, { type ExecutionContext } from 'ava';
import { createTestCa } from '../../../../sandbox/ca.ts';
import { startTransit, type TransitOptions } from '../../../../sandbox/transit/emulator.ts';
import { policyForMount, providerFor, tokenFile } from '../../../support/transit.ts';

const CALL = { timeoutMs: 10_000 };
const CONTEXT = { acct: 'acme', id: 'recording' };

async function start(t: ExecutionContext, options: TransitOptions = {}, ca: string | null = null) {
  const transit = await startTransit(options);
  t.teardown(() => transit.close());
  transit.putPolicy('cmk', policyForMount('transit'));
  const login = { method: 'token', tokenPath: tokenFile(transit.createToken(['cmk'])) } as const;
  const provider = providerFor(transit, login, { ca });
  t.teardown(() => provider.close());
  return { transit, provider, login, key: transit.createKey('recordings') };
}

test('TLS is checked against the authorities that the operator named', async (t) => {
  const ca = await createTestCa();
  const { certPem, keyPem } = await ca.issue({ commonName: 'localhost', dnsSans: ['localhost'] });
  const options = { tls: { certPem, keyPem }, host: 'localhost' };
  const { transit, provider, login, key } = await start(t, options, ca.caPem);
  t.regex(key, /^https:\/\/localhost:/);
  await t.notThrowsAsync(provider.generate(key, CONTEXT, CALL));
  const trusting = providerFor(transit, login);
  t.teardown(() => trusting.close());
  await t.throwsAsync(trusting.generate(key, CONTEXT, CALL), { code: 'KMS_UNREACHABLE' });
});

test('a redirect is not followed', async (t) => {
  const { transit, provider, key } = await start(t);
  transit.faults.add({ effect: { kind: 'error', type: 'redirect' } });
  const error = await t.throwsAsync(provider.generate(key, CONTEXT, CALL), { code: 'KMS_UNREACHABLE' });
  t.regex(error.message, /points to another address/);
});

for (const [title, type] of [
  ['a sealed server', 'sealed'],
  ['a standby', 'standby'],
  ['a cluster without active node', 'no-active-node'],
] as const) {
  test(`${title} is out of reach`, async (t) => {
    const { transit, provider, key } = await start(t);
    transit.faults.add({ effect: { kind: 'error', type } });
    for (const call of [provider.generate(key, CONTEXT, CALL), provider.describe(key, CALL)]) {
      await t.throwsAsync(call, { code: 'KMS_UNREACHABLE' });
    }
  });
}

test('a quota’s Retry-After is passed on', async (t) => {
  const { transit, provider, key } = await start(t);
  transit.faults.add({ effect: { kind: 'throttle', retryAfterSeconds: 3 } });
  const call = provider.generate(key, CONTEXT, CALL);
  t.like(await t.throwsAsync(call), { kmsCause: 'THROTTLED', retryAfterMs: 3_000 });
});

test('a disabled secrets engine has no keys, and has them again when it is enabled', async (t) => {
  const { transit, provider, key } = await start(t);
  const { wrapped } = await provider.generate(key, CONTEXT, CALL);
  transit.disableMount('transit');
  for (const call of [
    provider.generate(key, CONTEXT, CALL),
    provider.unwrap(key, wrapped, CONTEXT, CALL),
    provider.describe(key, CALL),
  ]) {
    await t.throwsAsync(call, { code: 'KEY_NOT_FOUND' });
  }
  transit.enableMount('transit');
  await t.notThrowsAsync(provider.unwrap(key, wrapped, CONTEXT, CALL));
});

test('a raised minimum version takes away what older versions wrapped, and nothing else', async (t) => {
  const { transit, provider, key } = await start(t);
  const old = await provider.generate(key, CONTEXT, CALL);
  transit.rotateKey(key);
  transit.setMinDecryptionVersion(key, 2);
  const { wrapped } = await provider.generate(key, CONTEXT, CALL);
  await t.throwsAsync(provider.unwrap(key, old.wrapped, CONTEXT, CALL), { code: 'KEY_DISABLED' });
  await t.notThrowsAsync(provider.unwrap(key, wrapped, CONTEXT, CALL));
});

test('a deleted key is not found, and not made anew', async (t) => {
  const { transit, provider, key } = await start(t);
  const { wrapped } = await provider.generate(key, CONTEXT, CALL);
  t.like(await provider.describe(key, CALL), { deletion: 'PROTECTED' });
  transit.allowDeletion(key, true);
  t.like(await provider.describe(key, CALL), { deletion: 'NONE' });
  transit.deleteKey(key);
  for (const call of [provider.generate(key, CONTEXT, CALL), provider.unwrap(key, wrapped, CONTEXT, CALL)]) {
    await t.throwsAsync(call, { code: 'KEY_NOT_FOUND' });
  }
  await t.throwsAsync(provider.describe(key, CALL), { code: 'KEY_NOT_FOUND' });
});

for (const [title, options, usable] of [
  ['aes256-gcm96', { type: 'aes256-gcm96' }, true],
  ['chacha20-poly1305', { type: 'chacha20-poly1305' }, true],
  ['aes128-gcm96', { type: 'aes128-gcm96' }, false],
  ['rsa-4096', { type: 'rsa-4096' }, false],
  ['derived', { derived: true }, false],
] as const) {
  test(`${usable ? 'usable' : 'not usable'}: a key that is ${title}`, async (t) => {
    const { transit, provider } = await start(t);
    const description = await provider.describe(transit.createKey('other', options), CALL);
    t.is(description.usable, usable);
    t.is(description.reason === undefined, usable);
  });
}

test('the plaintext is the data key and the digest of its context, the ciphertext as transit writes it', async (t) => {
  const { transit, provider, key } = await start(t);
  const { wrapped } = await provider.generate(key, CONTEXT, CALL);
  t.regex(Buffer.from(wrapped).toString(), /^vault:v1:[A-Za-z0-9+/]{123}=$/);
  await provider.unwrap(key, wrapped, CONTEXT, CALL);
  const [entry] = transit.events({ path: 'transit/decrypt/recordings' });
  t.is(entry?.request.data?.['ciphertext'], transit.auditHash(Buffer.from(wrapped).toString()));
});

test('a server that is no longer on the list has its own words', async (t) => {
  const { provider } = await start(t);
  const call = provider.describe('https://gone.example/v1/transit/keys/cmk', CALL);
  t.regex((await t.throwsAsync(call, { code: 'KMS_UNREACHABLE' })).message, /CMK_TRANSIT_SERVERS/);
});
