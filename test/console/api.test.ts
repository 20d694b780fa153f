import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, test, vi } from 'vitest';
import type { Operation } from '#contract/operation.ts';
import { OPERATION_IDS, OPERATIONS, type OperationId } from '#contract/operations.ts';
import { has, needing } from '#support/parts.ts';
import { openWorld } from '#support/world.ts';
import { outcomeOf } from '../clients/program.ts';
import { field, focused, textOf, useBrowser, violationsOn, visitor, watched } from './browser.ts';
import { heading, problem } from './steps.ts';

/** Each look is checked and drawn. */
vi.setConfig({ testTimeout: 120_000 });

/** Ignored by git; for people to look at. */
const SCREENSHOTS = resolve(import.meta.dirname, '..', '..', '.screenshots');
const LOOKS = [
  { width: 1280, colorScheme: 'light' },
  { width: 1280, colorScheme: 'dark' },
  { width: 390, colorScheme: 'light' },
  { width: 390, colorScheme: 'dark' },
] as const;

const row = (id: OperationId): Operation => OPERATIONS[id];
const OFFERED = OPERATION_IDS.filter((id) => row(id).refused === undefined);

async function opened(page: Page, fragment = ''): Promise<void> {
  await page.goto(`/api${fragment}`);
  await page.getByText(`${OFFERED.length} of ${OFFERED.length} operations`).waitFor();
}
const shown = (page: Page, id: string) => page.locator(`#${id}`);

describe.skipIf(!has('chromium'))(needing('chromium', 'the page of the API'), () => {
  useBrowser();

  test('every operation is there, with who may call it and what it does to the world', async () => {
    const { origin } = await openWorld();
    const page = await visitor(origin);
    await opened(page);
    for (const id of OFFERED) {
      const { method, summary, effect, access, action } = row(id);
      const text = await textOf(shown(page, id));
      expect(text).toContain(method);
      expect(text).toContain(summary);
      expect(text).toContain(
        { reads: 'nothing changes', changes: 'Changes something', mints: 'a new credential' }[effect],
      );
      expect(text).toContain(access === 'public' ? 'Anybody' : action === 'self' ? 'a good credential' : action);
    }
    const refused = await page.locator('#refused').textContent();
    for (const id of OPERATION_IDS.filter((id) => !OFFERED.includes(id))) expect(refused).toContain(row(id).path);
  });

  test('inputs, answers and refusals stand with each, as the document has them', async () => {
    const { origin } = await openWorld();
    const page = await visitor(origin);
    await opened(page);
    const text = (await textOf(shown(page, 'wireCreatePat'))).replace(/\s+/g, ' ');
    for (const words of [
      'name string',
      '3 to 36 lower-case letters',
      'tokenType "opaque" or "jwt"',
      'optional',
      '409 conflict',
      'token string',
    ]) {
      expect(text).toContain(words);
    }
    expect(await textOf(shown(page, 'wireGetHealth'))).toContain('Nothing.');
  });

  test('it can be searched, opened and read by keyboard alone, and linked to', async () => {
    const { origin } = await openWorld();
    const page = await visitor(origin);
    await opened(page);
    await field(page, 'Find an operation').focus();
    await page.keyboard.type('rename token');
    expect(await page.locator('details:visible').count()).toBe(1);
    await page.keyboard.press('Tab');
    expect(await focused(page)).toContain('/api/v1/tokens/{id}');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('ownRenameToken by curl');
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('Copy the line for ownRenameToken');
    await opened(page, '#ownWhoami');
    expect(await shown(page, 'ownWhoami').getAttribute('open')).toBe('');
  });

  test('the lines that it shows work as they are, and hand the key over where nobody reads it', async () => {
    const world = await openWorld();
    const { token } = await world.person('admin', 'tenant-admin');
    const page = await visitor(world.origin);
    await opened(page);
    const said: Record<string, unknown> = {};
    for (const id of ['ownWhoami', 'wireCreatePat', 'wireListPats', 'ownGetToken', 'wireGetHealth']) {
      const line = await textOf(shown(page, id).locator('.line code'));
      expect(line).not.toMatch(/ -H 'Authorization|\$TFY_API_KEY" *$/m);
      const { code, out, err } = await outcomeOf('sh', ['-c', line], { env: { TFY_API_KEY: token.reveal() } });
      expect({ id, code, err }).toEqual({ id, code: 0, err: '' });
      said[id] = JSON.parse(out);
    }
    expect(said).toMatchObject({
      ownWhoami: { principal: { name: 'admin@example.com' } },
      wireCreatePat: { token: expect.stringMatching(/^tfy_pat_/) },
      wireListPats: { pagination: { total: 2 } },
      ownGetToken: { statusCode: 404 },
      wireGetHealth: { status: 'ok' },
    });
  });

  test('it asks for no key and keeps nothing', async () => {
    const { origin } = await openWorld();
    const page = await visitor(origin);
    await opened(page);
    expect(await page.evaluate('[{ ...localStorage }, { ...sessionStorage }, document.cookie]')).toEqual([{}, {}, '']);
    expect(await page.locator('input').count()).toBe(1);
  });

  test('a document that does not come is said to be out of reach', async () => {
    const { origin } = await openWorld();
    const { page } = await watched(origin);
    await page.route('**/api/openapi.json', (route) => route.abort());
    await page.goto('/api');
    await problem(page).waitFor();
    expect(await textOf(problem(page))).toBe('The document cannot be reached. Is the server running?');
  });

  test.each(LOOKS)(
    'at $width, $colorScheme: nothing hinders anybody, nothing is wider than the window',
    async ({ width, colorScheme }) => {
      const { origin } = await openWorld();
      const page = await visitor(origin, { viewport: { width, height: 800 }, colorScheme });
      const found: Record<string, unknown> = {};
      const look = async (state: string) => {
        mkdirSync(SCREENSHOTS, { recursive: true });
        const path = join(SCREENSHOTS, `${state}-${width}-${colorScheme}.png`);
        await page.screenshot({ path, animations: 'disabled' });
        const inner = await page.evaluate('document.documentElement.scrollWidth');
        found[state] = { violations: await violationsOn(page), width: inner };
      };
      await opened(page);
      await heading(page, 'wire: personal-access-tokens').waitFor();
      await look('api');
      await opened(page, '#ownCreateToken');
      await look('api-operation');
      await page.evaluate('for (const one of document.querySelectorAll("details")) one.open = true');
      await look('api-all');
      const fine = { violations: [], width };
      expect(found).toEqual({ api: fine, 'api-operation': fine, 'api-all': fine });
    },
  );
});
