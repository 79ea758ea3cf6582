import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';
import { createAuthentication } from '../../broker/admin/authentication.ts';
import { Idempotency } from '../../broker/admin/idempotency.ts';
import { RequestLimit } from '../../broker/admin/request-limit.ts';
import { createAdminApp } from '../../broker/admin/server.ts';
import { Recipients } from '../../broker/alerts/recipients.ts';
import { BrokerMetrics } from '../../broker/metrics.ts';
import { DEFAULT_CATALOGUE } from '../../broker/model/catalogue.ts';
import { SIGN_IN_SETTINGS, signInConfig } from '../../broker/portal/config.ts';
import { readConfig, Secret } from '../../runtime/config.ts';
import { parseNetworks } from '../../runtime/public-lookup.ts';
import { createLogger } from '../../runtime/logger.ts';
import {
  startIdentityProvider,
  type IdentityProviderOptions,
  type RunningIdentityProvider,
} from '../../sandbox/identity-provider/provider.ts';
import { Browser, formAction, type Page } from './browser.ts';
import { keyWorld, type KeyWorld } from './key-world.ts';
import { TOKEN } from './settings.ts';
import { keySetUpFor } from './set-up.ts';
import { viewsOf } from './views.ts';

/** Where browsers find the portal; TLS is in front of it, somewhere else. */
export const PORTAL = 'https://cmk.test';
export const SESSION_COOKIE = '__Host-cmk-session';
const CLIENT = { clientId: 'cmk-portal', clientSecret: 'a-client-secret-for-tests' };

/** The sandbox's identity provider, in this process. */
export function testProvider(
  options: Partial<IdentityProviderOptions> = {},
): Promise<RunningIdentityProvider> {
  return startIdentityProvider({ port: 0, portalUrl: PORTAL, ...CLIENT, ...options });
}

/** The administration API on a real port, with all the ways to show who calls, over a real store. */
export interface SignInWorld extends KeyWorld {
  /** Where it is served. */
  readonly url: string;
  /** A new browser, nobody signed in. */
  readonly browser: () => Browser;
  /** Signs somebody in; fails unless it works. */
  readonly signIn: (browser: Browser, user: string, to?: string) => Promise<Page>;
  /** What the API answers to a request with this token. */
  readonly withToken: (
    token: string,
    path: string,
    init?: RequestInit,
  ) => Promise<{ status: number; body: Json }>;
  /** What it answers to a browser’s session; what changes something comes from a page of the portal. */
  readonly ask: (browser: Browser, path: string, init?: Ask) => Promise<{ status: number; body: Json }>;
  readonly metric: (name: string, labels: Record<string, string>) => Promise<number>;
  /** Everything that was logged. */
  readonly log: readonly string[];
}

export type Json = Record<string, unknown>;
interface Ask {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: object;
}

export async function signInWorld(
  t: ExecutionContext,
  issuer: string,
  env: Record<string, string> = {},
  { proxies }: { proxies?: string } = {},
): Promise<SignInWorld> {
  const world = await keyWorld(t);
  const { store, clock } = world;
  const settings = readConfig(SIGN_IN_SETTINGS, {
    CMK_PORTAL_URL: PORTAL,
    CMK_OIDC_ISSUER: issuer,
    CMK_OIDC_CLIENT_ID: CLIENT.clientId,
    CMK_OIDC_CLIENT_SECRET: CLIENT.clientSecret,
    ...env,
  });
  const metrics = new BrokerMetrics(clock);
  const log: string[] = [];
  const logger = createLogger({
    name: 'broker',
    level: 'debug',
    destination: { write: (line) => log.push(line) },
  });
  const observer = {
    authenticated: metrics.authenticated.bind(metrics),
    signIn(outcome: string, detail: string | null) {
      metrics.signIn(outcome);
      logger.warn({ outcome, detail }, 'a sign-in ended');
    },
  };
  const config = { adminToken: new Secret(TOKEN), signIn: signInConfig(settings) };
  const app = createAdminApp({
    ...world,
    ...createAuthentication({ store, clock, observer, config }),
    recipients: new Recipients({ store, clock, webhookKey: null, webhookNetworks: null }),
    keySetUp: keySetUpFor(),
    requestLimit: new RequestLimit(clock, { burst: 1_000_000, perSecond: 1 }),
    idempotency: new Idempotency({ store: store.idempotency, clock }),
    views: viewsOf(world),
    catalogue: DEFAULT_CATALOGUE,
    portalDir: null,
    logger,
    trustedProxies: proxies === undefined ? null : (parseNetworks(proxies) ?? null),
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  t.teardown(() => app.close());
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const withToken: SignInWorld['withToken'] = async (token, path, init = {}) => {
    const headers = { authorization: `Bearer ${token}`, ...(init.headers as Record<string, string>) };
    const response = await fetch(url + path, { ...init, headers });
    return { status: response.status, body: (await response.json()) as Json };
  };
  return {
    ...world,
    url,
    log,
    browser: () => new Browser({ [PORTAL]: url }),
    signIn: (browser, user, to = '/') => signInAs(browser, user, to),
    withToken,
    ask,
    async metric(name, labels) {
      const metric = await metrics.registry.getSingleMetric(name)?.get();
      const found = metric?.values.filter((each) =>
        Object.entries(labels).every(([label, value]) => each.labels[label] === value),
      );
      return found?.reduce((sum, { value }) => sum + value, 0) ?? 0;
    },
  };
}

/** Begins at the portal, picks somebody at the provider; leads back to where the broker answers, or refuses. */
export async function pick(browser: Browser, user: string, to = '/'): Promise<string> {
  const page = await browser.go(`${PORTAL}/sign-in?again=1&to=${encodeURIComponent(to)}`);

  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ user }).toString(),
  };
  return browser.goUntil(formAction(page), `${PORTAL}/sign-in/callback`, init);
}

async function signInAs(browser: Browser, user: string, to: string): Promise<Page> {
  const { page } = await browser.request(await pick(browser, user, to));
  if (page.status === 303) return page;
  throw new Error(`expected ${user} to be signed in, got ${page.status}: ${page.text}`);
}

async function ask(browser: Browser, path: string, { method = 'GET', headers = {}, body }: Ask = {}) {
  const own = method === 'GET' ? {} : { origin: PORTAL, 'x-cmk-csrf': await csrfTokenOf(browser) };
  const { page } = await browser.request(PORTAL + path, {
    method,
    headers: { ...own, ...(body && { 'content-type': 'application/json' }), ...headers },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: page.status, body: JSON.parse(page.text) as Json };
}

export async function csrfTokenOf(browser: Browser): Promise<string> {
  const { page } = await browser.request(`${PORTAL}/v1/me`);
  return String((JSON.parse(page.text) as Json)['csrfToken']);
}
