import test from 'ava';
import { adminWorld, OPERATOR } from '../../support/admin-world.ts';
import { sharedWorld } from '../../support/shared-world.ts';

/** One world, and an account of its own for each test: many brokers at once are too much for a busy machine. */
const world = sharedWorld(adminWorld);

const GROUP = { name: 'HR', licensed: true, members: ['amy', 'bob'] };

interface Request {
  readonly headers?: Record<string, string>;
  readonly body?: object;
}

async function send(method: string, path: string, request: Request = {}) {
  const answer = await world().ask(OPERATOR, method, path, request);
  const { etag } = answer.headers;
  return { ...answer, etag: typeof etag === 'string' ? etag : '' };
}

/** @returns the path of an account of its own */
async function withAccount(id: string): Promise<string> {
  const path = `/v1/accounts/${id}`;
  await send('PUT', path, { body: { name: id, licence: 'ACCOUNT' } });
  return path;
}

/** @returns the id of a key that the account has from now on */
async function withKey(account: string, name: string): Promise<string> {
  const body = { provider: 'aws', references: [world().kms.createKey(name)] };
  const { key } = (await send('POST', `${account}/keys`, { body })).body as { key: { id: string } };
  return key.id;
}

test('an account is written on what was read, and not on what somebody made of it', async (t) => {
  const path = await withAccount('written');
  const read = await send('GET', path);
  t.regex(read.etag, /^"1\.name-.{8}\.licence-.{8}"$/);
  const written = await send('PUT', path, {
    headers: { 'if-match': read.etag },
    body: { name: 'written', licence: 'GROUPS' },
  });
  t.is(written.status, 200);
  t.is(written.etag, (await send('GET', path)).etag);

  const stale = await send('PUT', path, {
    headers: { 'if-match': read.etag },
    body: { name: 'Mine', licence: 'NONE' },
  });
  t.is(stale.status, 412);
  t.like(stale.body, { code: 'STALE_VERSION', changed: 'licence', etag: written.etag });
  t.is(stale.body['detail'], 'the account is not as it was seen; changed since: licence');
  t.like((await send('GET', path)).body, { name: 'written', licence: 'GROUPS' });

  const anyway = await send('PUT', path, { body: { name: 'Mine', licence: 'NONE' } });
  t.is(anyway.status, 200, 'without If-Match the last write wins');
});

test('a change that was taken back is noticed by its version', async (t) => {
  const path = await withAccount('back');
  const { etag } = await send('GET', path);
  for (const licence of ['NONE', 'ACCOUNT']) {
    await send('PUT', path, { body: { name: 'back', licence } });
  }
  const stale = await send('PUT', path, {
    headers: { 'if-match': etag },
    body: { name: 'back', licence: 'NONE' },
  });
  t.like(stale, { status: 412, body: { changed: '' } });
});

test('a group has a version, which its members count in', async (t) => {
  const path = `${await withAccount('grouped')}/groups/hr`;
  const made = await send('PUT', path, { body: GROUP });
  t.is(made.etag, (await send('GET', path)).etag);
  const patched = await send('PATCH', path, {
    headers: { 'if-match': made.etag },
    body: { add: ['cyd'], remove: ['amy'] },
  });
  t.like(patched, { status: 200, body: { id: 'hr', licensed: true, memberCount: 2 } });
  t.false('members' in patched.body);
  t.deepEqual((await send('GET', path)).body['members'], ['bob', 'cyd']);
  for (const [method, body] of [
    ['PATCH', { licensed: false }],
    ['PUT', GROUP],
  ] as const) {
    const stale = await send(method, path, { headers: { 'if-match': made.etag }, body });
    t.like(stale, { status: 412, body: { code: 'STALE_VERSION', changed: 'members' } }, method);
  }
  t.like((await send('GET', path)).body, { licensed: true, members: ['bob', 'cyd'] });
});

/** What administrators replace as a whole: what one of them wants, and what another set meanwhile. */
const REPLACED: Record<string, () => { path: string; wanted: object; others: object; changed: string }> = {
  'an account': () => ({
    path: '',
    wanted: { name: 'acme', licence: 'ACCOUNT' },
    others: { name: 'Acme', licence: 'ACCOUNT' },
    changed: 'name',
  }),
  'an account’s fallback': () => ({
    path: '/fallback',
    wanted: { mode: 'ANY', maxHours: 24, maxAssets: null },
    others: { mode: 'OUTAGE', maxHours: null, maxAssets: 500 },
    changed: 'mode,maxAssets',
  }),
  'an account’s contacts': () => ({
    path: '/contacts',
    wanted: { emails: ['amy@acme.test'] },
    others: { emails: ['bob@acme.test'] },
    changed: 'emails',
  }),
  'a key’s references': () => ({
    path: `/keys/${world().kek.id}/references`,
    wanted: { references: [world().reference] },
    others: { references: [world().replica, world().reference] },
    changed: 'references',
  }),
};

for (const [name, row] of Object.entries(REPLACED)) {
  test(`of those who write on the same version of ${name} one wins`, async (t) => {
    const { wanted, others, changed, ...rest } = row();
    const path = `/v1/accounts/acme${rest.path}`;
    const read = await send('GET', path);
    t.regex(read.etag, /^"1\./);
    t.is((await send('PUT', path, { body: others })).status, 200, 'without If-Match the last write wins');
    const stored = await send('GET', path);
    const stale = await send('PUT', path, { headers: { 'if-match': read.etag }, body: wanted });
    t.like(stale, { status: 412, body: { code: 'STALE_VERSION', changed, etag: stored.etag } });
    t.like(await send('GET', path), { etag: stored.etag, body: stored.body });

    const headers = { 'if-match': stored.etag };
    const writes = await Promise.all([1, 2, 3, 4].map(() => send('PUT', path, { headers, body: wanted })));
    t.deepEqual(writes.map(({ status }) => status).sort(), [200, 412, 412, 412]);
    const written = writes.find(({ status }) => status === 200);
    t.like(written, { etag: (await send('GET', path)).etag, body: wanted });
  });
}

const HEADERS: Record<string, { header: string; status: number; unknown?: true }> = {
  'anything that is there': { header: '*', status: 200 },
  'one of several tags': { header: '"x", "ETAG"', status: 200 },
  'a weak tag': { header: 'W/"ETAG"', status: 412 },
  'no quotation marks': { header: '1', status: 400 },
  'nothing is there': { header: '*', status: 412, unknown: true },
};

for (const [index, [name, { header, status, unknown }]] of Object.entries(HEADERS).entries()) {
  test(`if-match: ${name}`, async (t) => {
    const path = unknown ? '/v1/accounts/nobody' : await withAccount(`header-${index}`);
    const { etag } = await send('GET', path);
    const headers = { 'if-match': header.replace('"ETAG"', etag) };
    const answer = await send('PUT', path, { headers, body: { name: 'A', licence: 'NONE' } });
    t.is(answer.status, status);
  });
}

test('coverage is changed on what was read', async (t) => {
  const account = await withAccount('covered');
  await withKey(account, 'covered');
  const { etag } = await send('GET', account);
  const path = `${account}/coverage/apply`;
  const body = { kind: 'LICENCE', licence: 'NONE', moveExisting: true };
  const first = await send('POST', path, { headers: { 'if-match': etag }, body });
  t.like(first, { status: 200, body: { existingAssets: 'FOLLOW' } });
  const second = await send('POST', path, { headers: { 'if-match': etag }, body });
  t.like(second, { status: 412, body: { changed: 'licence' } });
  const { moves } = (await send('GET', `${account}/moves`)).body as { moves: { kind: string }[] };
  t.deepEqual(
    moves.map(({ kind }) => kind),
    ['LEAVE'],
  );
});

test('a key is enrolled once, however often it is asked for', async (t) => {
  const { kms } = world();
  const path = `${await withAccount('enrolling')}/keys`;
  const body = { provider: 'aws', references: [kms.createKey('enrolling')] };
  const headers = { 'idempotency-key': 'request-1' };
  const first = await send('POST', path, { headers, body });
  t.is(first.status, 201);
  const again = await send('POST', path, { headers, body });
  t.deepEqual([again.status, again.body], [201, first.body]);
  t.is(again.headers['idempotent-replay'], 'true');
  t.is(((await send('GET', path)).body['keys'] as unknown[]).length, 1);

  const other = await send('POST', path, {
    headers,
    body: { ...body, references: [kms.createKey('another')] },
  });
  t.like(other, { status: 409, body: { code: 'CONFLICT' } });
  t.is(((await send('GET', path)).body['keys'] as unknown[]).length, 1);
  t.like(await send('POST', path, { body }), { status: 409 }, 'without the key it is a second one');
});

test('a request that failed may be sent again with its key', async (t) => {
  const { kms } = world();
  const reference = kms.createKey('denied');
  kms.key(reference).denied = () => true;
  const request = {
    headers: { 'idempotency-key': 'request-1' },
    body: { provider: 'aws', references: [reference] },
  };
  const path = `${await withAccount('failing')}/keys`;
  const refused = await send('POST', path, request);
  t.is(refused.status, 422);
  t.regex(String(refused.headers['content-type']), /^application\/problem\+json/);
  kms.key(reference).denied = () => false;
  t.is((await send('POST', path, request)).status, 201);
});

test('a webhook’s secret is in the answer again, and not in what is kept of it', async (t) => {
  const { store, clock } = world();
  const path = `${await withAccount('hooked')}/webhooks`;
  const request = {
    headers: { 'idempotency-key': 'hook' },
    body: { url: 'https://hooks.acme.test/cmk' },
  };
  const first = await send('POST', path, request);
  const again = await send('POST', path, request);
  t.is(first.status, 201);
  t.deepEqual([again.status, again.body], [201, first.body]);
  t.regex(String(again.body['secret']), /^whsec_/);
  const nowMs = clock.wallMs();
  const times = { nowMs, untilMs: nowMs + 1 };
  const kept = await store.idempotency.take({ account: 'hooked', key: 'hook', hash: 'other' }, times, 10);
  const text = JSON.stringify(kept);
  t.true(text.includes('hooks.acme.test'));
  t.false(text.includes('whsec_'));
});

test('a move is started once, however often it is asked for', async (t) => {
  const account = await withAccount('moving');
  const kekId = await withKey(account, 'moving');
  const body = { kind: 'LEAVE', selection: { kekIds: [kekId] }, target: 'platform' };
  const request = { headers: { 'idempotency-key': 'leave' }, body };
  const answers = [];
  for (let times = 0; times < 2; times++) {
    answers.push((await send('POST', `${account}/moves`, request)).body);
  }
  t.deepEqual(answers[1], answers[0]);
  t.is(((await send('GET', `${account}/moves`)).body['moves'] as unknown[]).length, 1);
});

test('an idempotency key that is none is refused', async (t) => {
  const path = `${await withAccount('keyless')}/keys`;
  const body = { provider: 'aws', references: [world().kms.createKey('keyless')] };
  const headers = { 'idempotency-key': 'x'.repeat(129) };
  const answer = await send('POST', path, { headers, body });
  t.like(answer, { status: 400, body: { code: 'INVALID_ARGUMENT', field: 'idempotency-key' } });
});
