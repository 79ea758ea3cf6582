import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { readBrokerConfig } from '../../broker/config.ts';
import { CmkError } from '../../core/errors.ts';

const TOKEN = 'an-operator-token-for-tests-0123456789';
const GOOD = {
  CMK_TRUST_DOMAIN: 'cmk.example',
  CMK_TLS_CERT: '/etc/cmk/cert.pem',
  CMK_TLS_KEY: '/etc/cmk/key.pem',
  CMK_TLS_CA: '/etc/cmk/ca.pem',
  CMK_PLATFORM_KEY: 'arn:one, arn:two',
  CMK_ADMIN_TOKEN: TOKEN,
};

test('what must be set is enough', (t) => {
  const config = readBrokerConfig(GOOD);
  t.like(config, { leaseMs: 300_000, probeIntervalMs: 10_000, kmsTimeoutMs: 5_000, kmsConcurrency: 64 });
  t.deepEqual(config.platformKey, ['arn:one', 'arn:two']);
  t.is(config.adminToken.reveal(), TOKEN);
  t.is(config.adminHost, '127.0.0.1');
  t.false(JSON.stringify(config).includes(TOKEN));
});

test('every problem is in one report', (t) => {
  const error = t.throws(() => readBrokerConfig({ CMK_LEASE: '301s', CMK_KMS_TIMEOUT: '5' }), {
    instanceOf: CmkError,
    code: 'CONFIG_INVALID',
  });
  for (const name of [
    'CMK_TRUST_DOMAIN',
    'CMK_TLS_CERT',
    'CMK_TLS_KEY',
    'CMK_TLS_CA',
    'CMK_PLATFORM_KEY',
    'CMK_LEASE: expected duration',
    'CMK_KMS_TIMEOUT: expected duration',
  ]) {
    t.true(error.message.includes(name), name);
  }
});

test('a sign-in is there whole, its issuer as it is written', (t) => {
  t.is(readBrokerConfig(GOOD).signIn, null);
  const { signIn } = readBrokerConfig({
    ...GOOD,
    CMK_PORTAL_URL: 'https://cmk.example/',
    CMK_OIDC_ISSUER: 'https://login.example/application/o/cmk/',
    CMK_OIDC_CLIENT_ID: 'cmk',
    CMK_OIDC_CLIENT_SECRET: 'a-client-secret-0123',
    CMK_OIDC_AUDITOR_ROLES: 'readers, watchers',
  });
  t.like(signIn, { portalUrl: 'https://cmk.example', issuer: 'https://login.example/application/o/cmk/' });
  t.deepEqual(signIn?.claims.roleValues.AUDITOR, ['readers', 'watchers']);
  t.false(JSON.stringify(signIn).includes('a-client-secret'));
});

const file = (content: string) => {
  const path = join(mkdtempSync(join(tmpdir(), 'cmk-token-')), 'token');
  writeFileSync(path, content);
  return path;
};

test('the token may come from a file, its last line break aside', (t) => {
  const config = readBrokerConfig({ ...GOOD, CMK_ADMIN_TOKEN: '', CMK_ADMIN_TOKEN_FILE: file(`${TOKEN}\n`) });
  t.is(config.adminToken.reveal(), TOKEN);
});

const BAD_TOKENS: Record<string, [env: Record<string, string>, message: RegExp]> = {
  'no token': [{ CMK_ADMIN_TOKEN: '' }, /exactly one of CMK_ADMIN_TOKEN and CMK_ADMIN_TOKEN_FILE/],
  'two tokens': [{ CMK_ADMIN_TOKEN_FILE: file(TOKEN) }, /exactly one/],
  'a short token': [{ CMK_ADMIN_TOKEN: 'short' }, /CMK_ADMIN_TOKEN: expected secret of at least 32/],
  'a short token in a file': [
    { CMK_ADMIN_TOKEN: '', CMK_ADMIN_TOKEN_FILE: file('short') },
    /CMK_ADMIN_TOKEN_FILE: expected at least 32 characters, got 5/,
  ],
  'a file that is not there': [
    { CMK_ADMIN_TOKEN: '', CMK_ADMIN_TOKEN_FILE: '/nowhere' },
    /cannot read \/nowhere/,
  ],
  'a mail server without a sender': [{ CMK_SMTP_URL: 'smtps://mail.test' }, /CMK_MAIL_FROM: expected e-mail/],
  'a mail server that is none': [
    { CMK_SMTP_URL: 'https://short :x@mail.test' },
    /CMK_SMTP_URL: .* a value of 26/,
  ],
  'a sender that adds a header': [{ CMK_MAIL_FROM: 'a@b.test\r\nBcc: c' }, /CMK_MAIL_FROM: expected e-mail/],
  'half of a sign-in': [
    { CMK_OIDC_ISSUER: 'https://login.test', CMK_OIDC_CLIENT_ID: 'cmk' },
    /together, but not set: CMK_PORTAL_URL, CMK_OIDC_CLIENT_SECRET/,
  ],
  'a provider without TLS': [{ CMK_OIDC_ISSUER: 'http://login.test' }, /CMK_OIDC_ISSUER: expected URL/],
  'a provider with a password': [{ CMK_OIDC_ISSUER: 'https://a:b@login.test' }, /CMK_OIDC_ISSUER: expected/],
  'a portal without TLS': [
    { CMK_PORTAL_URL: 'http://cmk.test' },
    /CMK_PORTAL_URL: expected URL without path/,
  ],
  'a portal under a path': [{ CMK_PORTAL_URL: 'https://cmk.test/portal' }, /CMK_PORTAL_URL: expected/],
  'scopes without openid': [{ CMK_OIDC_SCOPES: 'profile' }, /CMK_OIDC_SCOPES: expected openid/],
  'a short client secret': [{ CMK_OIDC_CLIENT_SECRET: 'short ' }, /CMK_OIDC_CLIENT_SECRET: expected secret/],
  'proxies that are no networks': [{ CMK_TRUSTED_PROXIES: 'all' }, /CMK_TRUSTED_PROXIES: expected networks/],
  'a short key for webhooks': [
    { CMK_WEBHOOK_KEY: 'short' },
    /CMK_WEBHOOK_KEY: expected secret of at least 32/,
  ],
  'networks that are none': [{ CMK_WEBHOOK_NETWORKS: '10.0.0.0' }, /CMK_WEBHOOK_NETWORKS: expected networks/],
  'a catalogue that is not there': [{ CMK_CATALOGUE: '/nowhere' }, /CMK_CATALOGUE: cannot read \/nowhere/],
};

for (const [name, [env, message]] of Object.entries(BAD_TOKENS)) {
  test(`refused: ${name}`, (t) => {
    const error = t.throws(() => readBrokerConfig({ ...GOOD, ...env }), { code: 'CONFIG_INVALID', message });
    t.false(error.message.includes('short '));
  });
}
