import test from 'ava';
import { signInWorld, type Json, type SignInWorld } from '../../support/sign-in-world.ts';
import { TOKEN } from '../../support/settings.ts';

/** No provider is asked in these tests: programs show tokens. */
const NO_PROVIDER = 'http://127.0.0.1:1';
const DAY_MS = 24 * 60 * 60_000;
const ACME = '/v1/accounts/acme';

interface Made {
  readonly token: { readonly id: string; readonly expiresAt: number; readonly lastUsedAt: number | null };
  readonly secret: string;
}

function send(world: SignInWorld, token: string, method: string, path: string, body?: object) {
  return world.withToken(token, path, {
    method,
    ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
}

async function make(world: SignInWorld, facts: object = {}, account = 'acme'): Promise<Made> {
  const wish = { name: 'backup', role: 'ADMINISTRATOR', expiresInDays: 30, ...facts };
  const { status, body } = await send(world, TOKEN, 'POST', `/v1/accounts/${account}/tokens`, wish);
  if (status !== 201) throw new Error(JSON.stringify(body));
  return body as unknown as Made;
}

test.serial('a token acts for its account under its own name, and is shown once', async (t) => {
  const world = await signInWorld(t, NO_PROVIDER);
  const { token, secret } = await make(world);
  t.regex(secret, /^cmk_[\w-]{43}$/);
  t.like(await world.withToken(secret, '/v1/me'), {
    status: 200,
    body: { name: 'token:backup', role: 'ADMINISTRATOR', account: 'acme', via: 'API_TOKEN', csrfToken: null },
  });
  t.is((await send(world, secret, 'PUT', `${ACME}/contacts`, { emails: [] })).status, 200);
  const lines = (await world.audit()).map(({ actor, detail }) => `${actor}: ${detail}`);
  const until = new Date(token.expiresAt).toISOString();
  t.deepEqual(lines.slice(0, 2), [
    'token:backup: put contacts: 0 addresses',
    `operator: make token backup: ADMINISTRATOR until ${until}`,
  ]);
  const listed = await world.withToken(secret, `${ACME}/tokens`);
  t.false(JSON.stringify(listed.body).includes(secret.slice(4)));
  t.is(await world.store.apiTokens.find(secret), null, 'what is stored does not sign in');
});

test.serial(
  'a request for a token that is sent again makes no second one, and says which there is',
  async (t) => {
    const world = await signInWorld(t, NO_PROVIDER);
    const create = (name: string) =>
      world.withToken(TOKEN, `${ACME}/tokens`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': 'once' },
        body: JSON.stringify({ name, role: 'AUDITOR', expiresInDays: 1 }),
      });
    const first = await create('nightly');
    t.is(first.status, 201);
    const { token, secret } = first.body as unknown as Made;
    const again = await create('nightly');
    t.like(again, { status: 409, body: { code: 'CONFLICT', token: token.id } });
    t.regex(String(again.body['detail']), /secret was shown then: if it did not arrive, revoke token/);
    t.false(JSON.stringify(again.body).includes(secret.slice(4)));
    t.like(await create('another'), { status: 409, body: { code: 'CONFLICT' } });
    const listed = (await world.withToken(TOKEN, `${ACME}/tokens`)).body as { tokens?: unknown[] };
    t.is(listed.tokens?.length, 1);
    t.is((await world.withToken(secret, '/v1/me')).status, 200);
  },
);

test.serial('a token has its role, its account, and makes no others', async (t) => {
  const world = await signInWorld(t, NO_PROVIDER);
  const auditor = await make(world, { name: 'reader', role: 'AUDITOR' });
  const administrator = await make(world);
  const codeOf = async (...[token, method, path, body]: [string, string, string, object?]) => {
    const answer = await send(world, token, method, path, body);
    return `${answer.status} ${String(answer.body['code'])}`;
  };
  t.is(await codeOf(auditor.secret, 'PUT', `${ACME}/contacts`, { emails: [] }), '403 ROLE_INSUFFICIENT');
  t.is(await codeOf(auditor.secret, 'GET', '/v1/accounts/globex'), '404 ACCOUNT_UNKNOWN');
  t.is(await codeOf(administrator.secret, 'GET', '/v1/accounts/globex/tokens'), '404 ACCOUNT_UNKNOWN');
  t.is(await codeOf(administrator.secret, 'GET', '/v1/accounts'), '403 ROLE_INSUFFICIENT');
  const wish = { name: 'heir', role: 'AUDITOR', expiresInDays: 1 };
  t.is(await codeOf(administrator.secret, 'POST', `${ACME}/tokens`, wish), '403 ROLE_INSUFFICIENT');
  t.is(await codeOf(auditor.secret, 'POST', `${ACME}/tokens`, wish), '403 ROLE_INSUFFICIENT');
  t.is(await codeOf(administrator.secret, 'POST', '/v1/me/sign-out'), '404 NOT_FOUND');
});

test.serial('a token ends at its time, and at once when it is revoked', async (t) => {
  const world = await signInWorld(t, NO_PROVIDER);
  const [short, long] = [await make(world, { expiresInDays: 1 }), await make(world, { name: 'long' })];
  const statusOf = async ({ secret }: Made) => (await world.withToken(secret, ACME)).status;
  world.clock.advance(DAY_MS - 1);
  t.is(await statusOf(short), 200);
  world.clock.advance(1);
  t.is(await statusOf(short), 401);
  t.is(await statusOf(long), 200);
  const elsewhere = await send(world, TOKEN, 'DELETE', `/v1/accounts/globex/tokens/${long.token.id}`);
  t.is(elsewhere.status, 404);
  t.is(await statusOf(long), 200);
  t.is((await send(world, TOKEN, 'DELETE', `${ACME}/tokens/${long.token.id}`)).status, 200);
  t.is(await statusOf(long), 401);
  t.like((await world.audit())[0], { actor: 'operator', account: 'acme', detail: 'revoke token long' });
});

test.serial('the last use is noted, once a minute at the most', async (t) => {
  const world = await signInWorld(t, NO_PROVIDER);
  const { secret } = await make(world);
  const lastUse = async () => {
    const { tokens } = (await world.withToken(TOKEN, `${ACME}/tokens`)).body as { tokens: Made['token'][] };
    return tokens[0]?.lastUsedAt;
  };
  t.is(await lastUse(), null);
  const startMs = world.clock.wallMs();
  for (const [afterMs, noted] of [
    [0, startMs],
    [59_999, startMs],
    [1, startMs + 60_000],
  ] as const) {
    world.clock.advance(afterMs);
    await world.withToken(secret, ACME);
    t.is(await lastUse(), noted);
  }
});

test.serial('fifty tokens of an account, each with a name of its own', async (t) => {
  const world = await signInWorld(t, NO_PROVIDER);
  for (let count = 0; count < 50; count++) await make(world, { name: `t${count}` });
  const refusal = async (name: string) => {
    const wish = { name, role: 'AUDITOR', expiresInDays: 1 };
    return (await send(world, TOKEN, 'POST', `${ACME}/tokens`, wish)).body;
  };
  t.like(await refusal('t0'), { code: 'CONFLICT', detail: 'the account has a token named "t0" already' });
  t.like(await refusal('one-more'), { code: 'CONFLICT', detail: 'expected at most 50 tokens of an account' });
  t.is((await make(world, { name: 't0' }, 'globex')).token.lastUsedAt, null);
});

/** Tokens that have the right form. */
function guess(number: number): string {
  return `cmk_${String(number).padStart(43, 'g')}`;
}

test.serial('brute force: guesses are limited, and nothing tells what is valid', async (t) => {
  const world = await signInWorld(t, NO_PROVIDER);
  const { secret } = await make(world);
  const ask = (token: string) => world.withToken(token, ACME);
  const bodies = new Set<string>();
  for (let number = 0; number < 20; number++) {
    const { status, body } = await ask(number % 2 ? guess(number) : `operator-${number}`);
    t.is(status, 401);
    bodies.add(JSON.stringify(body));
  }
  t.is(bodies.size, 1, 'what never was answers as what was');
  const limited = await ask(guess(21));
  t.like(limited, { status: 429, body: { code: 'TOO_MANY_ATTEMPTS', retryable: true } });
  for (const valid of [secret, TOKEN]) t.deepEqual(await ask(valid), limited, 'not looked at');
  t.is(await world.metric('cmk_admin_authentications_total', { via: 'API_TOKEN', outcome: 'REFUSED' }), 10);
  t.is(
    await world.metric('cmk_admin_authentications_total', { via: 'OPERATOR_TOKEN', outcome: 'REFUSED' }),
    10,
  );
  t.is(await world.metric('cmk_admin_authentications_total', { outcome: 'LIMITED' }), 3);

  world.clock.advance(3_000);
  t.is((await ask(secret)).status, 200);
  t.is((await ask(guess(22))).status, 401);
  t.is((await ask(guess(23))).status, 429);
  world.clock.advance(60_000);
  for (let number = 30; number < 50; number++) t.is((await ask(guess(number))).status, 401);
  t.is((await ask(guess(50))).status, 429);
});

test.serial('guesses of one address do not limit others, where a proxy may say who asks', async (t) => {
  for (const [proxies, expected] of [
    ['127.0.0.0/8', 200],
    ['10.0.0.0/8', 429],
  ] as const) {
    const world = await signInWorld(t, NO_PROVIDER, {}, { proxies });
    const { secret } = await make(world);
    const from = (address: string, token: string) =>
      world.withToken(token, ACME, { headers: { 'x-forwarded-for': `198.51.100.7, ${address}` } });
    for (let number = 0; number < 21; number++) await from('203.0.113.1', guess(number));
    t.is((await from('203.0.113.1', secret)).status, 429, 'what it says before does not count');
    t.is((await from('203.0.113.2', secret)).status, expected, proxies);
  }
});

test.serial('a program with a token that has ended locks nobody out', async (t) => {
  const world = await signInWorld(t, NO_PROVIDER);
  const { secret } = await make(world);
  for (let count = 0; count < 60; count++) t.is((await world.withToken(guess(1), ACME)).status, 401);
  t.is((await world.withToken(secret, ACME)).status, 200);
});

test.serial('an unknown, an expired and a revoked token are refused alike', async (t) => {
  const world = await signInWorld(t, NO_PROVIDER);
  const [expired, revoked] = [await make(world, { expiresInDays: 1 }), await make(world, { name: 'gone' })];
  await send(world, TOKEN, 'DELETE', `${ACME}/tokens/${revoked.token.id}`);
  world.clock.advance(DAY_MS);
  const answers: { status: number; body: Json }[] = [];
  for (const token of [guess(1), expired.secret, revoked.secret, 'cmk_', 'x']) {
    answers.push(await world.withToken(token, ACME));
  }
  for (const answer of answers) t.deepEqual(answer, answers[0]);
  t.is(answers[0]?.status, 401);
});
