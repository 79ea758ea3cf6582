import test from 'ava';
import { brokerWorld, type BrokerWorld } from '../../support/broker-world.ts';
import { TOKEN } from '../../support/settings.ts';

const ACME = '/v1/accounts/acme';
const GROUP = { name: 'HR', licensed: true, members: ['amy', 'bob'] };
const WEBHOOK_KEY = 'a-key-for-webhooks-in-tests-0123456789';

/** A request with headers of its own. */
async function send(
  { broker }: BrokerWorld,
  method: string,
  path: string,
  { headers = {}, body }: { headers?: Record<string, string>; body?: object } = {},
) {
  const response = await fetch(`http://127.0.0.1:${broker.adminPort}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${TOKEN}`,
      ...(body && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as Record<string, unknown>;
  const etag = response.headers.get('etag') ?? '';
  return { status: response.status, etag, body: answer, headers: response.headers };
}

test('an account is written on what was read, and not on what somebody made of it', async (t) => {
  const world = await brokerWorld(t);
  const read = await send(world, 'GET', ACME);
  t.regex(read.etag, /^"1\.name-.{8}\.licence-.{8}"$/);
  const written = await send(world, 'PUT', ACME, {
    headers: { 'if-match': read.etag },
    body: { name: 'acme', licence: 'GROUPS' },
  });
  t.is(written.status, 200);
  t.is(written.etag, (await send(world, 'GET', ACME)).etag);

  const stale = await send(world, 'PUT', ACME, {
    headers: { 'if-match': read.etag },
    body: { name: 'Mine', licence: 'NONE' },
  });
  t.is(stale.status, 412);
  t.like(stale.body, { code: 'STALE_VERSION', changed: 'licence', etag: written.etag });
  t.is(stale.body['detail'], 'the account is not as it was seen; changed since: licence');
  t.like((await send(world, 'GET', ACME)).body, { name: 'acme', licence: 'GROUPS' });

  const anyway = await send(world, 'PUT', ACME, { body: { name: 'Mine', licence: 'NONE' } });
  t.is(anyway.status, 200, 'without If-Match the last write wins');
});

test('a change that was taken back is noticed by its version', async (t) => {
  const world = await brokerWorld(t);
  const { etag } = await send(world, 'GET', ACME);
  for (const licence of ['NONE', 'ACCOUNT']) {
    await send(world, 'PUT', ACME, { body: { name: 'acme', licence } });
  }
  const stale = await send(world, 'PUT', ACME, {
    headers: { 'if-match': etag },
    body: { name: 'acme', licence: 'NONE' },
  });
  t.like(stale, { status: 412, body: { changed: '' } });
});

test('of writers with the same version one wins', async (t) => {
  const world = await brokerWorld(t);
  const { etag } = await send(world, 'GET', ACME);
  const writes = await Promise.all(
    [1, 2, 3, 4].map((writer) =>
      send(world, 'PUT', ACME, {
        headers: { 'if-match': etag },
        body: { name: `Writer ${writer}`, licence: 'ACCOUNT' },
      }),
    ),
  );
  t.deepEqual(writes.map(({ status }) => status).sort(), [200, 412, 412, 412]);
});

test('a group has a version, which its members count in', async (t) => {
  const world = await brokerWorld(t);
  const path = `${ACME}/groups/hr`;
  const made = await send(world, 'PUT', path, { body: GROUP });
  t.is(made.etag, (await send(world, 'GET', path)).etag);
  const patched = await send(world, 'PATCH', path, {
    headers: { 'if-match': made.etag },
    body: { add: ['cyd'], remove: ['amy'] },
  });
  t.like(patched, { status: 200, body: { id: 'hr', licensed: true, memberCount: 2 } });
  t.false('members' in patched.body);
  t.deepEqual((await send(world, 'GET', path)).body['members'], ['bob', 'cyd']);
  for (const [method, body] of [
    ['PATCH', { licensed: false }],
    ['PUT', GROUP],
  ] as const) {
    const stale = await send(world, method, path, { headers: { 'if-match': made.etag }, body });
    t.like(stale, { status: 412, body: { code: 'STALE_VERSION', changed: 'members' } }, method);
  }
  t.like((await send(world, 'GET', path)).body, { licensed: true, members: ['bob', 'cyd'] });
});

const HEADERS: Record<string, { header: string; status: number; path?: string }> = {
  'anything that is there': { header: '*', status: 200 },
  'one of several tags': { header: '"x", "ETAG"', status: 200 },
  'a weak tag': { header: 'W/"ETAG"', status: 412 },
  'no quotation marks': { header: '1', status: 400 },
  'nothing is there': { header: '*', status: 412, path: '/v1/accounts/nobody' },
};

for (const [name, { header, status, path = ACME }] of Object.entries(HEADERS)) {
  test(`if-match: ${name}`, async (t) => {
    const world = await brokerWorld(t);
    const { etag } = await send(world, 'GET', ACME);
    const headers = { 'if-match': header.replace('"ETAG"', etag) };
    const answer = await send(world, 'PUT', path, { headers, body: { name: 'A', licence: 'NONE' } });
    t.is(answer.status, status);
  });
}

test('coverage is changed on what was read', async (t) => {
  const world = await brokerWorld(t);
  const { etag } = await send(world, 'GET', ACME);
  const path = `${ACME}/coverage/apply`;
  const body = { kind: 'LICENCE', licence: 'NONE', moveExisting: true };
  const first = await send(world, 'POST', path, { headers: { 'if-match': etag }, body });
  t.like(first, { status: 200, body: { existingAssets: 'FOLLOW' } });
  const second = await send(world, 'POST', path, { headers: { 'if-match': etag }, body });
  t.like(second, { status: 412, body: { changed: 'licence' } });
  const { moves } = (await send(world, 'GET', `${ACME}/moves`)).body as { moves: { kind: string }[] };
  t.deepEqual(
    moves.map(({ kind }) => kind),
    ['LEAVE'],
  );
});

test('a key is enrolled once, however often it is asked for', async (t) => {
  const world = await brokerWorld(t);
  const path = '/v1/accounts/globex/keys';
  const body = { provider: 'aws', references: [world.kms.createKey('globex')] };
  const headers = { 'idempotency-key': 'request-1' };
  const first = await send(world, 'POST', path, { headers, body });
  t.is(first.status, 201);
  const again = await send(world, 'POST', path, { headers, body });
  t.deepEqual([again.status, again.body], [201, first.body]);
  t.is(again.headers.get('idempotent-replay'), 'true');
  t.is(((await send(world, 'GET', path)).body['keys'] as unknown[]).length, 1);

  const other = await send(world, 'POST', path, {
    headers,
    body: { ...body, references: [world.kms.createKey('another')] },
  });
  t.like(other, { status: 409, body: { code: 'CONFLICT' } });
  t.is(((await send(world, 'GET', path)).body['keys'] as unknown[]).length, 1);
  t.like(await send(world, 'POST', path, { body }), { status: 409 }, 'without the key it is a second one');
});

test('a request that failed may be sent again with its key', async (t) => {
  const world = await brokerWorld(t);
  const reference = world.kms.createKey('denied');
  world.kms.key(reference).denied = () => true;
  const request = {
    headers: { 'idempotency-key': 'request-1' },
    body: { provider: 'aws', references: [reference] },
  };
  const path = '/v1/accounts/globex/keys';
  const refused = await send(world, 'POST', path, request);
  t.is(refused.status, 422);
  t.regex(refused.headers.get('content-type') ?? '', /^application\/problem\+json/);
  world.kms.key(reference).denied = () => false;
  t.is((await send(world, 'POST', path, request)).status, 201);
});

test('a webhook’s secret is in the answer again, and nowhere in the database', async (t) => {
  const world = await brokerWorld(t, { CMK_WEBHOOK_KEY: WEBHOOK_KEY });
  const request = {
    headers: { 'idempotency-key': 'hook' },
    body: { url: 'https://hooks.acme.test/cmk' },
  };
  const first = await send(world, 'POST', `${ACME}/webhooks`, request);
  const again = await send(world, 'POST', `${ACME}/webhooks`, request);
  t.is(first.status, 201);
  t.deepEqual([again.status, again.body], [201, first.body]);
  t.regex(String(again.body['secret']), /^whsec_/);
  const stored = JSON.stringify(await world.dump(['idempotency_keys']));
  t.true(stored.includes('hooks.acme.test'));
  t.false(stored.includes('whsec_'));
});

test('a move is started once, however often it is asked for', async (t) => {
  const world = await brokerWorld(t);
  const body = { kind: 'LEAVE', selection: { kekIds: [world.kekId] }, target: 'platform' };
  const request = { headers: { 'idempotency-key': 'leave' }, body };
  const answers = [];
  for (let times = 0; times < 2; times++) {
    answers.push((await send(world, 'POST', `${ACME}/moves`, request)).body);
  }
  t.deepEqual(answers[1], answers[0]);
  t.is(((await send(world, 'GET', `${ACME}/moves`)).body['moves'] as unknown[]).length, 1);
});

test('an idempotency key that is none is refused', async (t) => {
  const world = await brokerWorld(t);
  const body = { provider: 'aws', references: [world.kms.createKey('globex')] };
  const headers = { 'idempotency-key': 'x'.repeat(129) };
  const answer = await send(world, 'POST', '/v1/accounts/globex/keys', { headers, body });
  t.like(answer, { status: 400, body: { code: 'INVALID_ARGUMENT', field: 'idempotency-key' } });
});
