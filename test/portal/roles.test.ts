import test from 'ava';
import { issue } from '../support/broker-world.ts';
import { goTo, portalWorld, settled } from '../support/portal-world.ts';
import { sharedWorld } from '../support/shared-world.ts';

const PAGES = ['', '/keys', '/assets', '/activity', '/moves', '/settings', '/set-up'];
/** What people of an account never see. */
const OPERATE = ['/operator/accounts', '/operator/services', '/operator/health'];
/** What buttons that change something say. */
const ACTS =
  /revoke|retire|restore|rotate|move|add|make|save|remove|enrol|pause|resume|change|what it does|verify…|next/i;

const shared = sharedWorld(async (t) => {
  const world = await portalWorld(t, { CMK_WEBHOOK_KEY: 'a-webhook-key-for-tests-0123456789abcdef' });
  await issue(world.recorder);
  await world.admin('PUT', '/v1/accounts/acme/groups/board', { name: 'Board', licensed: true, members: [] });
  for (const [what, body] of [
    ['webhooks', { url: 'https://hooks.acme.example/' }],
    ['tokens', { name: 'backup', role: 'AUDITOR', expiresInDays: 1 }],
  ] as const) {
    await world.admin('POST', `/v1/accounts/acme/${what}`, body);
  }
  return world;
});

/** A request as the portal makes it, from the browser of whoever is signed in. */
const FORCED = `async ([method, path, body]) => {
  const { csrfToken } = await (await fetch('/v1/me')).json();
  const headers = { 'x-cmk-csrf': csrfToken, 'content-type': 'application/json' };
  const answer = await fetch(path, { method, headers, body });
  return answer.status + ' ' + (await answer.json()).code;
}`;

test('an auditor reads all of the account, changes nothing, and sees no other', async (t) => {
  t.timeout(60_000);
  const { openAs, kekId } = shared();
  const { page } = await openAs('Akira');
  t.is(await page.getByRole('link', { name: 'Set-up' }).count(), 0);
  t.is(await page.getByRole('link', { name: 'Accounts' }).count(), 0);
  for (const path of [...PAGES, `/keys/${kekId}`]) {
    await goTo(page, `/accounts/acme${path}`);
    const main = page.getByRole('main');
    t.is(await main.getByRole('alert').count(), 0, path);
    t.deepEqual(
      (await main.getByRole('button').allInnerTexts()).filter((text) => ACTS.test(text)),
      [],
      path,
    );
    t.deepEqual(
      (await main.getByRole('link').allInnerTexts()).filter((text) => /set up/i.test(text)),
      [],
      path,
    );
    for (const control of await main.getByRole('radio').or(main.getByRole('switch')).all()) {
      const isOfTheView = (await control.getAttribute('class'))?.includes('SegmentedControl') === true;
      t.true(isOfTheView || (await control.isDisabled()), path);
    }
  }
  for (const path of ['', '/keys', '/activity']) {
    await goTo(page, `/accounts/globex${path}`);
    await page.getByRole('alert').getByText('globex').first().waitFor();
  }
  for (const path of OPERATE) {
    await goTo(page, path);
    await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
  }

  const force = (method: string, path: string, body: string | null = null) =>
    page.evaluate(`(${FORCED})(${JSON.stringify([method, path, body])})`);
  t.is(await force('POST', `/v1/accounts/acme/keys/${kekId}/revoke`), '403 ROLE_INSUFFICIENT');
  t.is(await force('PUT', '/v1/accounts/acme/contacts', '{"emails":[]}'), '403 ROLE_INSUFFICIENT');
  t.is(await force('DELETE', '/v1/accounts/globex/enrolments/0010/Clip'), '404 ACCOUNT_UNKNOWN');
  t.is(await force('PUT', '/v1/accounts/acme', '{"name":"Mine","licence":"NONE"}'), '403 ROLE_INSUFFICIENT');
});

test('an administrator has their account and nothing of the provider’s', async (t) => {
  t.timeout(60_000);
  const { openAs, kekId } = shared();
  const { page } = await openAs('Gwen');
  t.is(new URL(page.url()).pathname, '/accounts/globex');
  for (const path of ['/accounts/acme', `/accounts/acme/keys/${kekId}`, `/accounts/globex/keys/${kekId}`]) {
    await goTo(page, path);
    await page.getByRole('alert').first().waitFor();
    t.notRegex(await page.getByRole('main').innerText(), /fake:customer/, path);
  }
  for (const path of OPERATE) {
    await goTo(page, path);
    await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
  }
});

test('an operator makes an account, acts in another, by keyboard alone, and its ledger tells', async (t) => {
  t.timeout(60_000);
  const { openAs, admin } = shared();
  const { page, keyboard } = await openAs('Olu');
  await page.getByRole('heading', { level: 1, name: 'Accounts' }).waitFor();
  await keyboard.write('Id', 'initech', page.getByRole('region', { name: 'New account' }));
  await keyboard.write('Name', 'Initech', page.getByRole('region', { name: 'New account' }));
  await keyboard.press('Make the account');
  await page.getByRole('link', { name: 'Initech' }).waitFor();
  await keyboard.write('Find by name or id', 'acm');
  await page.getByRole('link', { name: 'Initech' }).waitFor({ state: 'detached' });
  const provider = page.getByRole('navigation', { name: 'Pages' });
  await keyboard.follow('Services', provider);
  await page.getByText('Meeting Recorder').waitFor();
  await keyboard.follow('Health', provider);
  await page.getByText('Up', { exact: true }).waitFor();
  await keyboard.follow('Accounts', provider);
  await keyboard.follow('acme', page.getByRole('main'));
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  await keyboard.follow('Settings');
  await keyboard.write('E-mail addresses', 'desk@provider.example');
  await keyboard.press('Save contacts');
  await page.getByText('The contacts are saved.').first().waitFor();
  await settled(page);
  const { body } = await admin('GET', '/v1/accounts/acme/activity?actor=olu@provider.example');
  t.regex(JSON.stringify(body), /put contacts: 1 addresses/);
});
