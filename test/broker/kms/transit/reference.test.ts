import test from 'ava';
import { locate, parseKeyUrl } from '../../../../broker/kms/transit/reference.ts';
import type { TransitServer } from '../../../../broker/kms/transit/servers.ts';
import { CmkError } from '../../../../core/errors.ts';

const login = { method: 'token', tokenPath: '/run/token' } as const;
const SERVERS: readonly TransitServer[] = [
  { origin: 'https://vault.acme.example:8200', namespace: '', ca: null, login },
  { origin: 'https://vault.acme.example:8200', namespace: 'emea', ca: null, login },
  { origin: 'https://vault.acme.example:8200', namespace: 'emea/prod', ca: null, login },
  { origin: 'https://hcp.example', namespace: 'admin/tenant', ca: null, login },
  { origin: 'http://127.0.0.1:8200', namespace: '', ca: null, login },
];
const HOST = 'https://vault.acme.example:8200';

for (const [title, url, namespace, mount, name] of [
  ['a key', `${HOST}/v1/transit/keys/cmk`, '', 'transit', 'cmk'],
  ['a mount with a path', `${HOST}/v1/team/a/transit/keys/cmk`, '', 'team/a/transit', 'cmk'],
  ['a namespace', `${HOST}/v1/emea/transit/keys/cmk`, 'emea', 'emea/transit', 'cmk'],
  [
    'the innermost namespace',
    `${HOST}/v1/emea/prod/transit/keys/cmk`,
    'emea/prod',
    'emea/prod/transit',
    'cmk',
  ],
  ['a mount that begins as a namespace does', `${HOST}/v1/emeaX/keys/cmk`, '', 'emeaX', 'cmk'],
  [
    'the usual port',
    'https://hcp.example/v1/admin/tenant/transit/keys/a.b-c_d',
    'admin/tenant',
    'admin/tenant/transit',
    'a.b-c_d',
  ],
  ['plain HTTP where the operator says so', 'http://127.0.0.1:8200/v1/transit/keys/k', '', 'transit', 'k'],
  ['a mount named keys', `${HOST}/v1/keys/keys/keys`, '', 'keys', 'keys'],
] as const) {
  test(`accepted: ${title}`, (t) => {
    t.is(parseKeyUrl(` ${url}\n`, SERVERS), url);
    t.like(locate(url, SERVERS), { mount, name, server: { namespace } });
  });
}

for (const [title, text, expected] of [
  ['nothing', '', /expected the URL of a transit key, got nothing/],
  ['a name', 'cmk', /expected the URL of a transit key/],
  ['another scheme', 'file:///v1/transit/keys/cmk', /expected the URL of a transit key/],
  ['another host', 'https://evil.example:8200/v1/transit/keys/cmk', /expected a server that the operator/],
  ['another port', 'https://vault.acme.example/v1/transit/keys/cmk', /expected a server that the operator/],
  [
    'http for https',
    'http://vault.acme.example:8200/v1/transit/keys/cmk',
    /expected a server that the operator/,
  ],
  [
    'the metadata address',
    'http://169.254.169.254/v1/transit/keys/cmk',
    /expected a server that the operator/,
  ],
  ['a look-alike suffix', 'https://vault.acme.example.evil.test:8200/v1/t/keys/k', /expected a server that/],
  [
    'a user name',
    'https://vault.acme.example:8200@evil.test/v1/t/keys/k',
    /expected a URL without user name/,
  ],
  [
    'an IPv6 form of a listed address',
    'http://[::ffff:127.0.0.1]:8200/v1/t/keys/k',
    /expected the URL in its plain/,
  ],
  [
    'an octal form of a listed address',
    'http://0177.0.0.1:8200/v1/t/keys/k',
    /expected the URL in its plain/,
  ],
  ['a number for a listed address', 'http://2130706433:8200/v1/t/keys/k', /expected the URL in its plain/],
  ['capitals', 'https://VAULT.acme.example:8200/v1/t/keys/k', /expected the URL in its plain spelling/],
  [
    'letters that only look so',
    'https://vault.\u0430cme.example:8200/v1/t/keys/k',
    /expected the URL in its plain/,
  ],
  ['a full-width dot', 'https://vault\uFF0Eacme.example:8200/v1/t/keys/k', /expected the URL in its plain/],
  ['a dot at the end of the host', 'https://vault.acme.example.:8200/v1/t/keys/k', /expected a server that/],
  [
    'the port that goes without saying',
    'https://hcp.example:443/v1/a/keys/k',
    /expected the URL in its plain/,
  ],
  ['steps up', `${HOST}/v1/transit/../sys/keys/k`, /expected the URL in its plain spelling/],
  ['hidden steps up', `${HOST}/v1/transit/%2e%2e/sys/keys/k`, /expected the URL in its plain spelling/],
  ['an escaped slash', `${HOST}/v1/transit%2Fx/keys/k`, /expected the path/],
  ['a backslash', `${HOST}\\v1/transit/keys/k`, /expected the URL in its plain spelling/],
  ['a line break', `${HOST}/v1/tran\nsit/keys/k`, /expected the URL in its plain spelling/],
  ['a query', `${HOST}/v1/transit/keys/k?x=1`, /expected a URL without query/],
  ['an empty query', `${HOST}/v1/transit/keys/k?`, /expected a URL without query/],
  ['a fragment', `${HOST}/v1/transit/keys/k#x`, /expected a URL without query/],
  ['the encryption endpoint', `${HOST}/v1/transit/encrypt/k`, /expected the path \/v1\/MOUNT\/keys\/NAME/],
  ['no mount', `${HOST}/v1/keys/k`, /expected the path/],
  ['a path after the name', `${HOST}/v1/transit/keys/k/rotate`, /expected the path/],
  ['a name that transit would refuse', `${HOST}/v1/transit/keys/-k`, /expected the path/],
  ['two slashes', `${HOST}/v1//transit/keys/k`, /expected the path/],
  [
    'outside of the namespace',
    'https://hcp.example/v1/admin/other/transit/keys/k',
    /expected a namespace that/,
  ],
  ['too long', `${HOST}/v1/${'a/'.repeat(600)}keys/k`, /expected at most 1024 characters/],
] as const) {
  test(`refused: ${title}`, (t) => {
    const error = t.throws(() => parseKeyUrl(text, SERVERS), { instanceOf: CmkError });
    t.is(error.code, 'INVALID_ARGUMENT');
    t.deepEqual(error.metadata, { field: 'reference' });
    t.regex(error.message, expected);
  });
}

test('a stored key of a server that was taken off the list is nowhere', (t) => {
  t.is(locate(`${HOST}/v1/transit/keys/cmk`, []), null);
  t.is(locate('arn:aws:kms:us-east-1:111122223333:key/x', SERVERS), null);
});
