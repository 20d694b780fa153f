import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, test, vi } from 'vitest';
import { Sensitive } from '#domain/sensitive.ts';
import { has, needing } from '#support/parts.ts';
import { ADMIN_EMAIL } from '#support/process.ts';
import { invitationOf } from '../clients/instance.ts';
import { button, useBrowser, violationsOn, visitor } from './browser.ts';
import { create, firstStart, heading, problem, setPassword, signIn } from './steps.ts';

/** Each state is checked and drawn. */
vi.setConfig({ testTimeout: 120_000 });

/** Ignored by git; for people to look at. */
const SCREENSHOTS = resolve(import.meta.dirname, '..', '..', '.screenshots');
const HEIGHT = 800;

const LOOKS = [
  { width: 1280, colorScheme: 'light' },
  { width: 1280, colorScheme: 'dark' },
  { width: 390, colorScheme: 'light' },
  { width: 390, colorScheme: 'dark' },
] as const;

/** Everything that the page can look like, in the order in which a person comes to it. */
async function walk(page: Page, link: string, invite: (token: Sensitive) => Promise<string>, look: Look) {
  await page.goto(link);
  await heading(page, 'Set a password').waitFor();
  await look('set-up');
  await setPassword(page, { email: ADMIN_EMAIL, again: 'another long password' });
  await problem(page).waitFor();
  await look('set-up-refused');
  await setPassword(page, { email: ADMIN_EMAIL });
  await heading(page, 'Personal access tokens').waitFor();
  await look('no-tokens');
  await create(page, 'my-laptop');
  await look('fresh-token');
  await button(page, 'I have saved it').click();
  await create(page, 'the-longest-name-that-a-token-can-ha');
  await button(page, 'I have saved it').click();
  await look('tokens');
  await button(page, 'Delete my-laptop').click();
  await look('delete');
  await button(page, 'Delete token').click();
  await heading(page, 'Revoked in the last 90 days').waitFor();
  await look('revoked');
  const token = await create(page, 'for-the-invitation');
  await button(page, 'I have saved it').click();
  await button(page, 'Sign out').click();
  await heading(page, 'Sign in').waitFor();
  await look('sign-in');
  await signIn(page, ADMIN_EMAIL, 'not the right password');
  await problem(page).waitFor();
  await look('sign-in-refused');
  await page.goto(await invite(new Sensitive(token)));
  await heading(page, 'Set a password').waitFor();
  await look('invitation');
}
type Look = (state: string) => Promise<void>;

describe.skipIf(!has('chromium'))(needing('chromium', 'the look of the page'), () => {
  useBrowser();

  test.each(LOOKS)(
    'in every state at $width, $colorScheme: nothing hinders anybody, nothing is wider than the window',
    async ({ width, colorScheme }) => {
      const served = await firstStart();
      const page = await visitor(served.origin, { viewport: { width, height: HEIGHT }, colorScheme });
      const found: Record<string, unknown> = {};
      const look: Look = async (state) => {
        mkdirSync(SCREENSHOTS, { recursive: true });
        await page.screenshot({
          path: join(SCREENSHOTS, `${state}-${width}-${colorScheme}.png`),
          animations: 'disabled',
        });
        found[state] = {
          violations: await violationsOn(page),
          width: await page.evaluate('document.documentElement.scrollWidth'),
        };
      };
      await walk(page, served.link, (token) => invitationOf({ ...served, token }, 'member@example.com'), look);
      expect(Object.keys(found)).toHaveLength(10);
      expect(found).toEqual(Object.fromEntries(Object.keys(found).map((state) => [state, { violations: [], width }])));
    },
  );
});
