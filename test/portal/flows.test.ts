import test, { type ExecutionContext } from 'ava';
import type { Page } from 'playwright-core';
import { issue, resolve, resolveRequestOf } from '../support/broker-world.ts';
import { ASSET } from '../support/key-world.ts';
import { goTo, portalWorld, settled, violations, type PortalWorld } from '../support/portal-world.ts';

const KEYS = '/accounts/acme/keys';

test('people sign in, see what they may, revoke a key, set another up, and verify the ledger', async (t) => {
  t.timeout(180_000);
  const world = await portalWorld(t);
  await world.admin('PUT', '/v1/accounts/acme', { name: 'Acme', licence: 'ACCOUNT' });
  const sealed = await issue(world.recorder);
  const opens = () => resolve(world.recorder, resolveRequestOf(sealed));

  const { page, complaints } = await world.openAs('Maria');
  t.is(new URL(page.url()).pathname, '/accounts/acme');
  await page.getByText('maria@acme.example').waitFor();
  await page.getByText('1 of 1 asset is under your key.').waitFor();
  t.is(
    await page.getByRole('link', { name: 'Accounts' }).count(),
    0,
    'an administrator sees no other accounts',
  );

  // The customer disables the key; what was lent still opens, until it is revoked.
  world.kms.key(world.reference).failure = 'KEY_DISABLED';
  await opens();
  await revokeByKeyboard(page, `${KEYS}/${world.kekId}`);
  await t.throwsAsync(opens, { code: 'KEY_DISABLED' });
  world.kms.key(world.reference).failure = null;

  await seeFallback(page, world);
  await setUp(t, page, world.kms);
  await verifyLedger(t, page);

  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL('**/signed-out');
  await goTo(page, '/');
  await page.getByRole('link', { name: 'Sign in' }).waitFor();
  t.deepEqual(
    complaints.filter((each) => !/status of (401|403|404|422)/.test(each)),
    [],
  );

  const auditor = await world.openAs('Akira', `${KEYS}/${world.kekId}`);
  await auditor.page.getByRole('heading', { name: 'Does it work?' }).waitFor();
  t.is(await auditor.page.getByRole('button', { name: /Revoke|Retire|Move|Add/ }).count(), 0);
  t.is(await auditor.page.getByRole('link', { name: 'Set-up' }).count(), 0);
  await goTo(auditor.page, '/accounts/globex');
  await auditor.page.getByRole('alert').getByText('globex').waitFor();
  await goTo(auditor.page, '/operator/accounts');
  await auditor.page.getByRole('heading', { name: 'There is no such page' }).waitFor();
});

/** It begins and ends before one's eyes: nobody loads the page again. */
async function seeFallback(page: Page, world: PortalWorld): Promise<void> {
  await goTo(page, '/accounts/acme');
  await world.admin('PUT', '/v1/accounts/acme/fallback', { mode: 'ANY', maxHours: 4, maxAssets: null });
  world.kms.key(world.reference).failure = 'KEY_DISABLED';
  await issue(world.recorder, { asset: { ...ASSET, id: 'meeting-2' } });
  await page.getByText('Fallback: new data is under the provider’s key').waitFor();
  await page.getByText(/3 hrs? 59 mins?/).waitFor();
  world.kms.key(world.reference).failure = null;
  // It would be tried again within a minute.
  const [episode] = await world.store.fallbacks.listEpisodes('acme', 1);
  if (!episode) throw new Error('no episode');
  await world.store.fallbacks.probeFailed(episode.id, { cause: 'KEY_DISABLED', nextProbeAt: Date.now() });
  await page.getByText('Fallback: new data is under').waitFor({ state: 'detached' });
}

/** Nothing but Tab, Enter and letters. */
async function revokeByKeyboard(page: Page, path: string): Promise<void> {
  await goTo(page, path);
  await tabTo(page, 'button', 'Revoke now…');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByText('cannot be opened').waitFor();
  await tabTo(page, 'textbox', 'To confirm, type acme');
  await page.keyboard.type('acme');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
}

async function tabTo(page: Page, role: 'button' | 'textbox', name: string): Promise<void> {
  const wanted = page.getByRole(role, { name });
  await wanted.waitFor();
  for (let presses = 0; presses < 60; presses++) {
    if ((await page.locator(':focus').and(wanted).count()) === 1) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`${name} cannot be reached with the keyboard`);
}

/** First with a key that is disabled: the step that fails says so, and what mends it. */
async function setUp(
  t: ExecutionContext,
  page: Page,
  kms: Awaited<ReturnType<typeof portalWorld>>['kms'],
): Promise<void> {
  const reference = kms.createKey('second');
  kms.key(reference).failure = 'KEY_DISABLED';
  await goTo(page, '/accounts/acme/set-up');
  await page.getByRole('radio', { name: 'AWS KMS' }).check();
  await page.getByRole('button', { name: 'Next: Policy' }).click();
  await page.getByRole('textbox', { name: 'AWS account' }).fill('111122223333');
  await page.getByRole('textbox', { name: 'Regions' }).fill('eu-central-1');
  await page.getByRole('button', { name: 'Show what to paste or run' }).click();
  await page.getByRole('tab', { name: 'Terraform' }).click();
  await page.getByRole('tabpanel').getByText('aws_kms_key').first().waitFor();
  t.deepEqual(await violations(page), []);
  await page.getByRole('button', { name: 'Next: Key' }).click();
  await page.getByRole('textbox', { name: /Identifier of the key/ }).fill(reference);
  await page.getByRole('button', { name: 'Verify', exact: true }).click();
  await page.getByText('The key does not pass yet').waitFor();
  await page.getByText('What to do:').waitFor();
  t.deepEqual(await violations(page), []);
  kms.key(reference).failure = null;
  await page.getByRole('button', { name: 'Verify', exact: true }).click();
  await page.getByRole('button', { name: 'Enrol this key' }).click();
  await page.getByText('The key is enrolled').waitFor();
  await page.getByRole('button', { name: 'Next: Licences' }).click();
  await page.getByRole('button', { name: 'Next: Asset types' }).click();
  await page.getByRole('checkbox', { name: 'PhoneRecording' }).click();
  await page.getByRole('dialog').getByText('Provider’s key → Your key').waitFor();
  t.deepEqual(await violations(page), []);
  await page.getByRole('button', { name: 'Make the change' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Next: Contacts' }).click();
  await page.getByRole('textbox', { name: 'E-mail addresses' }).fill('keys@acme.example');
  await page.getByRole('button', { name: 'Save contacts' }).click();
  await page.getByText('The contacts are saved.').first().waitFor();
  await page.getByRole('button', { name: 'Next: Fallback' }).click();
  await page.getByRole('radio', { name: 'Stand in in outages' }).check();
  await page.getByRole('button', { name: 'Save fallback' }).click();
  await page.getByText('Fallback is saved.').first().waitFor();
  await page.getByRole('button', { name: 'Next: Summary' }).click();
  await page.getByText('The set-up is complete').waitFor();
}

async function verifyLedger(t: ExecutionContext, page: Page): Promise<void> {
  await goTo(page, '/accounts/acme/activity');
  await page.getByRole('button', { name: 'Verify the chain' }).click();
  await page.getByText('complete and unchanged').waitFor();
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Export' }).click();
  t.is((await download).suggestedFilename(), 'acme.jsonl');
  await page.getByRole('combobox', { name: 'What' }).selectOption({ label: 'Revoked' });
  await settled(page);
  await page.getByRole('cell', { name: 'maria@acme.example' }).waitFor();
}
