import { describe, expect, test } from 'vitest';
import { errorBody } from '#contract/errors.ts';
import { Sensitive } from '#domain/sensitive.ts';
import { NO_REQUEST_LIMITS, type RequestLimits } from '#http/request-limits.ts';
import { statementsOf } from '#support/statements.ts';
import { type Answer, openWorld, type Sent, type World } from '#support/world.ts';
import { PATS, post } from '../provoked.ts';

const WINDOW_MS = 10_000;
const MAX = 5;
const HEALTH: Sent = { method: 'GET', path: '/health' };
const WHOAMI: Sent = { method: 'GET', path: '/api/v1/whoami' };
/** This machine stands for a proxy, so that a test can come from anywhere. */
const proxies = { trusted: ['127.0.0.1/32'], header: 'x-forwarded-for' } as const;
const limited = (requests: Partial<RequestLimits>) =>
  openWorld({ proxies, requests: { ...NO_REQUEST_LIMITS, ...requests } });
const from = (address: string, sent: Sent = HEALTH): Sent => ({
  ...sent,
  headers: { ...sent.headers, 'x-forwarded-for': address },
});

/** How many of so many at once were taken, and that the others were told to wait. */
async function taken(world: World, sent: Sent, times = 2 * MAX): Promise<number> {
  const answers = await Promise.all(Array.from({ length: times }, () => world.send(sent)));
  for (const answer of answers) if (answer.status === 429) expect(waitIn(answer)).toBeGreaterThanOrEqual(1);
  return answers.filter(({ status }) => status !== 429).length;
}

function waitIn({ headers, text }: Answer): number {
  expect(errorBody.strict().parse(JSON.parse(text))).toMatchObject({ statusCode: 429, code: 'rate_limited' });
  expect(headers['retry-after']).toMatch(/^[1-9]\d*$/);
  return Number(headers['retry-after']);
}

describe('requests of one address', () => {
  test('at once, one after the other, to whatever path: so many are taken, and no more', async () => {
    const world = await limited({ perAddressMax: MAX });
    expect(await taken(world, from('192.0.2.7'))).toBe(MAX);
    for (const path of ['/health', '/nowhere', '/%zz', PATS])
      expect((await world.send(from('192.0.2.7', { method: 'GET', path }))).status).toBe(429);
  });

  test('are those of no other; of an IPv6 network, whose addresses one client has all, they are one', async () => {
    const world = await limited({ perAddressMax: MAX });
    expect(await taken(world, from('192.0.2.7'))).toBe(MAX);
    expect(await taken(world, from('192.0.2.8'))).toBe(MAX);
    expect(await taken(world, from('2001:db8:0:1::1'))).toBe(MAX);
    expect(await taken(world, from('2001:db8:0:1:ffff::2'))).toBe(0);
    expect(await taken(world, from('2001:db8:0:2::1'))).toBe(MAX);
  });

  test('are refused before anything else is done: no statement, and not even a body is read', async () => {
    const world = await limited({ perAddressMax: 1 });
    await world.send(from('192.0.2.7'));
    const { token } = await world.person('ann', 'tenant-member');
    const { result, statements } = await statementsOf(() =>
      world.send(from('192.0.2.7', { ...post(PATS, {}), token, body: '{' })),
    );
    expect(waitIn(result)).toBe(WINDOW_MS / 1000);
    expect(statements).toEqual([]);
  });

  test('that is a wrong key count too, and so does a path that is not there', async () => {
    const world = await limited({ perAddressMax: MAX });
    const bad = from('192.0.2.7', { ...WHOAMI, headers: { authorization: 'Bearer tfy_pat_no' } });
    expect(await taken(world, bad)).toBe(MAX);
    expect(await taken(world, from('192.0.2.8', { method: 'GET', path: '/%zz' }))).toBe(MAX);
  });
});

describe('a window', () => {
  test('ends, and says in whole seconds when', async () => {
    const world = await limited({ perAddressMax: 1 });
    const ask = () => world.send(from('192.0.2.7'));
    expect((await ask()).status).toBe(200);
    expect(waitIn(await ask())).toBe(10);
    world.clock.advance(WINDOW_MS - 1_500);
    expect(waitIn(await ask())).toBe(2);
    world.clock.advance(1_499);
    expect(waitIn(await ask())).toBe(1);
    world.clock.advance(1);
    expect((await ask()).status).toBe(200);
    expect(waitIn(await ask())).toBe(10);
  });

  test.each([
    { what: 'an hour forward', ms: 3_600_000 },
    { what: 'an hour back', ms: -3_600_000 },
    { what: 'a year back', ms: -365 * 86_400_000 },
  ])('that sees the clock go $what shuts nobody out, and stays a window', async ({ ms }) => {
    const world = await limited({ perAddressMax: MAX });
    expect(await taken(world, from('192.0.2.7'))).toBe(MAX);
    world.clock.advance(ms);
    expect(await taken(world, from('192.0.2.7'))).toBe(MAX);
    world.clock.advance(WINDOW_MS);
    expect(await taken(world, from('192.0.2.7'))).toBe(MAX);
  });

  test('is no longer than it should be after the clock was turned back by less', async () => {
    const world = await limited({ perAddressMax: 1 });
    await world.send(from('192.0.2.7'));
    world.clock.advance(-1);
    await world.send(from('192.0.2.7'));
    expect(waitIn(await world.send(from('192.0.2.7')))).toBe(10);
  });
});

describe('requests by one token', () => {
  test('from many addresses: so many are taken, and no more; another token goes on', async () => {
    const world = await limited({ perTokenMax: MAX });
    const { caller, token } = await world.person('ann', 'tenant-member');
    const second = await world.pat(caller, 'second');
    const ask = (n: number) => world.send({ ...from(`192.0.2.${n}`, WHOAMI), token });
    const answers = await Promise.all(Array.from({ length: 2 * MAX }, (_, n) => ask(n)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(MAX);
    expect(await taken(world, { ...WHOAMI, token: second })).toBe(MAX);
    expect(await taken(world, WHOAMI)).toBe(2 * MAX); // nobody’s: 401
  });

  test('are refused before a body is read, and one with a body counts once', async () => {
    const world = await limited({ perTokenMax: MAX });
    const { token } = await world.person('ann', 'tenant-member');
    for (let n = 0; n < MAX; n++) {
      expect((await world.send({ ...post(PATS, { name: `token-${n}` }), token })).status).toBe(200);
    }
    const before = await world.rows('select count(*) as n from audit_entry');
    expect(waitIn(await world.send({ ...post(PATS, {}), token, body: '{' }))).toBe(10);
    expect(await world.rows('select count(*) as n from audit_entry')).toEqual(before);
  });

  test('are counted with those by its other values: asking it for a new one each time is no way around', async () => {
    const world = await limited({ perTokenMax: MAX });
    let { token } = await world.person('ann', 'tenant-member');
    const statuses: number[] = [];
    for (let n = 0; n < MAX + 2; n++) {
      const { status, text } = await world.send({ method: 'GET', path: `${PATS}/first`, token });
      statuses.push(status);
      if (status === 200) token = new Sensitive(JSON.parse(text).token);
    }
    expect(statuses).toEqual([...Array(MAX).fill(200), 429, 429]);
  });

  test('hold for the sessions of one user together, at their own forms too', async () => {
    const world = await limited({ perTokenMax: MAX });
    const ann = await world.user('ann', 'tenant-member');
    const headers = await world.browserOf(ann);
    expect(await taken(world, { ...WHOAMI, headers: await world.browserOf(ann) }, 1)).toBe(1);
    expect(await taken(world, { ...WHOAMI, headers })).toBe(MAX - 1);
    const signOut = { ...post('/auth/sign-out', {}), headers: { ...headers, 'content-type': 'application/json' } };
    expect((await world.send(signOut)).status).toBe(429);
  });
});

describe('requests by the tokens of one user', () => {
  test('are counted together: a new token for each is no way around', async () => {
    const world = await limited({ perTokenMax: 2, perPrincipalMax: MAX });
    let { token } = await world.person('ann', 'tenant-member');
    const statuses: number[] = [];
    for (let n = 0; n < MAX + 2; n++) {
      const { status, text } = await world.send({ ...post(PATS, { name: `token-${n}` }), token });
      statuses.push(status);
      if (status === 200) token = new Sensitive(JSON.parse(text).token);
    }
    expect(statuses).toEqual([...Array(MAX).fill(200), 429, 429]);
    const bob = await world.person('bob', 'tenant-member');
    expect(await taken(world, { ...WHOAMI, token: bob.token })).toBe(2);
  });

  test('are not taken from what their sessions have: whoever has a token cannot keep its owner from revoking it', async () => {
    const world = await limited({ perTokenMax: MAX, perPrincipalMax: MAX });
    const { caller, token } = await world.person('ann', 'tenant-member');
    expect(await taken(world, { ...WHOAMI, token })).toBe(MAX);
    expect(await taken(world, { ...WHOAMI, headers: await world.browserOf(caller) })).toBe(MAX);
  });

  test('are not used up by those that one token has too many of: another goes on', async () => {
    const world = await limited({ perTokenMax: MAX, perPrincipalMax: 2 * MAX });
    const { caller, token } = await world.person('ann', 'tenant-member');
    const second = await world.pat(caller, 'second');
    expect(await taken(world, { ...WHOAMI, token }, 10 * MAX)).toBe(MAX);
    expect(await taken(world, { ...WHOAMI, token: second })).toBe(MAX);
  });
});

test('requests of one tenant, by whatever tokens: so many are taken, and no more', async () => {
  const world = await limited({ perTenantMax: MAX, perTokenMax: MAX - 1 });
  const [ann, bob] = [await world.person('ann', 'tenant-member'), await world.person('bob', 'tenant-member')];
  expect(await taken(world, { ...WHOAMI, token: ann.token })).toBe(MAX - 1);
  expect(await taken(world, { ...WHOAMI, token: bob.token })).toBe(1);
  expect(await taken(world, HEALTH)).toBe(2 * MAX); // of no tenant
});

test('without limits nothing is counted', async () => {
  const world = await openWorld();
  expect(await taken(world, HEALTH, 300)).toBe(300);
});
