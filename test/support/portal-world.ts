import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { buildPortalIfStale } from '../../scripts/build-portal.ts';
import { startIdentityProvider } from '../../sandbox/identity-provider/provider.ts';
import type { Providers } from '../../broker/main.ts';
import { systemClock } from '../../runtime/clock.ts';
import { freePort } from '../../sandbox/process.ts';
import { SANDBOX_USERS, type SandboxUser } from '../../sandbox/identity-provider/users.ts';
import { show, violationsIn, type Violation } from './axe.ts';
import { brokerWorld, type BrokerWorld } from './broker-world.ts';
import { Keyboard } from './keyboard.ts';
import { startBrowser } from './real-browser.ts';
import type { Teardowns } from './shared-world.ts';

/** A broker with its portal, an identity provider, and a browser in front of them. */
export interface PortalWorld extends BrokerWorld {
  /** Opens a window of its own, in which nobody is signed in, at a page. */
  readonly open: (path?: string) => Promise<PortalPage>;
  /** The same, and signs somebody of the sandbox in. */
  readonly openAs: (user: User, path?: string) => Promise<PortalPage>;
}

type User = 'Maria' | 'Akira' | 'Gwen' | 'Olu' | 'Ines';

/** The administrator of an account that an operator makes first. */
const INES: SandboxUser = {
  id: 'ines',
  name: 'Ines',
  email: 'ines@initech.example',
  roles: ['cmk-administrator'],
  account: 'initech',
  words: 'administrator of Initech',
};

export interface PortalPage {
  readonly page: Page;
  readonly keyboard: Keyboard;
  /** What the browser complained of: refusals of the content security policy, errors of scripts. */
  readonly complaints: readonly string[];
}

/** For elements that should be there, and acts that should be possible. */
const PATIENCE_MS = 15_000;
const CLIENT = { clientId: 'cmk-portal', clientSecret: 'a-client-secret-for-tests' };

export async function portalWorld(
  t: Teardowns,
  env: Record<string, string> = {},
  real: Partial<Providers> = {},
): Promise<PortalWorld> {
  await buildPortalIfStale();
  // The portal's address is a setting, so its port must be known before.
  const port = await freePort();
  const portalUrl = `http://127.0.0.1:${port}`;
  const provider = await startIdentityProvider({
    port: 0,
    portalUrl,
    users: [...SANDBOX_USERS, INES],
    ...CLIENT,
  });
  t.teardown(() => provider.close());
  const settings = {
    CMK_ADMIN_PORT: String(port),
    CMK_PORTAL_URL: portalUrl,
    CMK_OIDC_ISSUER: provider.issuer,
    CMK_OIDC_CLIENT_ID: CLIENT.clientId,
    CMK_OIDC_CLIENT_SECRET: CLIENT.clientSecret,
    ...env,
  };
  const world = await brokerWorld(t, settings, systemClock, real);
  const browser = await startBrowser(t);
  const open: PortalWorld['open'] = async (path = '/') => {
    const context = await browser.newContext({
      baseURL: portalUrl,
      viewport: WIDE,
      locale: 'en-GB',
      timezoneId: 'UTC',
      reducedMotion: 'reduce',
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      const isComplaint = message.type() === 'error' || message.type() === 'warning';
      if (isComplaint && message.location().url.startsWith(portalUrl)) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(path);
    return { page, keyboard: new Keyboard(page), complaints };
  };
  const openAs: PortalWorld['openAs'] = async (user, path = '/') => {
    const opened = await open(path);
    await signIn(opened, user);
    await opened.page.getByRole('navigation').first().waitFor();
    await settled(opened.page);
    return opened;
  };
  return { ...world, open, openAs };
}

/** At the portal, then at the identity provider. */
async function signIn({ page, keyboard }: PortalPage, user: User): Promise<void> {
  await keyboard.follow('Sign in');
  await page.getByRole('heading', { name: 'Who are you?' }).waitFor();
  await keyboard.press(new RegExp(`^${user} `));
}

const SCREENSHOTS = join('test-output', 'portal');
const WIDE = { width: 1440, height: 900 };
const NARROW = { width: 390, height: 844 };
/** In the last size of each theme the page is examined. */
const LOOKS = [
  ['light', [WIDE, NARROW]],
  ['dark', [NARROW, WIDE]],
] as const;

/** Goes to a page and waits until it has all that it asked for. */
export async function goTo(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await settled(page);
}

/** Nothing is being loaded. */
export async function settled(page: Page): Promise<void> {
  await page.locator('[role=status][aria-label]').first().waitFor({ state: 'detached' });
}

/** Shoots a page in both widths and both themes into the tests' output, and tells what axe finds in each theme. */
export async function shoot(page: Page, name: string): Promise<Violation[]> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const found: Violation[] = [];
  for (const [theme, sizes] of LOOKS) {
    await show(page, theme);
    for (const size of sizes) {
      await page.setViewportSize(size);
      await page.screenshot({
        path: join(SCREENSHOTS, `${name}-${size.width}-${theme}.png`),
        fullPage: true,
      });
      const width = await page.evaluate<number>('document.documentElement.scrollWidth');
      if (width > size.width) {
        found.push({ id: 'too-wide', help: `it is ${width} px wide`, where: [String(size.width)], theme });
      }
    }
    found.push(...(await violationsIn(page, theme)));
  }
  await page.setViewportSize(WIDE);
  return found;
}
