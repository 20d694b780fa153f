import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { has, needing } from '#support/parts.ts';
import { ADMIN_EMAIL, type Served } from '#support/process.ts';
import { type Recorder, recorderOf } from '../clients/recorder.ts';
import { button, field, focused, textOf, useBrowser, visitor, watched } from './browser.ts';
import { create, firstStart, heading, PASSWORD, problem, rowNames, setUp, signIn } from './steps.ts';

const LIST = '/api/svc/v1/personal-access-tokens';
const COOKIE = '__Host-countersign-session';
const TOKENS = 'Personal access tokens';

async function signedIn(): Promise<{ readonly served: Served & { readonly link: string }; readonly page: Page }> {
  const served = await firstStart();
  const page = await visitor(served.origin);
  await setUp(page, served.link);
  return { served, page };
}

/** Another server on this machine, with a page of somebody else’s. */
async function elsewhere(html: string): Promise<number> {
  const server = createServer((_request, answer) => answer.setHeader('content-type', 'text/html').end(html));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** What the person who is signed in is made to send by a page elsewhere, by every means that needs no consent of ours. */
const attackOn = (origin: string): string => `<!doctype html><title>Elsewhere</title>
  <form method="post" enctype="text/plain" action="${origin}/auth/sign-out" target="frame"><input name='{"a":"' value='"}'></form>
  <iframe name="frame"></iframe>
  <img src="${origin}${LIST}/by-an-image" alt="">
  <a href="${origin}${LIST}/by-a-link">A link</a>
  <script>
    const asked = (path, options) => fetch('${origin}' + path, { credentials: 'include', ...options }).then(() => 'sent', () => 'kept');
    const json = { method: 'POST', headers: { 'content-type': 'application/json' } };
    document.forms[0].submit();
    window.outcome = Promise.all([
      asked('/auth/sign-out', { method: 'POST', mode: 'no-cors', body: '{}' }),
      asked('${LIST}/by-a-fetch', { mode: 'no-cors' }),
      asked('${LIST}', { ...json, body: '{"name":"by-a-post"}' }),
      asked('/api/v1/whoami', {}),
    ]);
  </script>`;

/** Opens the attacking page at this address, and follows its link too. */
async function attack(page: Page, from: string, origin: string): Promise<void> {
  await page.goto(from, { waitUntil: 'load' });
  expect(await page.evaluate('outcome')).toEqual(['sent', 'sent', 'kept', 'kept']);
  await Promise.all([page.waitForURL(`${origin}${LIST}/by-a-link`), page.getByText('A link').click()]);
}

/** What came from pages elsewhere, whether our cookie came along, and what it got. */
const fromElsewhere = (recorder: Recorder) =>
  recorder
    .exchanges()
    .map(({ asked, headers, status }) => ({
      ...{ asked, status, site: headers['sec-fetch-site'], withCookie: String(headers.cookie).includes(COOKIE) },
    }))
    .filter(({ site }) => site === 'same-site' || site === 'cross-site')
    .sort((one, other) => one.asked.localeCompare(other.asked));

describe.skipIf(!has('chromium'))(needing('chromium', 'a session in the browser'), () => {
  useBrowser();

  test('signing out leaves nothing of the person in the page; signing in again takes the right password', async () => {
    const { served, page } = await signedIn();
    await create(page, 'my-laptop');
    await button(page, 'Sign out').click();
    await heading(page, 'Sign in').waitFor();
    expect(await page.content()).not.toMatch(/tfy_pat_|my-laptop|admin@example\.com/);
    expect(await page.context().cookies()).toEqual([]);
    await page.reload();
    await heading(page, 'Sign in').waitFor();
    await signIn(page, ADMIN_EMAIL, 'not the right password');
    expect(await textOf(problem(page))).toBe('The e-mail address or the password is wrong.');
    expect(await focused(page)).toBe('Sign in'); // where the keyboard was
    await signIn(page, ADMIN_EMAIL);
    await heading(page, TOKENS).waitFor();
    expect({ rows: await rowNames(page), url: page.url() }).toEqual({ rows: ['my-laptop'], url: `${served.origin}/` });
    expect(await problem(page).isVisible()).toBe(false);
  });

  test('a session that ended elsewhere takes what was shown off the page, and asks to sign in', async () => {
    const { page } = await signedIn();
    await create(page, 'my-laptop');
    await page.context().clearCookies();
    await field(page, 'Name').fill('another');
    await button(page, 'Create token').click();
    await heading(page, 'Sign in').waitFor();
    expect(await textOf(problem(page))).toBe('Your session has ended. Sign in again.');
    expect(await page.content()).not.toMatch(/tfy_pat_|my-laptop|admin@example\.com/);
  });

  test('the cookie is for this host, over whatever the browser trusts, and for no script and no other site', async () => {
    const { page } = await signedIn();
    const [{ value, expires, ...cookie } = { value: '', expires: 0 }, ...others] = await page.context().cookies();
    expect([cookie, ...others]).toEqual([
      { name: COOKIE, domain: '127.0.0.1', path: '/', httpOnly: true, secure: true, sameSite: 'Strict' },
    ]);
    expect(expires).toBeGreaterThan(Date.now() / 1000);
    expect(await page.evaluate('document.cookie')).toBe('');
    expect(value).not.toBe('');
  });

  test('no password, code or token stays in the address, the history or any store of the browser', async () => {
    const { served, page } = await signedIn();
    const token = await create(page, 'my-laptop');
    const kept = await page.evaluate(`(async () => ({
      url: location.href, state: history.state, title: document.title,
      local: { ...localStorage }, session: { ...sessionStorage },
      databases: await indexedDB.databases(), caches: await caches.keys(), name: window.name,
    }))()`);
    const none = { state: null, title: 'Countersign', local: {}, session: {}, databases: [], caches: [], name: '' };
    expect(kept).toEqual({ ...none, url: `${served.origin}/` });
    expect(await page.evaluate('document.querySelector("#set-up-form [name=password]").value')).toBe('');
    await page.reload();
    await heading(page, TOKENS).waitFor();
    const html = await page.content();
    for (const secret of [token, PASSWORD, new URL(served.link).hash.slice(1)]) expect(html).not.toContain(secret);
    await page.goBack();
    expect(page.url()).toBe('about:blank'); // the link that was used is not there to go back to
  });

  test.each([
    { where: 'another port of this host, which gets the cookie along', host: '127.0.0.1', site: 'same-site' },
    { where: 'another site, which does not', host: 'localhost', site: 'cross-site' },
  ])('a page on $where, uses the session by no form, image, link or fetch', async ({ host, site }) => {
    const served = await firstStart();
    const recorder = await recorderOf(served.origin);
    const page = await visitor(recorder.origin);
    await setUp(page, served.link.replace(served.origin, recorder.origin));
    await create(page, 'my-laptop');
    const port = await elsewhere(attackOn(recorder.origin));
    await attack(await page.context().newPage(), `http://${host}:${port}/`, recorder.origin);
    expect(fromElsewhere(recorder)).toEqual(
      [
        { asked: `GET ${LIST}/by-a-fetch`, status: 401 },
        { asked: `GET ${LIST}/by-a-link`, status: 401 },
        { asked: `GET ${LIST}/by-an-image`, status: 401 },
        { asked: 'GET /api/v1/whoami', status: 401 },
        { asked: `OPTIONS ${LIST}`, status: 405 },
        { asked: 'POST /auth/sign-out', status: 403 },
        { asked: 'POST /auth/sign-out', status: 403 },
      ].map(({ asked, status }) => ({
        ...{ asked, status, site, withCookie: site === 'same-site' && !asked.startsWith('OPTIONS') },
      })),
    );
    await page.reload();
    await heading(page, TOKENS).waitFor();
    expect(await rowNames(page)).toEqual(['my-laptop']);
  });

  test('script and style that somebody got into the page do not run', async () => {
    const { origin } = await firstStart();
    const { page, faults } = await watched(origin);
    await page.route(`${origin}/`, async (route) => {
      const answer = await route.fetch();
      const bad = `<script>window.ran = 'inline'</script><img src="data:," onerror="window.ran = 'handler'">
        <script src="data:text/javascript,window.ran = 'data'"></script><style>body { color: rgb(1, 2, 3) }</style>
        <base href="http://127.0.0.1:1/"><iframe src="${origin}/set-up"></iframe>`;
      await route.fulfill({ response: answer, body: (await answer.text()).replace('<main>', `<main>${bad}`) });
    });
    await page.goto('/');
    await heading(page, 'Sign in').waitFor();
    await expect
      .poll(() => directivesIn(faults.said))
      .toEqual([...['base-uri', 'default-src', 'script-src', 'script-src', 'script-src', 'style-src']]);
    expect(await page.evaluate('[window.ran, getComputedStyle(document.body).color === "rgb(1, 2, 3)"]')).toEqual([
      ...[undefined, false],
    ]);
    await expect(page.evaluate(`document.body.innerHTML = '<b>text</b>'`)).rejects.toThrow('TrustedHTML');
    expect(faults.thrown).toEqual([]);
  });

  test('no page elsewhere shows ours in a frame', async () => {
    const { origin } = await firstStart();
    const { page, faults } = await watched(origin);
    const port = await elsewhere(`<!doctype html><title>Elsewhere</title><iframe src="${origin}/"></iframe>`);
    await page.goto(`http://127.0.0.1:${port}/`);
    await expect.poll(() => directivesIn(faults.said)).toEqual(['frame-ancestors']);
    expect(await page.frameLocator('iframe').getByText('Countersign').count()).toBe(0);
  });

  test('a server that is gone is said to be out of reach', async () => {
    const served = await firstStart();
    const { page, faults } = await watched(served.origin);
    await setUp(page, served.link);
    served.process.kill('SIGTERM');
    await served.ended;
    await button(page, 'Sign out').click();
    expect(await textOf(problem(page))).toBe('The server cannot be reached. Is it running?');
    expect(faults.said).toEqual(['Failed to load resource: net::ERR_CONNECTION_REFUSED']);
  });
});

/** By which rules of the page's policy the browser says that it has kept something out. */
const directivesIn = (said: readonly string[]): readonly string[] =>
  said.map((text) => /directive:? ["']([a-z-]+)/.exec(text)?.[1] ?? text).sort();
