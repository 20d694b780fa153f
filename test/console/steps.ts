import { once } from 'node:events';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { temporaryFolder } from '#support/folder.ts';
import { ADMIN_EMAIL, type Served, serving } from '#support/process.ts';
import { button, field, textOf } from './browser.ts';

export const PASSWORD = 'a long enough password';

/** A first start that nobody has prepared, and the link that it prints. */
export async function firstStart(): Promise<Served & { readonly link: string }> {
  const served = await serving(join(temporaryFolder(), 'data'));
  while (linkIn(served) === undefined) await once(served.process.stdout as NodeJS.ReadableStream, 'data');
  return { ...served, link: String(linkIn(served)) };
}

const linkIn = ({ said }: Served): string | undefined => /: (http\S+\/set-up#\S+)\n/.exec(said())?.[1];

export async function setPassword(page: Page, { email, password = PASSWORD, again = password }: Choice = {}) {
  if (email !== undefined) await field(page, 'E-mail').fill(email);
  await field(page, 'Password').fill(password);
  await field(page, 'Password again').fill(again);
  await button(page, 'Set password and sign in').click();
}
type Choice = { readonly email?: string; readonly password?: string; readonly again?: string };

/** From the printed link to the page of the first administrator. */
export async function setUp(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await setPassword(page, { email: ADMIN_EMAIL });
  await heading(page, 'Personal access tokens').waitFor();
}

export async function signIn(page: Page, email: string, password = PASSWORD): Promise<void> {
  await field(page, 'E-mail').fill(email);
  await field(page, 'Password').fill(password);
  await button(page, 'Sign in').click();
}

export async function create(page: Page, name: string): Promise<string> {
  await field(page, 'Name').fill(name);
  await button(page, 'Create token').click();
  await page.getByRole('rowheader', { name, exact: true }).waitFor(); // it comes after the value
  return textOf(page.getByRole('status').getByText(/^tfy_pat_/));
}

export const heading = (page: Page, name: string) => page.getByRole('heading', { name, exact: true });
export const problem = (page: Page) => page.getByRole('alert');
export const rowNames = (page: Page): Promise<readonly string[]> => page.getByRole('rowheader').allTextContents();
