import { readFile } from 'node:fs/promises';
import test from 'ava';
import { issue } from '../support/broker-world.ts';
import { eventually } from '../support/eventually.ts';
import { ASSET } from '../support/key-world.ts';
import { portalWorld, settled } from '../support/portal-world.ts';
import { sharedWorld } from '../support/shared-world.ts';

/** Akira, who reads. All in here is done by keyboard alone. */
const shared = sharedWorld(async (t) => {
  const world = await portalWorld(t);
  for (const id of ['meeting-1', 'meeting-2', 'board-1']) {
    await issue(world.recorder, { asset: { ...ASSET, id } });
  }
  return { ...world, akira: await world.openAs('Akira') };
});

test.serial(
  'a way past the navigation, and the focus at the head of each page that one comes to',
  async (t) => {
    const { page, keyboard } = shared().akira;
    await page.keyboard.press('Tab');
    await keyboard.follow('Skip to the content');
    await eventually(() => page.evaluate<boolean>(`document.activeElement.id === 'main'`));
    for (const name of ['Keys', 'Assets', 'Activity', 'Moves', 'Settings', 'Overview']) {
      await keyboard.follow(name, page.getByRole('navigation', { name: 'Pages' }));
      await page.getByRole('heading', { level: 1, name }).waitFor();
      await eventually(() => page.evaluate<boolean>(`document.activeElement.tagName === 'H1'`));
    }
    t.pass();
  },
);

test.serial('an asset is found, and who used it is seen', async (t) => {
  const { page, keyboard } = shared().akira;
  await keyboard.follow('Assets');
  await keyboard.write('Id begins with', 'board');
  await keyboard.press('Search');
  await page.getByRole('link', { name: 'meeting-1' }).waitFor({ state: 'detached' });
  await keyboard.pick('Protected by', 'Provider’s key');
  await page.getByText('No such asset').waitFor();
  await keyboard.pick('Protected by', 'All');
  await keyboard.follow('board-1');
  await page.getByRole('heading', { level: 1, name: 'board-1' }).waitFor();
  await page.getByRole('table', { name: 'Activity' }).getByText('to store it').first().waitFor();
  await keyboard.follow('Assets', page.getByRole('main'));
  await page.getByRole('heading', { level: 1, name: 'Assets' }).waitFor();
  t.pass();
});

test.serial('the activity is narrowed down, verified and exported', async (t) => {
  const { page, keyboard } = shared().akira;
  await keyboard.follow('Activity');
  await page.getByText('board-1').first().waitFor();
  await keyboard.pick('What', 'Signed in');
  await page.getByText('board-1').first().waitFor({ state: 'detached' });
  await page.getByRole('cell', { name: 'akira@acme.example' }).waitFor();
  await keyboard.write('Who', 'nobody');
  await page.getByText('Nothing happened').waitFor();
  await keyboard.press('Show everything');
  await page.getByText('board-1').first().waitFor();

  await keyboard.press('Verify the chain');
  await page.getByText('complete and unchanged').waitFor();
  await keyboard.press('Copy: Head of the chain');
  await page.getByText('Copied: Head of the chain').waitFor();
  const download = page.waitForEvent('download');
  await keyboard.follow('Export');
  const file = await download;
  t.is(file.suggestedFilename(), 'acme.jsonl');
  t.regex(await readFile(await file.path(), 'utf8'), /board-1/);
});

test.serial('language and theme, which stay when the page is loaded again', async (t) => {
  const { page, keyboard } = shared().akira;
  await keyboard.press('日本語');
  await page.getByRole('heading', { level: 1, name: '利用記録' }).waitFor();
  await page.locator('html[lang=ja]').waitFor({ state: 'attached' });
  await page.keyboard.press('Tab');
  const theme = () => page.evaluate('document.documentElement.dataset.mantineColorScheme');
  t.is(await theme(), 'light', 'as the system');
  await page.keyboard.press('Space');
  await page.keyboard.press('Space');
  await eventually(async () => (await theme()) === 'dark');
  await page.reload();
  await page.getByRole('heading', { level: 1, name: '利用記録' }).waitFor();
  t.is(await theme(), 'dark');
  await keyboard.press('English');
  await page.getByRole('heading', { level: 1, name: 'Activity' }).waitFor();
});

test.serial('signing out leads to the end, and whoever comes after is asked who they are', async (t) => {
  const { akira } = shared();
  const { page, keyboard, complaints } = akira;
  await settled(page);
  await keyboard.press('Sign out');
  await page.waitForURL('**/signed-out');
  await keyboard.follow(/portal|sign in/i);
  await page.getByRole('heading', { name: 'Who are you?' }).waitFor();
  t.deepEqual(
    complaints.filter((each) => !each.includes('status of 401')),
    [],
  );
});
