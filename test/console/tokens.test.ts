import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { Sensitive } from '#domain/sensitive.ts';
import { has, needing } from '#support/parts.ts';
import { ADMIN_EMAIL, type Served } from '#support/process.ts';
import { button, field, focused, textOf, useBrowser, visitor } from './browser.ts';
import { create, firstStart, heading, problem, rowNames, setUp } from './steps.ts';

const LIST = '/api/svc/v1/personal-access-tokens';

async function signedIn(): Promise<{ readonly served: Served; readonly page: Page }> {
  const served = await firstStart();
  const page = await visitor(served.origin);
  await setUp(page, served.link);
  return { served, page };
}

const answers = async ({ send }: Served, token: string): Promise<number> =>
  (await send({ method: 'GET', path: LIST, token: new Sensitive(token) })).status;

/** A last use is written within a second; each look is a request, and none is a use of the token. */
async function untilUsed(page: Page): Promise<void> {
  await expect
    .poll(
      async () => {
        await page.reload();
        return textOf(page.getByRole('row', { name: 'my-laptop' }));
      },
      { timeout: 20_000 },
    )
    .toMatch(/from 127\.0\.0\.1/);
}

describe.skipIf(!has('chromium'))(needing('chromium', 'the page for one’s own tokens'), () => {
  useBrowser();

  test('a new token works, is shown until it was saved, and never again', async () => {
    const { served, page } = await signedIn();
    const token = await create(page, 'my-laptop');
    expect(await answers(served, token)).toBe(200);
    expect(await textOf(page.getByRole('status'))).toContain('Save this token NOW — it will not be shown again.');
    expect(await rowNames(page)).toEqual(['my-laptop']);
    expect(await textOf(page.getByRole('table'))).not.toContain('tfy_pat_');
    await button(page, 'I have saved it').click();
    expect(await page.content()).not.toContain('tfy_pat_');
    await page.reload();
    await heading(page, 'Personal access tokens').waitFor();
    expect(await rowNames(page)).toEqual(['my-laptop']);
    expect(await page.content()).not.toContain('tfy_pat_');
  });

  test('a reload forgets a token that was not saved', async () => {
    const { page } = await signedIn();
    await create(page, 'my-laptop');
    expect(await page.content()).toContain('tfy_pat_');
    await page.reload();
    await heading(page, 'Personal access tokens').waitFor();
    expect(await page.content()).not.toContain('tfy_pat_');
  });

  test('Copy puts the token on the clipboard', async () => {
    const { page } = await signedIn();
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const token = await create(page, 'my-laptop');
    await button(page, 'Copy').click();
    await button(page, 'Copied').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(token);
  });

  test('where the browser forbids copying, the token is selected and the page says so', async () => {
    const { page } = await signedIn();
    const token = await create(page, 'my-laptop');
    await page.evaluate('navigator.clipboard.writeText = () => Promise.reject(new Error("forbidden"))');
    await button(page, 'Copy').click();
    expect(await textOf(problem(page))).toContain('The token is selected: copy it by keyboard.');
    expect(await page.evaluate('String(getSelection())')).toBe(token);
  });

  test('a token ends when it was asked to end, or never', async () => {
    const { page } = await signedIn();
    const inNinetyDays = new Date(Date.now() + 90 * 24 * 60 * 60 * 1000).toISOString().slice(0, 10);
    await create(page, 'of-a-season');
    await page.getByRole('combobox', { name: 'Expires' }).selectOption('never');
    await create(page, 'for-ever');
    const rows = await page.locator('#rows tr').all();
    const today = new Date().toISOString().slice(0, 10);
    expect(await Promise.all(rows.map((row) => row.locator('th, td').allTextContents()))).toEqual([
      ['for-ever', expect.stringMatching(/^[a-z0-9]{24}$/), today, 'Never', 'Never', 'Delete'],
      ['of-a-season', expect.stringMatching(/^[a-z0-9]{24}$/), today, inNinetyDays, 'Never', 'Delete'],
    ]);
  });

  test('a name that is taken is refused in words, and what was typed stays', async () => {
    const { page } = await signedIn();
    await create(page, 'my-laptop');
    await field(page, 'Name').fill('my-laptop');
    await button(page, 'Create token').click();
    await problem(page).waitFor();
    expect(await textOf(problem(page))).toBe('A token with this name already exists. Use a different name.');
    expect(await field(page, 'Name').inputValue()).toBe('my-laptop');
  });

  test('deleting asks first and says when the token was last used; then it is worth nothing', async () => {
    const { served, page } = await signedIn();
    const token = await create(page, 'my-laptop');
    expect(await answers(served, token)).toBe(200);
    await untilUsed(page);
    await button(page, 'Delete my-laptop').click();
    const dialog = page.getByRole('dialog', { name: 'Delete my-laptop?' });
    expect(await textOf(dialog)).toMatch(/Last used: 20\d\d-\d\d-\d\d from 127\.0\.0\.1\./);
    await button(page, 'Keep it').click();
    expect(await dialog.isVisible()).toBe(false);
    expect(await answers(served, token)).toBe(200);
    await button(page, 'Delete my-laptop').click();
    await button(page, 'Delete token').click();
    await page.getByText('You have no tokens yet.').waitFor();
    expect(await answers(served, token)).toBe(401);
  });

  test('what was revoked stays in sight: who ended it, why, and that something still uses it', async () => {
    const { served, page } = await signedIn();
    const token = await create(page, 'my-laptop');
    await button(page, 'I have saved it').click();
    await button(page, 'Delete my-laptop').click();
    await button(page, 'Delete token').click();
    const row = page
      .getByRole('region', { name: 'Revoked in the last 90 days' })
      .getByRole('row', { name: 'my-laptop' });
    await row.waitFor();
    const today = new Date().toISOString().slice(0, 10);
    const cells = () => row.locator('th, td').allTextContents();
    const id = expect.stringMatching(/^[a-z0-9]{24}$/);
    expect(await cells()).toEqual(['my-laptop', id, today, ADMIN_EMAIL, 'deleted', 'No']);
    expect(await answers(served, token)).toBe(401);
    await expect
      .poll(
        async () => {
          await page.reload();
          await row.waitFor();
          return cells();
        },
        { timeout: 20_000 },
      )
      .toEqual(['my-laptop', id, today, ADMIN_EMAIL, 'deleted', `${today} from 127.0.0.1`]);
  });

  test('a keyboard is enough to create and to delete', async () => {
    const { served, page } = await signedIn();
    const press = async (...keys: readonly string[]) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    expect(await focused(page)).toBe('Name');
    await page.keyboard.type('my-laptop');
    await press('Enter');
    await expect.poll(() => focused(page)).toBe('Copy');
    const token = await textOf(page.getByText(/^tfy_pat_/));
    await press('Tab', 'Enter'); // I have saved it
    expect(await page.content()).not.toContain('tfy_pat_');
    expect(await focused(page)).toBe('Your tokens');
    await press('Tab');
    expect(await focused(page)).toBe('Delete my-laptop');
    await press('Enter');
    expect(await focused(page)).toBe('Keep it');
    await press('Tab', 'Enter');
    await page.getByText('You have no tokens yet.').waitFor();
    expect(await answers(served, token)).toBe(401);
    expect(await focused(page)).toBe('Your tokens');
  });
});
