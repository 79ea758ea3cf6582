import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

export type Theme = 'light' | 'dark';

export interface Violation {
  readonly id: string;
  readonly theme: Theme;
  readonly help: string;
  readonly where: readonly string[];
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** The end of one may be the beginning of others. */
const ENDED = `(async () => {
  const running = () => document.getAnimations().filter(({ effect, playState }) =>
    playState === 'running' && effect.getComputedTiming().endTime < 1e4);
  for (let each = running(); each.length > 0; each = running())
    await Promise.all(each.map(({ finished }) => finished.catch(() => 0)));
})()`;
/** All for WCAG 2.2 AA, and best practice. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

interface Axe {
  readonly run: (
    within: string,
    options: object,
  ) => Promise<{ violations: { id: string; help: string; nodes: { html: string }[] }[] }>;
}

/** What axe finds wrong with a page as it is, in both themes. @param within a part of it */
export async function violations(page: Page, within = 'html'): Promise<Violation[]> {
  const found: Violation[] = [];
  for (const theme of ['dark', 'light'] as const) {
    await show(page, theme);
    found.push(...(await violationsIn(page, theme, within)));
  }
  return found;
}

/** Has the page drawn in a theme. */
export async function show(page: Page, theme: Theme): Promise<void> {
  await page.emulateMedia({ colorScheme: theme });
  await page.locator(`html[data-mantine-color-scheme=${theme}]`).waitFor({ state: 'attached' });
}

/** What axe finds wrong with a page in the theme in which it is shown. */
export async function violationsIn(page: Page, theme: Theme, within = 'html'): Promise<Violation[]> {
  if (!(await page.evaluate("'axe' in globalThis"))) await page.evaluate(AXE);
  // Colours on their way to others are nobody's fault.
  await page.evaluate(ENDED);
  const found = await page.evaluate(
    ([part, rules]) => {
      const { axe } = globalThis as unknown as { axe: Axe };
      return axe.run(part, { runOnly: rules });
    },
    [within, RULES] as const,
  );
  return found.violations.map(({ id, help, nodes }) => ({
    id,
    theme,
    help,
    where: nodes.map(({ html }) => html),
  }));
}
