import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import { usePart } from '#support/parts.ts';

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

let browser: Browser | undefined;

/** One browser for the tests of a file; each person in it has a context, and so cookies, of their own. */
export function useBrowser(): void {
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: usePart('chromium').executable, args: ARGS });
  });
  afterAll(() => browser?.close());
}

/** What a page did that it should not have. */
type Faults = { readonly said: string[]; readonly thrown: string[]; readonly loadedFromElsewhere: string[] };
export type Visitor = { readonly page: Page; readonly faults: Faults };

/** Somebody in front of a browser; when the test ends, no page of theirs may have complained, or loaded from elsewhere. */
export async function visitor(origin: string, options: BrowserContextOptions = {}): Promise<Page> {
  const { page, faults } = await watched(origin, options);
  onTestFinished(() => expect(faults).toEqual({ said: [], thrown: [], loadedFromElsewhere: [] }));
  return page;
}

/** The same where faults are what the test is about. */
export async function watched(origin: string, options: BrowserContextOptions = {}): Promise<Visitor> {
  if (browser === undefined) throw new Error('useBrowser() comes first');
  const context = await browser.newContext({ baseURL: origin, ...options });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const faults: Faults = { said: [], thrown: [], loadedFromElsewhere: [] };
  page.on('pageerror', (error) => faults.thrown.push(String(error)));
  page.on('console', (message) => {
    if (!isRefusedRequest(message.text())) faults.said.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`) && request.url() !== 'data:,') {
      faults.loadedFromElsewhere.push(request.url());
    }
  });
  return { page, faults };
}

/** The browser's own note of an answer that is an error, as of a wrong password; the page cannot keep it from that. */
const isRefusedRequest = (text: string): boolean =>
  /^Failed to load resource: the server responded with a status of 4\d\d/.test(text);

/** What a check of accessibility finds, by rule and place. */
export async function violationsOn(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate('axe.run()')) as axe.AxeResults;
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} ${target}: ${failureSummary}`),
  );
}

/** Of the forms in the page only one is shown. */
export const field = (page: Page, label: string) => page.getByLabel(label, { exact: true }).filter({ visible: true });
/** Once it is there. */
export const textOf = async (element: Locator): Promise<string> => (await element.textContent()) ?? '';
export const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

/** What has the focus, by the name that it is read out by. */
export const focused = (page: Page): Promise<unknown> =>
  page.evaluate(`(() => {
    const { ariaLabel, labels, textContent } = document.activeElement;
    return ariaLabel ?? (labels?.[0]?.firstChild.textContent ?? textContent).trim();
  })()`);
