import test from 'ava';
import type { NewerWord } from '../../broker/model/newer-word.ts';
import { issue } from '../support/broker-world.ts';
import { ASSET } from '../support/key-world.ts';
import { goTo, portalWorld } from '../support/portal-world.ts';
import { anAuditEvent } from '../support/stored-facts.ts';
import { sharedWorld } from '../support/shared-world.ts';

const ACME = '/v1/accounts/acme';

/** Maria, who must not be told or offered what is not so. */
const shared = sharedWorld(async (t) => {
  const world = await portalWorld(t);
  for (const id of ['aA', 'a%41', 'a%']) await issue(world.recorder, { asset: { ...ASSET, id } });
  return { ...world, maria: await world.openAs('Maria') };
});

test.serial('whatever an asset is called, its own page is shown', async (t) => {
  const { page, keyboard } = shared().maria;
  await goTo(page, '/accounts/acme/assets');
  await keyboard.write('Id begins with', 'a%4');
  await keyboard.press('Search');
  await page.getByRole('link', { name: 'aA' }).waitFor({ state: 'detached' });
  await keyboard.follow('a%41');
  await page.getByRole('heading', { level: 1, name: 'a%41' }).waitFor();
  await goTo(page, `/accounts/acme/assets/${ASSET.srvId}/${ASSET.type}/a%25`);
  await page.getByRole('heading', { level: 1, name: 'a%', exact: true }).waitFor();
  t.pass();
});

test.serial(
  'a group that is there is not made anew, and a change is made to what was looked at',
  async (t) => {
    const { admin, maria } = shared();
    const { page, keyboard } = maria;
    const board = { name: 'Board', licensed: true, members: ['amy'] };
    await admin('PUT', `${ACME}/groups/board`, board);
    await admin('PUT', ACME, { name: 'Acme', licence: 'GROUPS' });
    await goTo(page, '/accounts/acme/settings');
    await keyboard.write('Id of a new group', 'board');
    await keyboard.press('Make the group');
    await page.getByText('There is a group with this id already').waitFor();
    t.like((await admin('GET', `${ACME}/groups/board`)).body, board);

    const applied = page.waitForRequest(/coverage\/apply$/);
    await keyboard.choose('Everyone');
    await keyboard.press('See what it does…');
    await keyboard.press('Make the change', page.getByRole('dialog'));
    t.regex((await applied).headers()['if-match'] ?? '', /licence-/);
  },
);

test.serial('a head that was not looked for is not said to be part of the ledger', async (t) => {
  const { admin, maria } = shared();
  const { page, keyboard } = maria;
  const { records } = (await admin('GET', `${ACME}/ledger?limit=1`)).body as { records: { hash: string }[] };
  await goTo(page, '/accounts/acme/activity');
  await keyboard.write('A head that you kept (optional)', `1:${records[0]?.hash}`);
  await keyboard.press('Verify the chain');
  await page.getByText('The head that you kept, 1, is part of the chain.').waitFor();
  await keyboard.write('A head that you kept (optional)', `7:${'0'.repeat(64)}`);
  t.is(await page.getByText('The head that you kept, 7').count(), 0);
});

test.serial('a word that only a newer release knows is shown as it is', async (t) => {
  const { maria, store } = shared();
  const { page, keyboard } = maria;
  const word = 'FROM_TOMORROW' as NewerWord;
  const event = anAuditEvent({ action: word, outcome: word, reason: word, source: word, actor: 'tomorrow' });
  await store.appendAudit([event]);
  await goTo(page, '/accounts/acme/activity');
  await keyboard.write('Who', 'tomorrow');
  await page
    .getByRole('row', { name: /FROM_TOMORROW FROM_TOMORROW · FROM_TOMORROW FROM_TOMORROW/ })
    .waitFor();
  t.is(await page.getByRole('alert').count(), 0);
});

test.serial('when the portal fails it says what to do, and the other pages go on', async (t) => {
  const { page, keyboard } = shared().maria;
  await page.route(/\/v1\/accounts\/acme\/activity/, (route) =>
    route.fulfill({ json: { events: [null], next: null } }),
  );
  await page.goto('/accounts/acme/activity');
  await page.getByRole('alert').getByText('Load the page again').waitFor();
  await page.getByRole('link', { name: 'Load this page again' }).waitFor();
  await keyboard.follow('Keys', page.getByRole('navigation', { name: 'Pages' }));
  await page.getByRole('heading', { level: 1, name: 'Keys' }).waitFor();
  t.is(await page.getByRole('alert').count(), 0);
});

test.serial('when somebody else signs in, in another window, this one is theirs as well', async (t) => {
  const { page } = shared().maria;
  const other = await page.context().newPage();
  await other.goto('/sign-in?again=1');
  await other.getByRole('button', { name: /^Akira / }).click();
  await other.getByRole('navigation', { name: 'Pages' }).waitFor();
  await other.close();
  await page.evaluate(`window.dispatchEvent(new Event('visibilitychange'))`);
  await page.getByText('akira@acme.example').waitFor();
  t.is(await page.getByText('maria@acme.example').count(), 0);
});
