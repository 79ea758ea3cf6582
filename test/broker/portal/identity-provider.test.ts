import { generateKeyPairSync, sign } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import test, { type ExecutionContext } from 'ava';
import { hmacOf, jwt, startForgingProvider, type ForgingProvider } from '../../support/forging-provider.ts';
import { PORTAL, signInWorld, type SignInWorld } from '../../support/sign-in-world.ts';

/** A provider that is not what it should be: nobody gets in, and whoever tries is told. */

/** Short, where nothing is to come; else as it is by default. */
const IMPATIENT = { CMK_OIDC_TIMEOUT: '1500ms' };

/** Begins a sign-in; what comes back is as `forge` makes it. */
async function signInWith(
  world: SignInWorld,
  provider: ForgingProvider,
  forge: (provider: ForgingProvider, nonce: string) => string,
) {
  const browser = world.browser();
  const asked = new URL(await browser.goUntil(`${PORTAL}/sign-in`, provider.issuer));
  provider.idToken = () => forge(provider, asked.searchParams.get('nonce') ?? '');
  const answer = new URLSearchParams({ code: 'a-code', state: asked.searchParams.get('state') ?? '' });
  const { page } = await browser.request(`${PORTAL}/sign-in/callback?${answer.toString()}`);
  return { page, browser };
}

async function forgingWorld(t: ExecutionContext, env: Record<string, string> = {}) {
  const provider = await startForgingProvider(t);
  return { provider, world: await signInWorld(t, provider.issuer, env) };
}

const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const FORGED: Record<string, (provider: ForgingProvider, nonce: string) => string> = {
  'another nonce'({ honest, signed }) {
    return signed(honest('of-another-sign-in'));
  },
  'no nonce'({ honest, signed }) {
    const { nonce: _, ...claims } = honest('');
    return signed(claims);
  },
  'claims that were changed'({ honest, signed }, nonce) {
    const [header, , signature] = signed(honest(nonce)).split('.');
    const [, changed] = signed({ ...honest(nonce), roles: ['cmk-operator'] }).split('.');
    return [header, changed, signature].join('.');
  },
  'no signature at all'({ honest }, nonce) {
    return jwt({ alg: 'none' }, honest(nonce), () => Buffer.alloc(0));
  },
  'the public key for a secret'({ honest, publicKey }, nonce) {
    const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
    return jwt({ alg: 'HS256' }, honest(nonce), hmacOf(pem));
  },
  'the client’s secret for a key'({ honest }, nonce) {
    return jwt({ alg: 'HS256' }, honest(nonce), hmacOf('a-client-secret-for-tests'));
  },
  'somebody else’s key'({ honest }, nonce) {
    return jwt({ alg: 'ES256', kid: 'one' }, honest(nonce), (text) =>
      sign('sha256', Buffer.from(text), { key: other.privateKey, dsaEncoding: 'ieee-p1363' }),
    );
  },
  'a time that is over'({ honest, signed }, nonce) {
    return signed({ ...honest(nonce), exp: Math.floor(Date.now() / 1000) - 60 });
  },
  'another issuer'({ honest, signed }, nonce) {
    return signed({ ...honest(nonce), iss: 'https://elsewhere.example' });
  },
  'another audience'({ honest, signed }, nonce) {
    return signed({ ...honest(nonce), aud: 'another-client' });
  },
  'no token': () => '',
  'no JWT': () => 'a.b',
};

test.serial('an honest token lets in', async (t) => {
  const { world, provider } = await forgingWorld(t);
  const { page, browser } = await signInWith(world, provider, ({ honest, signed }, nonce) =>
    signed(honest(nonce)),
  );
  t.is(page.status, 303, page.text);
  t.like((await world.ask(browser, '/v1/me')).body, { name: 'maria@acme.example', role: 'AUDITOR' });
});

test.serial('a token that is not as it must be lets nobody in, and is not logged', async (t) => {
  const { world, provider } = await forgingWorld(t);
  for (const [name, forge] of Object.entries(FORGED)) {
    const { page, browser } = await signInWith(world, provider, forge);
    t.is(page.status, 502, name);
    t.true(page.text.includes('did not pass the checks'), name);
    t.is((await world.ask(browser, '/v1/me')).status, 401, name);
  }
  t.is(await world.metric('cmk_sign_ins_total', { outcome: 'INVALID' }), Object.keys(FORGED).length);
  t.notRegex(world.log.join(''), /eyJ|maria@|opaque/);
});

type Interference = (response: ServerResponse) => unknown;
const JSON_TYPE = { 'content-type': 'application/json' };

const FAULTS: Record<string, [path: string, interference: Interference]> = {
  'silence of the token endpoint': ['/token', () => undefined],
  'keys that do not come': ['/jwks', (response) => response.destroy()],
  'half an answer': ['/token', (response) => response.writeHead(200, JSON_TYPE).write('{"id_')],
  'a broken connection': ['/token', (response) => response.destroy()],
  'a proxy’s page': [
    '/token',
    (response) => response.writeHead(503, { 'content-type': 'text/html' }).end('<h1>no</h1>'),
  ],
  'an answer without end': [
    '/token',
    (response) => response.writeHead(200, JSON_TYPE).end('x'.repeat(2_000_000)),
  ],
};

test.serial('a provider that fails: nobody waits for long, and everybody is told', async (t) => {
  const { world, provider } = await forgingWorld(t, IMPATIENT);
  const honest = ({ honest: claims, signed }: ForgingProvider, nonce: string) => signed(claims(nonce));
  for (const [name, [path, interference]] of Object.entries(FAULTS)) {
    provider.interfere = (asked, response) => {
      if (asked === path) interference(response);
      return asked === path;
    };
    const { page, browser } = await signInWith(world, provider, honest);
    t.is(page.status, 503, `${name}: ${page.text}`);
    t.true(page.text.includes('does not answer'), name);
    t.is((await world.ask(browser, '/v1/me')).status, 401, name);
  }
  provider.interfere = () => false;
  t.is(
    (await signInWith(world, provider, honest)).page.status,
    303,
    'and when it is back, so is the sign-in',
  );
});

const UNUSABLE: Record<string, Interference> = {
  silence: () => undefined,
  'nothing there': (response) => response.writeHead(404).end(),
  'another’s name': (response) =>
    response.writeHead(200, JSON_TYPE).end(JSON.stringify({ issuer: 'https://elsewhere.example' })),
};

test.serial('a provider that is down, or never says what it offers', async (t) => {
  const { world, provider } = await forgingWorld(t, IMPATIENT);
  for (const [name, interference] of Object.entries(UNUSABLE)) {
    provider.interfere = (_, response) => {
      interference(response);
      return true;
    };
    const page = await world.browser().go(`${PORTAL}/sign-in`);
    t.is(page.status, 503, name);
    t.regex(page.text, /The identity provider does not answer[^]*href="\/sign-in"/, name);
  }
  t.is(await world.metric('cmk_sign_ins_total', { outcome: 'UNREACHABLE' }), 3);
  const nobody = await signInWorld(t, 'http://127.0.0.1:1');
  t.is((await nobody.browser().go(`${PORTAL}/sign-in`)).status, 503);
});

test.serial('who is signed in works on without the provider, and signs out', async (t) => {
  const { world, provider } = await forgingWorld(t);
  const { browser } = await signInWith(world, provider, ({ honest, signed }, nonce) => signed(honest(nonce)));
  provider.interfere = () => true;
  t.is((await world.ask(browser, '/v1/accounts/acme')).status, 200);
  world.clock.advance(1_200_000);
  t.is((await world.ask(browser, '/v1/accounts/acme')).status, 200);
  // What it offers is known for an hour; it has no place to sign out at.
  const out = await world.ask(browser, '/v1/me/sign-out', { method: 'POST' });
  t.deepEqual(out, { status: 200, body: { continueAt: `${PORTAL}/signed-out` } });
  t.is((await world.ask(browser, '/v1/me')).status, 401);
});
