import { readFileSync, writeFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import type { TransitProvider } from '../../../../broker/kms/transit/provider.ts';
import { startTransit, type Transit, type TransitOptions } from '../../../../sandbox/transit/emulator.ts';
import { eventually } from '../../../support/eventually.ts';
import {
  BROKER_ROLE,
  BROKER_SUBJECT,
  kubernetesLogin,
  policyForMount,
  providerFor,
  tokenFile,
} from '../../../support/transit.ts';

const CALL = { timeoutMs: 10_000 };
const TTL_MS = BROKER_ROLE.ttlSeconds * 1_000;

/** A server, and a provider on the same driven clock. */
async function start(t: ExecutionContext, options: TransitOptions = {}) {
  const clock = { nowMs: 1_700_000_000_000 };
  const nowMs = () => clock.nowMs;
  const transit = await startTransit({ nowMs, ...options });
  t.teardown(() => transit.close());
  transit.putRole('kubernetes', 'cmk-broker', BROKER_ROLE);
  transit.putRole('jwt', 'cmk-broker', BROKER_ROLE);
  transit.putPolicy('cmk', policyForMount('transit'));
  const key = transit.createKey('recordings');
  const jwtPath = tokenFile(transit.issueJwt({ sub: BROKER_SUBJECT, lifeSeconds: 86_400 }));
  const provider = providerFor(transit, kubernetesLogin(jwtPath), {
    nowMs,
    namespace: options.namespace ?? '',
  });
  t.teardown(() => provider.close());
  return { clock, transit, key, jwtPath, provider };
}

const count = (transit: Transit, path: string) => transit.events({ path }).length;
const works = (provider: TransitProvider, key: string) => provider.generate(key, { acct: 'acme' }, CALL);

test('one login serves all calls, also those that come at once', async (t) => {
  const { transit, key, provider } = await start(t);
  await Promise.all(Array.from({ length: 20 }, () => works(provider, key)));
  await works(provider, key);
  t.is(count(transit, 'auth/kubernetes/login'), 1);
  t.is(count(transit, 'transit/encrypt/recordings'), 21);
});

test('a token is renewed in the second half of its life, and nobody waits for it', async (t) => {
  const { clock, transit, key, provider } = await start(t);
  await works(provider, key);
  clock.nowMs += TTL_MS * 0.45;
  await works(provider, key);
  t.is(count(transit, 'auth/token/renew-self'), 0);
  clock.nowMs += TTL_MS * 0.1;
  await works(provider, key);
  await eventually(() => count(transit, 'auth/token/renew-self') === 1);
  clock.nowMs += TTL_MS * 0.6;
  await works(provider, key);
  t.is(count(transit, 'auth/kubernetes/login'), 1);
});

test('a token that has ended is replaced before it is used', async (t) => {
  const { clock, transit, key, provider } = await start(t);
  await works(provider, key);
  clock.nowMs += TTL_MS;
  await works(provider, key);
  t.is(count(transit, 'auth/kubernetes/login'), 2);
  t.is(transit.events({ error: 'invalid token' }).length, 0);
});

test('a revoked token costs one call; the next logs in anew', async (t) => {
  const { transit, key, provider } = await start(t);
  await works(provider, key);
  transit.revokeTokens();
  await t.throwsAsync(works(provider, key), { code: 'KMS_AUTH_FAILED' });
  await t.notThrowsAsync(works(provider, key));
  t.is(count(transit, 'auth/kubernetes/login'), 2);
});

test('a rotated service-account token is read at the next login', async (t) => {
  const { clock, transit, key, jwtPath, provider } = await start(t);
  await works(provider, key);
  writeFileSync(jwtPath, transit.issueForgedJwt({ sub: BROKER_SUBJECT }));
  clock.nowMs += TTL_MS;
  await t.throwsAsync(works(provider, key), { code: 'KMS_AUTH_FAILED' });
  writeFileSync(jwtPath, transit.issueJwt({ sub: BROKER_SUBJECT }));
  await t.notThrowsAsync(works(provider, key));
});

for (const [title, claims] of [
  ['another service account', { sub: 'system:serviceaccount:evil:broker' }],
  ['another audience', { sub: BROKER_SUBJECT, aud: 'another' }],
  ['a token that has ended', { sub: BROKER_SUBJECT, lifeSeconds: -1 }],
] as const) {
  test(`not let in: ${title}`, async (t) => {
    const { transit, key } = await start(t);
    const provider = providerFor(transit, kubernetesLogin(tokenFile(transit.issueJwt(claims))));
    t.teardown(() => provider.close());
    await t.throwsAsync(works(provider, key), { code: 'KMS_AUTH_FAILED' });
  });
}

test('a JWT of another issuer logs in by its own method', async (t) => {
  const { transit, key, jwtPath } = await start(t);
  const login = { method: 'jwt', mount: 'jwt', role: 'cmk-broker', tokenPath: jwtPath } as const;
  const provider = providerFor(transit, login);
  t.teardown(() => provider.close());
  await t.notThrowsAsync(works(provider, key));
  t.is(count(transit, 'auth/jwt/login'), 1);
});

test('a token’s file is read at every call', async (t) => {
  const { transit, key } = await start(t);
  const tokenPath = tokenFile(transit.createToken(['cmk']));
  const provider = providerFor(transit, { method: 'token', tokenPath });
  t.teardown(() => provider.close());
  await works(provider, key);
  const first = readFileSync(tokenPath, 'utf8');
  writeFileSync(tokenPath, transit.createToken(['another-policy']));
  await t.throwsAsync(works(provider, key), { code: 'KEY_PERMISSION_REVOKED' });
  writeFileSync(tokenPath, 'two tokens');
  const error = await t.throwsAsync(works(provider, key), { code: 'KMS_AUTH_FAILED' });
  t.is(error.message, 'the broker has no token for this KMS');
  writeFileSync(tokenPath, first);
  await t.notThrowsAsync(works(provider, key));
  t.is(count(transit, 'auth/kubernetes/login'), 0);
});

test('a namespace is part of every path', async (t) => {
  const { transit, key, provider } = await start(t, { namespace: 'acme/prod' });
  t.regex(key, /\/v1\/acme\/prod\/transit\/keys\/recordings$/);
  await t.notThrowsAsync(works(provider, key));
  t.is(transit.events({ path: 'transit/encrypt/recordings' })[0]?.request.namespace.path, 'acme/prod/');
  transit.revokeTokens();
  await t.throwsAsync(works(provider, key), { code: 'KMS_AUTH_FAILED' }, 'it asks about its token there too');
});

test('a login that hangs ends each call at its own deadline', async (t) => {
  const { transit, key, provider } = await start(t);
  const mend = transit.faults.add({ effect: { kind: 'silence' }, operation: 'login' });
  const startedMs = performance.now();
  await t.throwsAsync(provider.generate(key, { acct: 'acme' }, { timeoutMs: 200 }), {
    code: 'KMS_UNREACHABLE',
  });
  t.true(performance.now() - startedMs < 4_000, 'before the login’s own time is over');
  mend();
});
