import test, { type ExecutionContext } from 'ava';
import type { RunningIdentityProvider } from '../../../sandbox/identity-provider/provider.ts';
import {
  csrfTokenOf,
  PORTAL,
  SESSION_COOKIE,
  signInWorld,
  testProvider,
} from '../../support/sign-in-world.ts';

const MINUTE_MS = 60_000;
let provider: RunningIdentityProvider;

test.before(async () => {
  provider = await testProvider();
});
test.after.always(() => provider.close());

/** Maria, signed in. */
async function signedIn(t: ExecutionContext, env: Record<string, string> = {}) {
  const world = await signInWorld(t, provider.issuer, env);
  const maria = world.browser();
  await world.signIn(maria, 'maria');
  return { ...world, maria };
}

test.serial('idle: a session that nobody uses ends, one that is used goes on', async (t) => {
  const { ask, maria, clock } = await signedIn(t);
  const startMs = clock.wallMs();
  t.is((await ask(maria, '/v1/me')).body['expiresAt'], startMs + 30 * MINUTE_MS);
  for (let uses = 0; uses < 3; uses++) {
    clock.advance(29 * MINUTE_MS);
    t.is((await ask(maria, '/v1/accounts/acme')).status, 200);
  }
  t.is((await ask(maria, '/v1/me')).body['expiresAt'], startMs + (3 * 29 + 30) * MINUTE_MS);
  clock.advance(30 * MINUTE_MS);
  t.like(await ask(maria, '/v1/me'), { status: 401, body: { code: 'TOKEN_INVALID' } });
});

test.serial('idle: what a page asks while nobody touches it keeps no session alive', async (t) => {
  const { ask, maria, clock } = await signedIn(t);
  for (const headers of [{ 'x-cmk-unattended': '1' }, { accept: 'text/event-stream' }]) {
    clock.advance(10 * MINUTE_MS);
    t.is((await ask(maria, '/v1/me', { headers })).status, 200);
  }
  clock.advance(10 * MINUTE_MS);
  t.is((await ask(maria, '/v1/me')).status, 401);
});

test.serial('absolute: a session ends, however much it is used', async (t) => {
  const { ask, maria, clock } = await signedIn(t, { CMK_SESSION_MAX: '1h' });
  for (let uses = 0; uses < 3; uses++) {
    clock.advance(19 * MINUTE_MS);
    t.is((await ask(maria, '/v1/me')).status, 200);
  }
  clock.advance(3 * MINUTE_MS - 1);
  t.is((await ask(maria, '/v1/me')).status, 200);
  clock.advance(1);
  t.is((await ask(maria, '/v1/me')).status, 401);
});

test.serial('a person has ten sessions at a time: the oldest ends', async (t) => {
  const { ask, maria, signIn, browser, clock } = await signedIn(t);
  const gwen = browser();
  await signIn(gwen, 'gwen');
  for (let count = 0; count < 10; count++) {
    clock.advance(1);
    await signIn(browser(), 'maria');
  }
  t.is((await ask(maria, '/v1/me')).status, 401);
  t.is((await ask(gwen, '/v1/me')).status, 200, 'others’ stay');
});

test.serial('the database cannot be used to sign in', async (t) => {
  const { maria, store, ask, browser } = await signedIn(t);
  const cookie = maria.cookiesOf(PORTAL).get(SESSION_COOKIE) ?? '';
  t.is(await store.sessions.find(cookie), null);
  const thief = browser();
  const { createHash } = await import('node:crypto');
  const hash = createHash('sha256').update(Buffer.from(cookie, 'base64url')).digest('base64url');
  const session = await store.sessions.find(hash);
  t.is(session?.name, 'maria@acme.example');
  t.false(JSON.stringify(session).includes('eyJ'), 'the ID token is sealed');
  for (const each of [hash, session?.sealedIdToken ?? '', cookie.slice(0, -1), `${cookie}x`, '']) {
    thief.cookiesOf(PORTAL).set(SESSION_COOKIE, each);
    t.is((await ask(thief, '/v1/me')).status, 401, each);
  }
});

test.serial('brute force: guesses of sessions are limited, and nothing tells which is valid', async (t) => {
  const { ask, maria, browser, clock, metric } = await signedIn(t);
  const thief = browser();
  const guess = (number: number) => {
    thief.cookiesOf(PORTAL).set(SESSION_COOKIE, String(number).padStart(43, 'g'));
    return ask(thief, '/v1/me');
  };
  for (let number = 0; number < 20; number++) t.is((await guess(number)).status, 401);
  const limited = await guess(20);
  t.like(limited, { status: 429, body: { code: 'TOO_MANY_ATTEMPTS' } });
  t.deepEqual(await ask(maria, '/v1/me'), limited, 'what is valid is not looked at either');
  t.is(await metric('cmk_admin_authentications_total', { via: 'SESSION', outcome: 'REFUSED' }), 20);
  clock.advance(MINUTE_MS);
  t.is((await ask(maria, '/v1/me')).status, 200);
});

test.serial('a session is no token, and signing out ends it alone', async (t) => {
  const { ask, maria, browser, signIn, withToken } = await signedIn(t);
  const cookie = maria.cookiesOf(PORTAL).get(SESSION_COOKIE) ?? '';
  for (const token of [cookie, `cmk_${cookie}`]) t.is((await withToken(token, '/v1/me')).status, 401);
  const elsewhere = browser();
  await signIn(elsewhere, 'maria');
  t.is((await ask(elsewhere, '/v1/me/sign-out', { method: 'POST' })).status, 200);
  t.is((await ask(maria, '/v1/me')).status, 200);
});

test.serial('where a token is shown, the session beside it does not count', async (t) => {
  const { ask, maria } = await signedIn(t);
  const both = await ask(maria, '/v1/me', { headers: { authorization: 'Bearer wrong' } });
  t.is(both.status, 401);
  const atProxy = await ask(maria, '/v1/me', { headers: { authorization: 'Basic cHJveHk6c2VjcmV0' } });
  t.is(atProxy.status, 200, 'what a browser shows a proxy in front is no token');
});

test.serial(
  'CSRF: what changes something needs the token of this session, from a page of the portal',
  async (t) => {
    const { maria, signIn, browser, audit } = await signedIn(t);
    const gwen = browser();
    await signIn(gwen, 'gwen');
    const own = await csrfTokenOf(maria);
    const before = await audit();
    const origin = PORTAL;
    const rows: Record<string, Record<string, string>> = {
      'no token': { origin },
      'a wrong token': { origin, 'x-cmk-csrf': `${own.slice(0, -1)}${own.endsWith('A') ? 'B' : 'A'}` },
      'an empty token': { origin, 'x-cmk-csrf': '' },
      'another session’s token': { origin, 'x-cmk-csrf': await csrfTokenOf(gwen) },
      'the session’s id for a token': {
        origin,
        'x-cmk-csrf': maria.cookiesOf(PORTAL).get(SESSION_COOKIE) ?? '',
      },
      'another site': { origin: 'https://evil.example', 'x-cmk-csrf': own },
      'a site whose name begins so': { origin: `${PORTAL}.evil.example`, 'x-cmk-csrf': own },
      'no site that is known': { origin: 'null', 'x-cmk-csrf': own },
      'another port': { origin: `${PORTAL}:444`, 'x-cmk-csrf': own },
      'a neighbouring host': { 'sec-fetch-site': 'same-site', 'x-cmk-csrf': own },
      'another site, as the browser says': { origin, 'sec-fetch-site': 'cross-site', 'x-cmk-csrf': own },
      'no word about the site': { 'x-cmk-csrf': own },
    };
    for (const [name, headers] of Object.entries(rows)) {
      for (const [method, path, body] of [
        ['PUT', '/v1/accounts/acme/contacts', '{"emails":[]}'],
        ['DELETE', '/v1/accounts/acme/enrolments/0001/MeetingWebinarRecording', undefined],
        ['POST', '/v1/me/sign-out', undefined],
      ] as const) {
        const { page } = await maria.request(PORTAL + path, {
          method,
          headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
          ...(body && { body }),
        });
        t.is(page.status, 403, `${name}: ${method}: ${page.text}`);
        t.is((JSON.parse(page.text) as { code: string }).code, 'CROSS_SITE_REQUEST', name);
      }
    }
    t.deepEqual(await audit(), before, 'nothing happened');
    const put = (headers: Record<string, string>) =>
      maria.request(`${PORTAL}/v1/accounts/acme/contacts`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json', 'x-cmk-csrf': own, ...headers },
        body: '{"emails":[]}',
      });
    t.is((await put({ origin })).page.status, 200);
    t.is((await put({ 'sec-fetch-site': 'same-origin' })).page.status, 200);
  },
);
