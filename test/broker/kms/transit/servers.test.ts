import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { parseServers, readServers } from '../../../../broker/kms/transit/servers.ts';
import { CmkError } from '../../../../core/errors.ts';

const LOGIN = { method: 'kubernetes', role: 'cmk-broker' };
const one = (fields: object) =>
  JSON.stringify({ servers: [{ url: 'https://v.example', login: LOGIN, ...fields }] });

test('what is left out has its usual value', (t) => {
  t.deepEqual(parseServers(one({})), [
    {
      origin: 'https://v.example',
      namespace: '',
      ca: null,
      login: {
        method: 'kubernetes',
        mount: 'kubernetes',
        role: 'cmk-broker',
        tokenPath: '/var/run/secrets/kubernetes.io/serviceaccount/token',
      },
    },
  ]);
});

test('a file with all there is', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cmk-servers-'));
  const caPath = join(folder, 'ca.pem');
  writeFileSync(caPath, 'PEM');
  const path = join(folder, 'servers.json');
  const jwt = { method: 'jwt', mount: 'spiffe/jwt', role: 'r', tokenPath: '/run/jwt' };
  const servers = [
    { url: 'https://v.example:8200/', namespace: 'a/b', caPath, login: jwt },
    { url: 'http://127.0.0.1:8200', login: { method: 'token', tokenPath: '/run/token' } },
  ];
  writeFileSync(path, JSON.stringify({ servers }));
  t.deepEqual(readServers(path), [
    { origin: 'https://v.example:8200', namespace: 'a/b', ca: 'PEM', login: jwt as never },
    {
      origin: 'http://127.0.0.1:8200',
      namespace: '',
      ca: null,
      login: { method: 'token', tokenPath: '/run/token' },
    },
  ]);
});

for (const [title, text, expected] of [
  ['no JSON', '{', /expected JSON/],
  ['no servers', '{}', /expected at least one/],
  ['a server that is no object', '{"servers":[1]}', /servers\[0\]: expected an object/],
  ['a URL with a path', one({ url: 'https://v.example/v1' }), /url: expected scheme, host and port alone/],
  ['another scheme', one({ url: 'ftp://v.example' }), /url: expected URL that begins with/],
  ['a user name', one({ url: 'https://me@v.example' }), /url: expected scheme, host and port alone/],
  ['a namespace with a slash at its end', one({ namespace: 'a/' }), /namespace: expected namespace/],
  ['a namespace that steps up', one({ namespace: 'a/../b' }), /namespace: expected namespace/],
  ['no login', one({ login: undefined }), /login: expected an object/],
  [
    'another login',
    one({ login: { method: 'approle' } }),
    /login.method: expected one of kubernetes, jwt, token/,
  ],
  ['no role', one({ login: { method: 'kubernetes' } }), /login.role: expected name of a role/],
  ['a JWT from nowhere', one({ login: { method: 'jwt', role: 'r' } }), /login.tokenPath: expected path/],
  [
    'a role for a token',
    one({ login: { method: 'token', tokenPath: '/t', role: 'r' } }),
    /login.role: expected one of/,
  ],
  ['a misspelt name', one({ nameSpace: 'a' }), /servers\[0\].nameSpace: expected one of/],
  ['authorities that are not there', one({ caPath: '/nowhere/ca.pem' }), /caPath: cannot read/],
  [
    'a server twice',
    JSON.stringify({ servers: [1, 2].map(() => ({ url: 'https://v.example', login: LOGIN })) }),
    /no server and namespace twice/,
  ],
] as const) {
  test(`refused: ${title}`, (t) => {
    const error = t.throws(() => parseServers(text), { instanceOf: CmkError });
    t.is(error.code, 'CONFIG_INVALID');
    t.regex(error.message, expected);
  });
}

test('all problems are told at once', (t) => {
  const { message } = t.throws(
    () => parseServers(one({ url: 'x', namespace: '/', login: { method: 'x' } })),
    {
      instanceOf: CmkError,
    },
  );
  for (const name of ['url', 'namespace', 'login.method'])
    t.true(message.includes(`servers[0].${name}:`), name);
});

test('a file that is not there', (t) => {
  t.throws(() => readServers('/nowhere/servers.json'), {
    message: /^CMK_TRANSIT_SERVERS: cannot read/,
  });
});
