import test, { type ExecutionContext } from 'ava';
import type { Locator } from 'playwright-core';
import { violations } from '../support/axe.ts';
import { inDialog } from '../support/dialogs.ts';
import { eventually } from '../support/eventually.ts';
import { goTo, portalWorld } from '../support/portal-world.ts';
import { sharedWorld } from '../support/shared-world.ts';

const ACME = '/v1/accounts/acme';

/** Maria, at the settings. All in here is done by keyboard alone. */
const shared = sharedWorld(async (t) => {
  const world = await portalWorld(t, { CMK_WEBHOOK_KEY: 'a-webhook-key-for-tests-0123456789abcdef' });
  const maria = await world.openAs('Maria', '/accounts/acme/settings');
  return { ...world, maria };
});

/** What the API answers to the operator. */
async function stored<A>(path: string): Promise<A> {
  return (await shared().admin('GET', ACME + path)).body as A;
}

function button(name: string): Locator {
  return shared().maria.page.getByRole('button', { name, exact: true });
}

/** In the dialog that a change of coverage opens. */
async function makeChange(t: ExecutionContext, opener: Locator, effect: string): Promise<void> {
  const { maria } = shared();
  await inDialog(t, maria, opener, async (dialog) => {
    await dialog.getByText(effect).first().waitFor();
    await maria.keyboard.press('Make the change', dialog);
  });
}

test.serial('licence and groups: each change shows first what it does', async (t) => {
  t.timeout(60_000);
  const { page, keyboard } = shared().maria;
  await keyboard.choose('Licensed groups');
  await makeChange(t, button('See what it does…'), 'Your key → Provider’s key');
  await keyboard.write('Id of a new group', 'board');
  await keyboard.press('Make the group');
  await keyboard.write('User to add to board', 'amy');
  await makeChange(t, button('Add').first(), 'Nothing changes for new assets.');
  await makeChange(t, page.getByRole('switch', { name: 'Group board is licensed' }), 'Your key');
  t.like(await stored('/groups'), { groups: [{ id: 'board', licensed: true, members: ['amy'] }] });
  await keyboard.choose('Everyone');
  await makeChange(t, button('See what it does…'), 'Your key');
  t.like(await stored(''), { licence: 'ACCOUNT' });
});

test.serial('asset types: taken in and out', async (t) => {
  t.timeout(60_000);
  const { page } = shared().maria;
  const clips = page.getByRole('checkbox', { name: 'Clip', exact: true });
  await makeChange(t, clips, 'Provider’s key → Your key');
  t.true(await clips.isChecked());
  const enrolled = async () => JSON.stringify(await stored('/enrolments'));
  t.regex(await enrolled(), /Clip/);
  await makeChange(t, clips, 'Your key → Provider’s key');
  t.notRegex(await enrolled(), /Clip/);
});

test.serial('contacts', async (t) => {
  const { page, keyboard } = shared().maria;
  await keyboard.write('E-mail addresses', 'not an address');
  await keyboard.press('Save contacts');
  await page.getByRole('alert').first().waitFor();
  t.deepEqual(await violations(page), []);
  await keyboard.write('E-mail addresses', 'keys@acme.example\nboard@acme.example');
  await keyboard.press('Save contacts');
  await page.getByText('The contacts are saved.').first().waitFor();
  t.like(await stored('/contacts'), { emails: ['board@acme.example', 'keys@acme.example'] });
});

test.serial('a test alert', async (t) => {
  const { page, keyboard } = shared().maria;
  await keyboard.press('Send a test alert');
  await page.getByText('The test alert is on its way.').first().waitFor();
  await page.getByText('A test alert.').first().waitFor();
  t.like(await stored('/alerts'), { alerts: [{ facts: { kind: 'TEST' } }] });
});

test.serial('fallback, what services do without it, and leases', async (t) => {
  const { page, keyboard } = shared().maria;
  await keyboard.choose('Always stand in');
  await keyboard.write('At most so many hours', '4');
  await keyboard.press('Save fallback');
  await page.getByText('Fallback is saved.').first().waitFor();
  t.like(await stored('/fallback'), { mode: 'ANY', maxHours: 4, maxAssets: null });
  await keyboard.choose('Never stand in');
  await keyboard.press('Save fallback');
  await page.getByText('At most so many hours').waitFor({ state: 'detached' });
  const without = page.getByRole('group', { name: 'When nothing can be stored' });
  await keyboard.pick('MeetingWebinarRecording', 'End the whole session', without);
  // What says so may be the note of the change before.
  await eventually(async () => JSON.stringify(await stored('/on-failure')).includes('DROP_SESSION'));
  const lent = page.getByRole('group', { name: 'How long data keys are lent' });
  await keyboard.to(lent.getByRole('combobox', { name: 'MeetingWebinarRecording' }));
  await page.keyboard.press('ArrowUp');
  await eventually(async () => JSON.stringify(await stored('/leases')).includes('"seconds":'));
});

test.serial('webhooks: added with a secret that is shown once, and removed', async (t) => {
  t.timeout(60_000);
  const { maria } = shared();
  const { page, keyboard } = maria;
  await keyboard.write('New address', 'https://hooks.acme.example/keys');
  await page.keyboard.press('Enter');
  await page.getByText('The webhook is there').waitFor();
  await keyboard.press('Copy: Secret');
  await page.getByText('Copied: Secret').waitFor();
  t.deepEqual(await violations(page), []);
  await inDialog(t, maria, button('Remove https://hooks.acme.example/keys'), (dialog) =>
    keyboard.press('Remove', dialog),
  );
  t.like(await stored('/webhooks'), { webhooks: [] });
});

test.serial('tokens: made, copied, used, and revoked', async (t) => {
  t.timeout(60_000);
  const { maria, broker } = shared();
  const { page, keyboard } = maria;
  await keyboard.write('Name of a new token', 'backup');
  await keyboard.pick('Valid for', '7 days');
  await keyboard.press('Make the token');
  await page.getByText('The token is made').waitFor();
  await keyboard.press('Copy: Token');
  await page.getByText('Copied: Token').waitFor();
  const token = await page.evaluate<string>('navigator.clipboard.readText()');
  const use = () =>
    fetch(`http://127.0.0.1:${broker.adminPort}${ACME}`, { headers: { authorization: `Bearer ${token}` } });
  t.is((await use()).status, 200);
  t.deepEqual(await violations(page), []);
  await inDialog(t, maria, button('Revoke backup'), (dialog) => keyboard.press('Revoke', dialog));
  t.is((await use()).status, 401);
  await goTo(page, '/accounts/acme/settings');
  t.false((await page.content()).includes(token), 'it is shown once');
});

test.serial('the browser had nothing to complain of', (t) => {
  const { complaints } = shared().maria;
  t.deepEqual(
    complaints.filter((each) => !/status of (400|401|404|422)/.test(each)),
    [],
  );
});
