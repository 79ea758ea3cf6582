import test, { type ExecutionContext } from 'ava';
import type { Page } from 'playwright-core';
import { issue, resolve, resolveRequestOf, type BrokerWorld } from '../support/broker-world.ts';
import { ASSET } from '../support/key-world.ts';
import { goTo, portalWorld, shoot } from '../support/portal-world.ts';

/** Every page, by the name of its screenshots. */
function pagesOf({ kekId }: BrokerWorld): Readonly<Record<string, string>> {
  const acme = '/accounts/acme';
  return {
    overview: acme,
    keys: `${acme}/keys`,
    key: `${acme}/keys/${kekId}`,
    'set-up': `${acme}/set-up`,
    assets: `${acme}/assets`,
    asset: `${acme}/assets/${ASSET.srvId}/${ASSET.type}/${ASSET.id}`,
    activity: `${acme}/activity`,
    moves: `${acme}/moves`,
    settings: `${acme}/settings`,
    accounts: '/operator/accounts',
    services: '/operator/services',
    health: '/operator/health',
    missing: '/accounts/acme/nothing',
    'key-unknown': `${acme}/keys/00000000-0000-7000-8000-000000000000`,
  };
}

/** Enough to see that texts of other lengths find room. */
const IN_JAPANESE = ['overview', 'settings'];

/** What people would see after some use. */
async function use(world: BrokerWorld): Promise<void> {
  await world.admin('PUT', '/v1/accounts/acme', { name: 'Acme Corporation', licence: 'ACCOUNT' });
  for (const id of [ASSET.id, 'meeting-2', 'meeting-3', 'meeting-4']) {
    await issue(world.recorder, { asset: { ...ASSET, id } });
  }
  await resolve(world.recorder, resolveRequestOf(await issue(world.recorder)));
  await issue(world.recorder, { asset: { ...ASSET, srvId: '0002' } }).catch(() => undefined);
  await world.admin('PUT', '/v1/accounts/acme/contacts', { emails: ['keys@acme.example'] });
  await world.admin('POST', '/v1/accounts/acme/alerts/test');
  await world.admin('PUT', `/v1/accounts/acme/leases/${ASSET.srvId}/${ASSET.type}`, { seconds: 90 });
}

/** A page of the activity is a search through a part of the ledger: several may be empty before something is found. */
async function seeSearch(t: ExecutionContext, page: Page): Promise<void> {
  let asked = 0;
  const activity = (url: URL) => url.pathname.endsWith('/activity') && url.pathname.startsWith('/v1/');
  await page.route(activity, (route) => {
    asked++;
    return route.fulfill({ json: { events: [], next: 'b2xkZXI' } });
  });
  await page.goto('/accounts/acme/activity');
  const further = page.getByRole('button', { name: 'Search further' });
  await further.waitFor();
  // What changes meanwhile may have some read again.
  t.true(asked >= 12 && asked < 24, `it asked ${asked} times by itself`);
  await page.unroute(activity);
  await page.route(activity, (route) =>
    route.continue({ url: route.request().url().replace('cursor=b2xkZXI', '') }),
  );
  await further.click();
  await page.getByRole('cell', { name: 'operator' }).first().waitFor();
  await page.unroute(activity);
}

test('every page is sound for axe in both themes, and the browser has nothing to complain of', async (t) => {
  t.timeout(240_000);
  const world = await portalWorld(t);
  await use(world);
  const { page, complaints } = await world.openAs('Olu');
  const { page: outside } = await world.open();
  await outside.getByRole('link', { name: 'Sign in' }).waitFor();
  t.deepEqual(await shoot(outside, 'sign-in'), []);
  for (const [name, path] of Object.entries(pagesOf(world))) {
    await goTo(page, path);
    const found = await shoot(page, name);
    t.deepEqual(found, [], `${name}: ${JSON.stringify(found, null, 1)}`);
    t.is(await page.getByRole('heading', { level: 1 }).count(), 1, name);
    t.regex(await page.title(), /.+ · Customer managed keys/);
  }
  await seeSearch(t, page);

  await page.getByRole('button', { name: '日本語' }).click();
  await page.locator('html[lang=ja]').waitFor({ state: 'attached' });
  for (const [name, path] of Object.entries(pagesOf(world)).filter(([name]) => IN_JAPANESE.includes(name))) {
    await goTo(page, path);
    t.deepEqual(await shoot(page, `${name}-ja`), []);
  }
  const unexpected = complaints.filter((each) => !/status of (401|404)/.test(each));
  t.deepEqual(unexpected, []);
});
