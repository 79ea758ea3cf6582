import { mkdtemp, readFile, stat } from 'node:fs/promises';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClientSecretCredential } from '@azure/identity';
import { CryptographyClient, KeyClient } from '@azure/keyvault-keys';
import test, { type ExecutionContext } from 'ava';
import { identityOptions } from '../../../broker/kms/azure/credential.ts';
import { AzureTransport } from '../../../broker/kms/azure/transport.ts';
import { startAzureKms, type AzureKms, type AzureKmsOptions } from '../../../sandbox/azure-kms/emulator.ts';
import {
  CUSTOMER_TENANT,
  PROVIDER_TENANT,
  azureConfigFor,
  brokerApplication,
  rsaKeys,
} from '../../support/azure-kms.ts';

const HOST = 'acme-keys.vault.azure.net';
const WRAP = `/keys/recordings/wrapkey?api-version=7.4`;
const VALUE = { alg: 'RSA-OAEP-256', value: Buffer.alloc(32, 1).toString('base64url') };

interface Reply {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: {
    error?: { code: string; message: string; innererror?: { code: string } };
    [name: string]: unknown;
  };
}

interface World {
  readonly kms: AzureKms;
  readonly broker: ReturnType<typeof brokerApplication>;
  readonly key: string;
  /** With a token of the vault's tenant for the broker, unless other headers are given. */
  readonly call: (
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => Promise<Reply>;
  readonly token: (tenant?: string, scope?: string) => Promise<string>;
}

async function start(t: ExecutionContext, options: AzureKmsOptions = {}): Promise<World> {
  const kms = await startAzureKms({ makeRsa: rsaKeys(), ...options });
  t.teardown(() => kms.close());
  const broker = brokerApplication(kms);
  const vault = kms.createVault({ name: 'acme-keys', tenantId: CUSTOMER_TENANT });
  kms.assignRole(vault, broker.oid);
  const key = kms.createKey({ vault, name: 'recordings' });

  const token = async (tenant = CUSTOMER_TENANT, scope = 'https://vault.azure.net/.default') => {
    const form = {
      grant_type: 'client_credentials',
      client_id: broker.clientId,
      client_secret: broker.clientSecret,
      scope,
    };
    const reply = await request(kms, {
      host: 'login.microsoftonline.com',
      method: 'POST',
      path: `/${tenant}/oauth2/v2.0/token`,
      body: new URLSearchParams(form).toString(),
    });
    return String(reply.body['access_token']);
  };
  return {
    kms,
    broker,
    key,
    token,
    call: async (method, path, body, headers) =>
      request(kms, {
        host: HOST,
        method,
        path,
        headers: {
          'content-type': 'application/json',
          ...(headers ?? { authorization: `Bearer ${await token()}` }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
  };
}

async function request(
  kms: AzureKms,
  {
    host,
    method,
    path,
    headers = {},
    body,
  }: { host: string; method: string; path: string; headers?: Record<string, string>; body?: string },
): Promise<Reply> {
  const [address, port] = kms.connectTo.split(':');
  return new Promise((resolve, reject) => {
    const options = {
      host: address,
      port,
      servername: host,
      ca: kms.caPem,
      method,
      path,
      agent: false,
      headers: { host, ...headers },
    };
    const sent = https.request(options, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('end', () => {
        const text = Buffer.concat(pieces).toString();
        const parsed = (text === '' ? {} : JSON.parse(text)) as Reply['body'];
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: parsed });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

test('the SDK wraps and unwraps, with a version and without', async (t) => {
  const { kms, broker, key } = await start(t);
  const config = azureConfigFor(kms);
  const transport = new AzureTransport(config);
  t.teardown(() => transport.close());
  const credential = new ClientSecretCredential(
    broker.tenantId,
    broker.clientId,
    broker.clientSecret,
    identityOptions(config, transport),
  );
  const keys = new KeyClient(`https://${HOST}`, credential, transport.clientOptions());
  const found = await keys.getKey('recordings');
  t.is(found.id, kms.latestVersion(key));
  t.is(found.properties.recoveryLevel, 'Recoverable');
  for (const id of [key, kms.latestVersion(key)]) {
    const client = new CryptographyClient(id, credential, transport.clientOptions());
    const { result } = await client.wrapKey('RSA-OAEP-256', Buffer.alloc(32, 5));
    t.deepEqual(Buffer.from((await client.unwrapKey('RSA-OAEP-256', result)).result), Buffer.alloc(32, 5));
  }
});

test('a call without a token is told where to get one', async (t) => {
  const { call } = await start(t);
  const { status, headers, body } = await call('POST', WRAP, undefined, {});
  t.is(status, 401);
  t.is(
    headers['www-authenticate'],
    `Bearer authorization="https://login.microsoftonline.com/${CUSTOMER_TENANT}", resource="https://vault.azure.net"`,
  );
  t.regex(body.error?.message ?? '', /^AKV10000/);
});

test('only a token of the vault’s tenant and service, unchanged and in its time, is accepted', async (t) => {
  let aheadMs = 0;
  const { call, token } = await start(t, { nowMs: () => Date.now() + aheadMs });
  const good = await token();
  const [head = '', body = '', signature = ''] = good.split('.');
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as object;
  const forged = Buffer.from(JSON.stringify({ ...claims, oid: 'somebody' })).toString('base64url');
  for (const [title, each, status] of [
    ['the right one', good, 200],
    ['of another tenant', await token(PROVIDER_TENANT), 401],
    ['for another service', await token(CUSTOMER_TENANT, 'https://managedhsm.azure.net/.default'), 401],
    ['changed', `${head}.${forged}.${signature}`, 401],
    ['without a signature', `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`, 401],
    ['garbage', 'garbage', 401],
  ] as const) {
    t.is((await call('POST', WRAP, VALUE, { authorization: `Bearer ${each}` })).status, status, title);
  }
  aheadMs = 3_700_000;
  t.is((await call('POST', WRAP, VALUE, { authorization: `Bearer ${good}` })).status, 401, 'expired');
});

test('a skewed clock makes good tokens bad', async (t) => {
  const { kms, call } = await start(t);
  const mend = kms.faults.add({ effect: { kind: 'clock-skew', ms: -3_600_000 } });
  t.is((await call('POST', WRAP, VALUE)).status, 401);
  mend();
  t.is((await call('POST', WRAP, VALUE)).status, 200);
});

for (const [title, method, path, body, status, code] of [
  ['no api-version', 'POST', '/keys/recordings/wrapkey', VALUE, 400, 'BadParameter'],
  ['an unknown api-version', 'POST', '/keys/recordings/wrapkey?api-version=1.0', VALUE, 400, 'BadParameter'],
  ['another method', 'PUT', WRAP, VALUE, 404, 'NotFound'],
  ['an unknown route', 'POST', '/keys/recordings/rotate?api-version=7.4', {}, 404, 'NotFound'],
  ['a missing key', 'POST', '/keys/missing/wrapkey?api-version=7.4', VALUE, 404, 'KeyNotFound'],
  [
    'a missing version',
    'POST',
    `/keys/recordings/${'0'.repeat(32)}/wrapkey?api-version=7.4`,
    VALUE,
    404,
    'KeyNotFound',
  ],
  ['no body', 'POST', WRAP, undefined, 400, 'BadParameter'],
  ['another algorithm', 'POST', WRAP, { ...VALUE, alg: 'RSA1_5' }, 400, 'BadParameter'],
  ['an algorithm of another kind of key', 'POST', WRAP, { ...VALUE, alg: 'A256KW' }, 400, 'BadParameter'],
  ['base64 with padding', 'POST', WRAP, { ...VALUE, value: 'AAAA==' }, 400, 'BadParameter'],
  ['a field too many', 'POST', WRAP, { ...VALUE, aad: 'AAAA' }, 400, 'BadParameter'],
  ['a value that is too long', 'POST', WRAP, { ...VALUE, value: 'A'.repeat(400) }, 400, 'BadParameter'],
  [
    'unwrapping what was not wrapped',
    'POST',
    WRAP.replace('wrapkey', 'unwrapkey'),
    VALUE,
    400,
    'BadParameter',
  ],
] as const) {
  test(`refused: ${title}`, async (t) => {
    const { call } = await start(t);
    const reply = await call(method, path, body);
    t.is(reply.status, status);
    t.is(reply.body.error?.code, code);
  });
}

test('permission comes before existence, and the network before both', async (t) => {
  const { kms, broker, call } = await start(t);
  kms.removeRoles(HOST, broker.oid);
  kms.assignRole(HOST, broker.oid, undefined, 'recordings');
  t.is((await call('POST', WRAP, VALUE)).status, 200, 'a role at the key is enough');
  const missing = await call('POST', WRAP.replace('recordings', 'missing'), VALUE);
  t.is(missing.body.error?.innererror?.code, 'ForbiddenByRbac');
  kms.setNetwork(HOST, 'firewall');
  t.is((await call('POST', WRAP, VALUE)).body.error?.innererror?.code, 'ForbiddenByFirewall');
});

test('keys have states and times', async (t) => {
  const { kms, key, call } = await start(t);
  const inner = async (path: string) => (await call('POST', path, VALUE)).body.error?.innererror?.code;
  kms.updateKey(key, { enabled: false });
  t.is(await inner(WRAP), 'KeyDisabled');
  kms.updateKey(key, { enabled: true, expiresAtMs: Date.now() - 1 });
  t.is(await inner(WRAP), 'KeyExpired');
  kms.updateKey(key, { expiresAtMs: null, notBeforeMs: Date.now() + 60_000 });
  t.is(await inner(WRAP), 'KeyNotYetValid');
  kms.updateKey(key, { notBeforeMs: null });
  kms.deleteKey(key);
  t.is((await call('POST', WRAP, VALUE)).status, 404);
  t.is((await call('GET', '/deletedkeys/recordings?api-version=7.4')).status, 200);
  t.throws(() => kms.purgeKey(key), { message: /purge protection/ });
});

test('every call stands in the log, and no key does', async (t) => {
  const { kms, key, broker, call } = await start(t);
  await call('POST', WRAP, undefined, {});
  const wrapped = await call('POST', WRAP, VALUE);
  await call('POST', WRAP.replace('wrapkey', 'unwrapkey'), { ...VALUE, value: wrapped.body['value'] });
  await call('POST', WRAP.replace('recordings', 'missing'), VALUE);
  const events = kms.events();
  t.deepEqual(
    events.map(({ operationName, resultSignature }) => [operationName, resultSignature]),
    [
      ['Authentication', 'Unauthorized'],
      ['KeyWrap', 'OK'],
      ['KeyUnwrap', 'OK'],
      ['KeyWrap', 'KeyNotFound'],
    ],
  );
  t.like(events[1], {
    category: 'AuditEvent',
    identity: { claim: { oid: broker.oid, appid: broker.clientId } },
    properties: { id: kms.latestVersion(key), httpStatusCode: 200, tlsVersion: 'TLSv1.3' },
  });
  t.false(JSON.stringify(events).includes(VALUE.value));
  t.is(kms.events({ key }).length, 2);
  t.is(kms.events({ resultType: 'Failed', vault: HOST }).length, 2);
});

test('the control API does what an administrator does', async (t) => {
  const { kms, key, call } = await start(t, { controlPort: 0 });
  const control = async (method: string, path: string, body?: object) => {
    const reply = await fetch(`${kms.controlUrl ?? ''}${path}`, {
      method,
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return { status: reply.status, body: (await reply.json()) as Record<string, unknown> };
  };
  const id = encodeURIComponent(key);
  t.is((await control('POST', `/keys/${id}/disable`)).status, 200);
  t.is((await call('POST', WRAP, VALUE)).status, 403);
  await control('POST', `/keys/${id}/enable`);
  t.is((await call('POST', WRAP, VALUE)).status, 200);
  await control('POST', '/faults', { effect: { kind: 'throttle', retryAfterSeconds: 3 } });
  const throttled = await call('POST', WRAP, VALUE);
  t.is(throttled.status, 429);
  t.is(throttled.headers['retry-after'], '3');
  await control('DELETE', '/faults');
  const application = await control('POST', '/applications', { tenantId: PROVIDER_TENANT });
  const consent = { clientId: application.body['clientId'], tenantId: CUSTOMER_TENANT };
  const { oid } = (await control('POST', '/consents', consent)).body;
  t.is((await control('POST', '/roles', { vault: HOST, oid })).status, 200);
  const made = await control('POST', '/vaults', { name: 'second', tenantId: CUSTOMER_TENANT });
  t.is(made.body['host'], 'second.vault.azure.net');
  t.is(
    (await control('POST', '/keys', { vault: 'second', name: 'k' })).body['id'],
    'https://second.vault.azure.net/keys/k',
  );
  t.is(((await control('GET', '/keys')).body as unknown as unknown[]).length, 2);
  t.true(((await control('GET', '/events?operationName=KeyWrap')).body as unknown as unknown[]).length > 2);
  t.is((await control('POST', '/keys/https%3A%2F%2Fno.vault.azure.net%2Fkeys%2Fk/disable')).status, 404);
  t.is((await control('POST', `/keys/${id}/explode`)).status, 404);
});

test('vaults, keys and applications outlive a restart, in a file of the owner’s', async (t) => {
  const statePath = join(await mkdtemp(join(tmpdir(), 'cmk-azure-')), 'state.json');
  const first = await start(t, { statePath });
  const wrapped = await first.call('POST', WRAP, VALUE);
  await first.kms.close();
  t.is((await stat(statePath)).mode & 0o777, 0o600);

  const kms = await startAzureKms({ statePath });
  t.teardown(() => kms.close());
  const { clientId, clientSecret } = first.broker;
  const form = {
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
    scope: 'https://vault.azure.net/.default',
  };
  const token = await request(kms, {
    host: 'login.microsoftonline.com',
    method: 'POST',
    path: `/${CUSTOMER_TENANT}/oauth2/v2.0/token`,
    body: new URLSearchParams(form).toString(),
  });
  const unwrapped = await request(kms, {
    host: HOST,
    method: 'POST',
    path: WRAP.replace('wrapkey', 'unwrapkey'),
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${String(token.body['access_token'])}`,
    },
    body: JSON.stringify({ ...VALUE, value: wrapped.body['value'] }),
  });
  t.is(unwrapped.body['value'], VALUE.value);
});

test('events are also appended to a file', async (t) => {
  const eventsPath = join(await mkdtemp(join(tmpdir(), 'cmk-azure-')), 'events.jsonl');
  const { kms, call } = await start(t, { eventsPath });
  await call('POST', WRAP, VALUE);
  const lines = (await readFile(eventsPath, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  t.deepEqual(lines, kms.events());
});
