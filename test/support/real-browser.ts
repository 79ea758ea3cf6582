import { existsSync } from 'node:fs';
import chromium from '@sparticuz/chromium';
import type { ExecutionContext } from 'ava';
import { chromium as playwright, type Browser } from 'playwright-core';

/** A real browser. Its first start unpacks it into the temporary folder. */
export async function startBrowser(t: Pick<ExecutionContext, 'teardown'>): Promise<Browser> {
  const executablePath = await chromium.executablePath();
  if (!existsSync(executablePath)) throw new Error('the browser could not be unpacked');
  const browser = await playwright.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu'],
    headless: true,
  });
  t.teardown(() => browser.close());
  return browser;
}
