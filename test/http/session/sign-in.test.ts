import { beforeEach, expect, test } from 'vitest';
import { Attempts } from '#app/session/attempts.ts';
import { hashPassword } from '#crypto/password.ts';
import type { Caller } from '#domain/caller.ts';
import { Sensitive } from '#domain/sensitive.ts';
import { SESSION_MS_MAX } from '#domain/session.ts';
import { statementsOf } from '#support/statements.ts';
import { openWorld, type World } from '#support/world.ts';
import { cookieIn, form, saidIn } from '../asked.ts';

const PASSWORD = 'correct horse battery staple';
const WINDOW_MS = 15 * 60_000;
const MINUTE_MS = 60_000;
const WRONG = {
  status: 401,
  body: { statusCode: 401, code: 'unauthenticated', message: 'The e-mail address or the password is wrong.' },
};

let world: World;
let alice: Caller;
beforeEach(async () => {
  world = await openWorld();
  alice = await world.user('alice', 'tenant-member');
  const hash = await hashPassword(new Sensitive(PASSWORD), world.random);
  const { tenant, deps, clock } = world;
  await deps.store.transact((tx) => tx.principals.setPassword(tenant.id, alice.principal.id, hash, clock.now()));
});
const signIn = (email = 'alice@example.com', password = PASSWORD) =>
  world.send(form('/auth/sign-in', { email, password }));
const whoamiBy = async (cookie: string) =>
  (await world.send({ method: 'GET', path: '/api/v1/whoami', headers: { cookie, 'sec-fetch-site': 'same-origin' } }))
    .status;
const signOutBy = (cookie: string) => {
  const { headers, ...sent } = form('/auth/sign-out', {});
  return world.send({ ...sent, headers: { ...headers, cookie } });
};

test('the cookie is for this host alone, out of every script’s reach, and lasts as long as the session', async () => {
  const answer = await signIn();
  expect(saidIn(answer)).toEqual({ status: 200, body: {} });
  expect(answer.headers['set-cookie']).toEqual([
    expect.stringMatching(
      /^__Host-countersign-session=cs_session_[0-9A-Za-z]{49}; Max-Age=43200; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
    ),
  ]);
  expect(await whoamiBy(cookieIn(answer))).toBe(200);
});

test('the address may be written in any way, and the password in either Unicode form', async () => {
  expect((await signIn(' ALICE@Example.com ')).status).toBe(200);
  const { tenant, deps, clock } = world;
  const hash = await hashPassword(new Sensitive('pässword of length'.normalize('NFKC')), world.random);
  await deps.store.transact((tx) => tx.principals.setPassword(tenant.id, alice.principal.id, hash, clock.now()));
  for (const form of ['NFC', 'NFD'] as const) {
    expect((await signIn('alice@example.com', 'pässword of length'.normalize(form))).status).toBe(200);
  }
});

test('a wrong password, an unknown address and a user who is off are one answer, by the same statements', async () => {
  await world.user('bob', 'tenant-member'); // has no password
  const attempt = async (email: string, password: string) => {
    world.clock.advance(MINUTE_MS); // each is the first denial of its minute
    const { result, statements } = await statementsOf(() => signIn(email, password));
    const { 'x-request-id': _, date: __, ...headers } = result.headers;
    return { status: result.status, headers, text: result.text, statements };
  };
  const wrong = await attempt('alice@example.com', 'not the password');
  expect(saidIn(wrong)).toEqual(WRONG);
  expect(wrong.statements).toContainEqual(expect.stringContaining('into "audit_entry"'));
  expect(await attempt('nobody@example.com', PASSWORD)).toEqual(wrong);
  expect(await attempt('bob@example.com', PASSWORD)).toEqual(wrong);
});

test('ten failures make an address wait, to the second that it is told; a success does not count', async () => {
  expect((await signIn()).status).toBe(200);
  const failures = await Promise.all(Array.from({ length: 10 }, () => signIn('alice@example.com', 'not the password')));
  expect(failures.map(saidIn)).toEqual(failures.map(() => WRONG));
  const refused = await signIn();
  expect([refused.status, refused.headers['retry-after'], JSON.parse(refused.text).message]).toEqual([
    429,
    String(WINDOW_MS / 1000),
    'Too many failed attempts from this address. Wait a few minutes and try again.',
  ]);
  expect((await signIn('nobody@example.com')).status).toBe(401); // another account is another ten
  world.clock.advance(WINDOW_MS);
  expect((await signIn()).status).toBe(200);
});

test('whoever guesses from one address keeps nobody out at another, and successes never run out', () => {
  const attempts = new Attempts();
  const fail = (address: string) => attempts.begin(address, 'alice@example.com', 0);
  for (let n = 0; n < 10; n++) fail('192.0.2.1');
  expect(() => fail('192.0.2.1')).toThrow(expect.objectContaining({ code: 'rate_limited', retryAfterSeconds: 900 }));
  for (let n = 0; n < 1_000; n++) fail('192.0.2.2').takeBack();
});

test('signing out ends the session at once, here and in the browser', async () => {
  const cookie = cookieIn(await signIn());
  expect(await whoamiBy(cookie)).toBe(200);
  const answer = await signOutBy(cookie);
  expect([saidIn(answer), answer.headers['set-cookie']]).toEqual([
    { status: 200, body: {} },
    ['__Host-countersign-session=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict'],
  ]);
  expect(await whoamiBy(cookie)).toBe(401);
  expect((await signOutBy(cookie)).status).toBe(401);
});

test('signing out of one browser leaves the other signed in', async () => {
  const [one, other] = [cookieIn(await signIn()), cookieIn(await signIn())];
  await signOutBy(one);
  expect([await whoamiBy(one), await whoamiBy(other)]).toEqual([401, 200]);
});

test('a session ends at its very instant', async () => {
  const cookie = cookieIn(await signIn());
  world.clock.advance(SESSION_MS_MAX - 1);
  expect(await whoamiBy(cookie)).toBe(200);
  world.clock.advance(1);
  expect(await whoamiBy(cookie)).toBe(401);
});

test.each(['cross-site', 'same-site', 'none', undefined])(
  'a cookie that came with a page from %s is no credential, and no form of ours is open to it',
  async (site) => {
    const headers = { cookie: cookieIn(await signIn()), ...(site === undefined ? {} : { 'sec-fetch-site': site }) };
    const whoami = await world.send({ method: 'GET', path: '/api/v1/whoami', headers });
    expect(saidIn(whoami)).toMatchObject({
      status: 401,
      body: { message: expect.stringContaining('Use an API key.') },
    });
    for (const path of ['/auth/sign-in', '/auth/sign-out', '/auth/accept-invitation']) {
      const body = JSON.stringify({ email: 'alice@example.com', password: PASSWORD });
      const answer = await world.send({
        method: 'POST',
        path,
        body,
        headers: { ...headers, 'content-type': 'application/json' },
      });
      expect([answer.status, answer.headers['set-cookie']]).toEqual([403, undefined]);
    }
  },
);

test('an access token is no cookie, and a cookie’s value is no access token', async () => {
  const [, value = ''] = cookieIn(await signIn()).split('=');
  const token = await world.pat(alice, 'first');
  expect(await whoamiBy(`__Host-countersign-session=${token.reveal()}`)).toBe(401);
  expect(await world.standing(new Sensitive(value))).toBe('malformed');
});
