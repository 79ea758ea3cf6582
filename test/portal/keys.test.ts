import test, { type ExecutionContext } from 'ava';
import type { Locator } from 'playwright-core';
import { violations } from '../support/axe.ts';
import { issue, resolve, resolveRequestOf } from '../support/broker-world.ts';
import { inDialog } from '../support/dialogs.ts';
import { ASSET } from '../support/key-world.ts';
import { goTo, portalWorld, settled, type PortalPage } from '../support/portal-world.ts';
import { sharedWorld } from '../support/shared-world.ts';

const KEYS = '/accounts/acme/keys';

/** Maria, at the pages of her key. All in here is done by keyboard alone. */
const shared = sharedWorld(async (t) => {
  const world = await portalWorld(t);
  return { ...world, maria: await world.openAs('Maria') };
});

/** Opens one of the dialogs of a key's page. */
async function act(
  t: ExecutionContext,
  button: string,
  within: (dialog: Locator) => Promise<void>,
): Promise<void> {
  const { maria } = shared();
  await inDialog(t, maria, maria.page.getByRole('button', { name: button, exact: true }), within);
}

/** Types what has to be typed, and does it. */
async function confirm({ keyboard, page }: PortalPage): Promise<void> {
  await keyboard.write('To confirm, type acme', 'acme');
  await page.keyboard.press('Enter');
}

test.serial('revoke now: what was lent to brokers no longer opens', async (t) => {
  t.timeout(60_000);
  const { maria, kms, reference, recorder, kekId } = shared();
  const sealed = await issue(recorder);
  const opens = () => resolve(recorder, resolveRequestOf(sealed));
  kms.key(reference).failure = 'KEY_DISABLED';
  await t.notThrowsAsync(opens, 'the lease lasts');
  await goTo(maria.page, `${KEYS}/${kekId}`);
  await act(t, 'Revoke now…', async (dialog) => {
    await dialog.getByText('cannot be opened').waitFor();
    t.true(await dialog.getByRole('button', { name: 'Revoke now' }).isDisabled(), 'until it is typed');
    await confirm(maria);
  });
  await t.throwsAsync(opens, { code: 'KEY_DISABLED' });
  kms.key(reference).failure = null;
});

test.serial('verify again: says which step fails, and what mends it', async (t) => {
  t.timeout(60_000);
  const { maria, kms, reference } = shared();
  const { keyboard, page } = maria;
  kms.key(reference).denied = (_, operation) => operation === 'wrap';
  await act(t, 'Verify…', async (dialog) => {
    await keyboard.press('Verify now');
    await dialog.getByText('The key does not pass yet').waitFor();
    await dialog.getByText('What to do:').waitFor();
    t.deepEqual(await violations(page, '[role=dialog]'), []);
    kms.key(reference).denied = () => false;
    await keyboard.press('Verify now');
    await dialog.getByText('The key passes').waitFor();
    await keyboard.press('Close', dialog);
  });
});

test.serial('add a replica: another key is refused, the same one elsewhere is taken', async (t) => {
  t.timeout(60_000);
  const { maria, kms, reference } = shared();
  const { keyboard, page } = maria;
  await issue(shared().recorder, { asset: { ...ASSET, id: 'meeting-2' } });
  await act(t, 'Add…', async (dialog) => {
    await keyboard.write('Identifier of the replica', kms.createKey('other'));
    await confirm(maria);
    await dialog.getByRole('alert').first().waitFor();
    await dialog.getByText('What to do:').waitFor();
    t.deepEqual(await violations(page, '[role=dialog]'), []);
    await keyboard.write('Identifier of the replica', kms.replicate(reference, 'customer-v2'));
    await keyboard.press('Verify and add');
  });
  await page.getByRole('rowheader', { name: 'fake:customer-v2' }).waitFor();
});

test.serial('rotate: leads to the set-up of another key, which takes over', async (t) => {
  t.timeout(60_000);
  const { maria, kms, recorder, kekId } = shared();
  const { keyboard, page } = maria;
  await act(t, 'Rotate…', () => confirm(maria));
  await page.getByRole('heading', { name: 'Where is your key?' }).waitFor();
  await keyboard.choose('AWS KMS');
  await keyboard.press('Next: Policy');
  await keyboard.press('Next: Key');
  await keyboard.write('Identifier of the key', kms.createKey('second'));
  await keyboard.press('Verify');
  await keyboard.press('Enrol this key');
  await keyboard.follow('See the key');
  await page.getByText('New data is protected by this key.').waitFor();
  await issue(recorder, { asset: { ...ASSET, id: 'meeting-3' } });
  await goTo(page, `${KEYS}/${kekId}`);
  await page.getByText('Decrypts only').waitFor();
});

test.serial('move away: what the old key protects goes to the new one', async (t) => {
  t.timeout(60_000);
  const { maria, kekId } = shared();
  const { page } = maria;
  await act(t, 'Move…', async (dialog) => {
    await dialog.getByText('2 data keys are moved').waitFor();
    await confirm(maria);
  });
  await page.getByRole('heading', { name: 'Moves', level: 1 }).waitFor();
  // It stays for half a minute, for those that come late.
  await page.getByText('2 of 2 (100%)').waitFor();
  for (const [button, state] of [
    ['Pause', 'Paused'],
    ['Resume', 'Running'],
    ['Cancel the move', 'Cancelled'],
  ] as const) {
    await maria.keyboard.press(button);
    await page.getByText(state, { exact: true }).waitFor();
  }
  await goTo(page, `${KEYS}/${kekId}`);
  await page.getByText('It protects nothing.').waitFor();
});

test.serial('retire and restore: a key opens nothing, then opens again', async (t) => {
  t.timeout(60_000);
  const { maria, recorder } = shared();
  const { page } = maria;
  const sealed = await issue(recorder, { asset: { ...ASSET, id: 'meeting-3' } });
  const opens = () =>
    resolve(recorder, { ...resolveRequestOf(sealed), asset: { ...ASSET, id: 'meeting-3' } });
  await goTo(page, KEYS);
  await maria.keyboard.follow(/second/);
  await page.getByRole('heading', { name: 'Does it work?' }).waitFor();
  await settled(page);
  await act(t, 'Retire…', async (dialog) => {
    await dialog.getByText('No other key of yours takes new data').waitFor();
    await dialog.getByText('3 data keys become unreadable').waitFor();
    await confirm(maria);
  });
  await t.throwsAsync(opens, { code: 'KEY_RETIRED' });
  await act(t, 'Restore…', () => confirm(maria));
  await page.getByRole('button', { name: 'Retire…' }).waitFor();
  await t.notThrowsAsync(opens);
});

test.serial('fallback begins and ends before one’s eyes: nobody loads the page again', async (t) => {
  t.timeout(60_000);
  const { maria, kms, store, admin, recorder } = shared();
  const { page } = maria;
  await goTo(page, '/accounts/acme');
  await admin('PUT', '/v1/accounts/acme/fallback', { mode: 'ANY', maxHours: 4, maxAssets: null });
  const reference = 'fake:second';
  kms.key(reference).failure = 'KEY_DISABLED';
  await issue(recorder, { asset: { ...ASSET, id: 'meeting-4' } });
  await page.getByText('Fallback: new data is under the provider’s key').waitFor();
  await page.getByText(/3 hrs? 59 mins?/).waitFor();
  kms.key(reference).failure = null;
  // It would be tried again within a minute.
  const [episode] = await store.fallbacks.listEpisodes('acme', 1);
  if (!episode) throw new Error('no episode');
  await store.fallbacks.probeFailed(episode.id, { cause: 'KEY_DISABLED', nextProbeAt: Date.now() });
  await page.getByText('Fallback: new data is under').waitFor({ state: 'detached' });
  t.pass();
});

test.serial('the browser had nothing to complain of', (t) => {
  const { complaints } = shared().maria;
  t.deepEqual(
    complaints.filter((each) => !/status of (401|409|422)/.test(each)),
    [],
  );
});
