import type { ExecutionContext } from 'ava';
import type { Locator, Page } from 'playwright-core';
import { violations } from './axe.ts';
import { eventually } from './eventually.ts';
import { hasFocus } from './focus.ts';
import type { PortalPage } from './portal-world.ts';

/** More than a dialog has. */
const MOST_STOPS = 40;
const IS_WITHIN = "document.activeElement?.closest('[role=dialog]') != null";
const IS_SOMEWHERE = 'document.activeElement !== document.body';

/**
 * Opens a dialog with a button and goes back with Escape, then opens it again and acts in it, by keyboard alone. Sees
 * that it is sound, that the focus goes into it, stays in it, and comes back to the button.
 * @param act ends with what closes the dialog
 */
export async function inDialog(
  t: ExecutionContext,
  opened: PortalPage,
  opener: Locator,
  act: (dialog: Locator) => Promise<void>,
): Promise<void> {
  const { page, keyboard } = opened;
  const dialog = page.getByRole('dialog');
  await keyboard.to(opener);
  const before = await page.evaluateHandle('document.activeElement');
  await page.keyboard.press('Space');
  await dialog.waitFor();
  await eventually(() => page.evaluate<boolean>(IS_WITHIN));
  await dialog.locator('[role=status]').first().waitFor({ state: 'detached' });
  await seeTrap(t, page);
  t.deepEqual(await violations(page, '[role=dialog]'), []);

  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await eventually(() => page.evaluate(hasFocus, before));

  await page.keyboard.press('Space');
  await dialog.waitFor();
  await eventually(() => page.evaluate<boolean>(IS_WITHIN));
  await act(dialog);
  await dialog.waitFor({ state: 'detached' });
  await eventually(() => page.evaluate<boolean>(IS_SOMEWHERE));
}

/** Once around, in both directions. */
async function seeTrap(t: ExecutionContext, page: Page): Promise<void> {
  for (const key of ['Tab', 'Shift+Tab']) {
    const first = await page.evaluateHandle('document.activeElement');
    for (let stops = 0; stops === 0 || !(await page.evaluate(hasFocus, first)); stops++) {
      await page.keyboard.press(key);
      t.true(await page.evaluate(IS_WITHIN), `${key} leads out of the dialog`);
      if (stops > MOST_STOPS) throw new Error(`${key} does not lead around`);
    }
  }
}
