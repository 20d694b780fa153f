import { describe, expect, test } from 'vitest';
import { Sensitive } from '#domain/sensitive.ts';
import { has, needing } from '#support/parts.ts';
import { ADMIN_EMAIL } from '#support/process.ts';
import { invitationOf } from '../clients/instance.ts';
import { field, focused, textOf, useBrowser, visitor } from './browser.ts';
import { create, firstStart, heading, PASSWORD, problem, rowNames, setPassword, setUp, signIn } from './steps.ts';

const TOKENS = 'Personal access tokens';

describe.skipIf(!has('chromium'))(needing('chromium', 'the pages that one-time links open'), () => {
  useBrowser();

  test('the printed link makes the administrator, once a good password was given twice', async () => {
    const { origin, link } = await firstStart();
    const page = await visitor(origin);
    await page.goto(link);
    await heading(page, 'Set a password').waitFor();
    await setPassword(page, { email: ADMIN_EMAIL, again: 'another long password' });
    expect(await textOf(problem(page))).toBe('The two passwords differ.');
    await setPassword(page, { email: ADMIN_EMAIL, password: '11 letters.' });
    expect(await field(page, 'Password').evaluate(isTooShort)).toBe(true);
    await setPassword(page, { email: ADMIN_EMAIL, password: '🔑🔑🔑🔑🔑🔑' }); // six characters, which take twelve units
    expect(await textOf(problem(page))).toBe('A password has 12 to 256 characters. Choose another.');
    await setPassword(page, { email: ADMIN_EMAIL });
    await heading(page, TOKENS).waitFor();
    expect({ url: page.url(), signedInAs: await textOf(page.getByRole('banner')) }).toEqual({
      url: `${origin}/`,
      signedInAs: expect.stringContaining(ADMIN_EMAIL),
    });
    expect(await problem(page).isVisible()).toBe(false);
    expect(await page.getByText('You have no tokens yet.').isVisible()).toBe(true);
  });

  test('a link that was used sets nothing, and says what to do', async () => {
    const { origin, link } = await firstStart();
    await setUp(await visitor(origin), link);
    const late = await visitor(origin);
    await late.goto(link);
    await setPassword(late, { email: 'late@example.com' });
    expect(await textOf(problem(late))).toBe(
      'This link does not work: it was used, replaced by a newer one, or is too old. Ask for a new one.',
    );
    await late.goto('/');
    await signIn(late, 'late@example.com');
    expect(await textOf(problem(late))).toBe('The e-mail address or the password is wrong.');
  });

  test('an invitation opens a page that asks for a password alone, and then shows the tokens of its user', async () => {
    const served = await firstStart();
    const admin = await visitor(served.origin);
    await setUp(admin, served.link);
    const token = new Sensitive(await create(admin, 'of-the-admin'));
    const page = await visitor(served.origin);
    await page.goto(await invitationOf({ ...served, token }, 'member@example.com'));
    await heading(page, 'Set a password').waitFor();
    expect(await field(page, 'E-mail').count()).toBe(0);
    expect(await focused(page)).toBe('Password');
    await setPassword(page);
    await heading(page, TOKENS).waitFor();
    expect(await textOf(page.getByRole('banner'))).toContain('member@example.com');
    expect(await rowNames(page)).toEqual([]);
    await create(page, 'of-the-member');
    expect(await rowNames(page)).toEqual(['of-the-member']);
    await admin.reload();
    await heading(admin, TOKENS).waitFor();
    expect(await rowNames(admin)).toEqual(['of-the-admin']);
  });

  test('a second link that is opened in the same tab is the one that counts', async () => {
    const { origin, link } = await firstStart();
    const page = await visitor(origin);
    await page.goto(`${link.split('#')[0]}#cs_inv_of-another-day`);
    await heading(page, 'Set a password').waitFor();
    await page.goto(link);
    await setPassword(page, { email: ADMIN_EMAIL, password: PASSWORD });
    await heading(page, TOKENS).waitFor();
  });
});

const isTooShort = ({ validity }: { readonly validity: { readonly tooShort: boolean } }): boolean => validity.tooShort;
