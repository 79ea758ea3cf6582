import test from 'ava';
import { violations } from '../support/axe.ts';
import { goTo, portalWorld } from '../support/portal-world.ts';

test('pages with nothing in them, that wait, and that failed are sound for axe in both themes', async (t) => {
  t.timeout(90_000);
  const { openAs } = await portalWorld(t);
  const { page } = await openAs('Gwen');
  for (const path of ['', '/keys', '/assets', '/moves', '/settings']) {
    await goTo(page, `/accounts/globex${path}`);
    t.deepEqual(await violations(page), [], `empty: ${path}`);
  }

  const problem = {
    title: 'Failed',
    detail: 'as the test has it',
    status: 500,
    code: 'INTERNAL',
    retryable: false,
  };
  let answer: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (answer = resolve));
  await page.route(/\/v1\/accounts\/globex\/keys/, async (route) => {
    await held;
    await route.fulfill({ status: 500, contentType: 'application/problem+json', json: problem });
  });
  await page.goto('/accounts/globex/keys');
  await page.getByRole('heading', { level: 1, name: 'Keys' }).waitFor();
  await page.getByRole('status', { name: 'Loading' }).first().waitFor();
  t.deepEqual(await violations(page), [], 'loading');
  answer();
  await page.getByRole('main').getByRole('alert').getByText('as the test has it').waitFor();
  t.deepEqual(await violations(page), [], 'failed');
});
