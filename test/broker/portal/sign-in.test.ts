import test from 'ava';
import type { RunningIdentityProvider } from '../../../sandbox/identity-provider/provider.ts';
import { SANDBOX_USERS } from '../../../sandbox/identity-provider/users.ts';
import { formAction, hiddenFields } from '../../support/browser.ts';
import { pick, PORTAL, SESSION_COOKIE, signInWorld, testProvider } from '../../support/sign-in-world.ts';

const STRANGERS = [
  { id: 'no-role', roles: ['cook'], account: 'acme' },
  { id: 'no-account', roles: ['cmk-auditor'], account: null },
  { id: 'nobodys', roles: ['cmk-auditor'], account: 'nobody' },
  { id: 'broker', roles: ['cmk-auditor'], account: 'acme', email: 'operator' },
].map((each) => ({ name: each.id, words: '', email: `${each.id}@acme.example`, ...each }));

let provider: RunningIdentityProvider;

test.before(async () => {
  provider = await testProvider({ users: [...SANDBOX_USERS, ...STRANGERS] });
});
test.after.always(() => provider.close());

test.serial('an administrator signs in, is known, and the ledger tells', async (t) => {
  const { browser, signIn, ask, audit, metric } = await signInWorld(t, provider.issuer);
  const maria = browser();
  const page = await signIn(maria, 'maria', '/accounts/acme/keys?sort=name');
  t.is(page.headers.get('location'), `${PORTAL}/accounts/acme/keys?sort=name`);
  const me = await ask(maria, '/v1/me');
  t.is(me.status, 200);
  t.like(me.body, {
    name: 'maria@acme.example',
    role: 'ADMINISTRATOR',
    account: 'acme',
    via: 'SESSION',
    signOut: '/v1/me/sign-out',
  });
  t.like((await audit())[0], {
    action: 'SIGN_IN',
    outcome: 'ALLOWED',
    actor: 'maria@acme.example',
    account: 'acme',
    detail: 'signed in to the portal as ADMINISTRATOR',
  });
  t.is(await metric('cmk_sign_ins_total', { outcome: 'SIGNED_IN' }), 1);
});

test.serial('each role sees what it may', async (t) => {
  const { browser, signIn, ask } = await signInWorld(t, provider.issuer);
  const [auditor, operator] = [browser(), browser()];
  await signIn(auditor, 'akira');
  await signIn(operator, 'olu');
  t.is((await ask(auditor, '/v1/accounts/acme')).status, 200);
  const put = await ask(auditor, '/v1/accounts/acme/contacts', { method: 'PUT', body: { emails: [] } });
  t.like(put, { status: 403, body: { code: 'ROLE_INSUFFICIENT' } });
  t.is((await ask(auditor, '/v1/accounts')).status, 403);
  t.like(await ask(operator, '/v1/me'), { body: { role: 'OPERATOR', account: null } });
  t.is((await ask(operator, '/v1/accounts')).status, 200);
});

test.serial(
  'cookies are bound to this host, out of reach of scripts, and not sent along by other sites',
  async (t) => {
    const { browser, signIn } = await signInWorld(t, provider.issuer);
    const maria = browser();
    await signIn(maria, 'maria');
    const ours = maria.setCookies.filter((line) => line.includes('cmk-'));
    const attributes = '; Path=/; HttpOnly; Secure; SameSite=Lax';
    const shapes = ours.map((line) => line.replace(/=[\w-]{20,}/, '=VALUE'));
    t.deepEqual(shapes, [
      `__Host-cmk-sign-in=VALUE; Max-Age=600${attributes}`,
      `__Host-cmk-sign-in=; Max-Age=0${attributes}`,
      `__Host-cmk-session=VALUE; Max-Age=28800${attributes}`,
    ]);
  },
);

test.serial(
  'without TLS on this machine the cookies are plain, as not every browser keeps others there',
  async (t) => {
    const { url } = await signInWorld(t, provider.issuer, { CMK_PORTAL_URL: 'http://127.0.0.1:9' });
    const { headers } = await fetch(`${url}/sign-in`, { redirect: 'manual' });
    t.regex(
      headers.get('set-cookie') ?? '',
      /^cmk-sign-in=[\w-]+; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/,
    );
  },
);

test.serial('open redirect: whatever was asked for, it goes on in the portal', async (t) => {
  const { browser, signIn } = await signInWorld(t, provider.issuer);
  for (const to of ['https://evil.example/', '//evil.example', '/\\evil.example', '/sign-in']) {
    t.is((await signIn(browser(), 'maria', to)).headers.get('location'), `${PORTAL}/`, to);
  }
});

test.serial('fixation: a session that was planted before is not the one that is signed in', async (t) => {
  const { browser, signIn, ask, store } = await signInWorld(t, provider.issuer);
  const [attacker, victim] = [browser(), browser()];
  await signIn(attacker, 'akira');
  const planted = attacker.cookiesOf(PORTAL).get(SESSION_COOKIE) ?? '';
  victim.cookiesOf(PORTAL).set(SESSION_COOKIE, planted);
  await signIn(victim, 'maria');
  t.not(victim.cookiesOf(PORTAL).get(SESSION_COOKIE), planted);
  t.is((await ask(attacker, '/v1/me')).status, 401, 'and the planted one is over');
  t.like((await ask(victim, '/v1/me')).body, { name: 'maria@acme.example' });

  const neverGiven = 'A'.repeat(43);
  victim.cookiesOf(PORTAL).set(SESSION_COOKIE, neverGiven);
  await signIn(victim, 'maria');
  t.not(victim.cookiesOf(PORTAL).get(SESSION_COOKIE), neverGiven);
  t.is(await store.sessions.find(neverGiven), null);
});

test.serial('replay: the provider’s answer is good once, and in the browser that asked', async (t) => {
  const { browser, ask, metric } = await signInWorld(t, provider.issuer);
  const [maria, thief] = [browser(), browser()];
  const answer = await pick(maria, 'maria');
  const kept = new Map(maria.cookiesOf(PORTAL));

  const stolen = await thief.go(answer);
  t.is(stolen.status, 400);
  t.regex(stolen.text, /This sign-in is no longer valid/);
  t.is((await ask(thief, '/v1/me')).status, 401);

  t.is((await maria.request(answer)).page.status, 303);
  t.is((await maria.go(answer)).status, 400, 'the browser has let go of it');
  for (const [name, value] of kept) thief.cookiesOf(PORTAL).set(name, value);
  const replayed = await thief.go(answer);
  t.is(replayed.status, 502, 'even with all that the browser kept, the code is used up');
  t.is((await ask(thief, '/v1/me')).status, 401);
  t.is(await metric('cmk_sign_ins_total', { outcome: 'INVALID' }), 1);
});

test.serial('a code of another sign-in, or with another state, is refused', async (t) => {
  const { browser, ask } = await signInWorld(t, provider.issuer);
  const [maria, attacker] = [browser(), browser()];
  const theirs = new URL(await pick(attacker, 'akira'));
  const own = new URL(await pick(maria, 'maria'));
  // The attacker's code under the victim's state: would sign the victim in as the attacker.
  const mixed = new URL(own);
  mixed.searchParams.set('code', theirs.searchParams.get('code') ?? '');
  t.is((await maria.go(mixed.href)).status, 502);
  t.is((await ask(maria, '/v1/me')).status, 401);

  const again = new URL(await pick(maria, 'maria'));
  again.searchParams.set('state', theirs.searchParams.get('state') ?? '');
  t.is((await maria.go(again.href)).status, 400);
  t.is((await maria.go(`${PORTAL}/sign-in/callback`)).status, 400);
});

test.serial('a sign-in that took too long, or whose cookie was changed, begins anew', async (t) => {
  const { browser, clock } = await signInWorld(t, provider.issuer);
  const maria = browser();
  const late = await pick(maria, 'maria');
  clock.advance(600_000);
  t.is((await maria.go(late)).status, 400);
  const answer = await pick(maria, 'maria');
  const [name = '', value = ''] =
    [...maria.cookiesOf(PORTAL)].find(([each]) => each.includes('sign-in')) ?? [];
  const changed = value.startsWith('A') ? `B${value.slice(1)}` : `A${value.slice(1)}`;
  for (const each of [changed, value.slice(0, -1), 'x', '']) {
    maria.cookiesOf(PORTAL).set(name, each);
    t.is((await maria.go(answer)).status, 400);
  }
});

for (const [user, title, recorded] of [
  [
    'no-role',
    'You have no role here',
    'SIGN_IN REFUSED no-role@acme.example: sign-in to the portal: NO_ROLE',
  ],
  ['no-account', 'You belong to no account here', null],
  ['nobodys', 'Your account is not known here', null],
  [
    'broker',
    'Your name cannot be used here',
    'SIGN_IN REFUSED somebody without a usable name: sign-in to the portal: NAME_UNUSABLE',
  ],
] as const) {
  test.serial(`refused, with a page that says why: ${user}`, async (t) => {
    const { browser, audit, ask } = await signInWorld(t, provider.issuer);
    const before = (await audit()).length;
    const stranger = browser();
    const page = await stranger.go(await pick(stranger, user));
    t.is(page.status, 403);
    t.true(page.text.includes(`<h1>${title}</h1>`));
    t.true(page.text.includes('href="/sign-in?again=1"'), 'a way out: the provider would say the same again');
    t.regex(page.headers.get('content-security-policy') ?? '', /^default-src 'none'; style-src 'sha256-/);
    t.is((await ask(stranger, '/v1/me')).status, 401);
    const lines = (await audit()).slice(0, -before || undefined);
    t.deepEqual(
      lines.map(({ action, outcome, actor, detail }) => `${action} ${outcome} ${actor}: ${detail}`),
      recorded === null ? [] : [recorded],
    );
  });
}

test.serial('who goes back at the provider is told, in the browser’s language', async (t) => {
  const { browser } = await signInWorld(t, provider.issuer);
  const maria = browser();
  const answer = await pick(maria, '');
  const page = await maria.go(answer, { headers: { 'accept-language': 'fr-FR,ja;q=0.9' } });
  t.is(page.status, 403);
  t.true(page.text.includes('<html lang="ja">'));
});

test.serial('signing out ends the session here and at the provider', async (t) => {
  const { browser, signIn, ask, audit } = await signInWorld(t, provider.issuer);
  const maria = browser();
  await signIn(maria, 'maria');
  const cookie = maria.cookiesOf(PORTAL).get(SESSION_COOKIE) ?? '';
  const { status, body } = await ask(maria, '/v1/me/sign-out', { method: 'POST' });
  t.is(status, 200);
  t.like((await audit())[0], { action: 'SIGN_OUT', actor: 'maria@acme.example', account: 'acme' });
  t.false(maria.cookiesOf(PORTAL).has(SESSION_COOKIE));
  maria.cookiesOf(PORTAL).set(SESSION_COOKIE, cookie);
  t.is((await ask(maria, '/v1/me')).status, 401, 'revoked, not only forgotten');

  const continueAt = String(body['continueAt']);
  t.true(continueAt.startsWith(`${provider.issuer}/session/end?`));
  const confirm = await maria.go(continueAt);
  const end = await maria.go(formAction(confirm), {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ ...hiddenFields(confirm), logout: 'yes' }).toString(),
  });
  t.is(end.url.split('?')[0], `${PORTAL}/signed-out`);
  t.true(end.text.includes('You are signed out'));
  const next = await maria.go(`${PORTAL}/sign-in`);
  t.true(next.text.includes('Who are you?'), 'the provider asks again');
});

test.serial('the provider knows who was there before, unless somebody else wants to sign in', async (t) => {
  const { browser, signIn } = await signInWorld(t, provider.issuer);
  const maria = browser();
  await signIn(maria, 'maria');
  const callback = `${PORTAL}/sign-in/callback`;
  t.true((await maria.goUntil(`${PORTAL}/sign-in`, callback)).startsWith(callback));
  t.true((await maria.go(`${PORTAL}/sign-in?again=1`)).text.includes('Who are you?'));
});
