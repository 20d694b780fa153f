import { beforeEach, describe, expect, test } from 'vitest';
import { makeReady, runDueJobs } from '#jobs/worker.ts';
import { flushed } from '#support/flushed.ts';
import { openWorld, type World } from '#support/world.ts';
import { statusOf } from '../asked.ts';
import { ABSENT, accounting, as, DAY_MS } from './accounts.ts';

const MINUTE_MS = 60_000;

let world: World;
let admin: ReturnType<typeof accounting>;
let member: ReturnType<typeof accounting>;
let id: string;
let first: string;
beforeEach(async () => {
  world = await openWorld();
  admin = accounting(world, (await world.person('admin', 'tenant-admin')).token);
  member = accounting(world, (await world.person('ada', 'tenant-member')).token);
  const { body } = await admin.put({ name: 'ci-gateway' });
  [id, first] = [body.data.id, body.token];
});
const jwts = async () => (await admin.account(id)).body.data.jwts;
const values = async () => (await admin.ownAccount(id)).body.account.values;
const accepted = async (...all: readonly string[]) => {
  const statuses = [];
  for (const one of all) statuses.push(await statusOf(world, one));
  return statuses;
};

describe('a token is regenerated', () => {
  test.each([
    { what: 'minutes', body: { gracePeriodInMinutes: 90 }, graceMs: 90 * MINUTE_MS },
    { what: 'a part of a minute', body: { gracePeriodInMinutes: 0.5 }, graceMs: MINUTE_MS / 2 },
    { what: 'days', body: { gracePeriodInDays: 2 }, graceMs: 2 * DAY_MS },
    { what: 'half a day', body: { gracePeriodInDays: 0.5 }, graceMs: DAY_MS / 2 },
    { what: 'the most there is', body: { gracePeriodInDays: 365 }, graceMs: 365 * DAY_MS },
  ])(
    'with $what of grace: the new one is current, the one before works so long and no longer',
    async ({ body, graceMs }) => {
      const before = (await jwts())[0];
      const { status, body: answer } = await admin.regenerate(id, body);
      expect({ status, keys: Object.keys(answer) }).toEqual({ status: 200, keys: ['token'] });
      const row = (await admin.account(id)).body.data;
      expect(row.jwts).toMatchObject([
        { id: row.jwtId, metadata: { generation: 2, state: 'current' } },
        {
          id: before.id,
          expiry: new Date(world.clock.now() + graceMs).toISOString(),
          metadata: { generation: 1, state: 'grace' },
        },
      ]);
      world.clock.advance(graceMs - 1);
      expect(await accepted(first, answer.token)).toEqual([200, 200]);
      world.clock.advance(1);
      expect(await accepted(first, answer.token)).toEqual([401, 200]);
      expect((await jwts()).find((one: { id: string }) => one.id === before.id)?.metadata.state ?? 'expired').toBe(
        'expired',
      );
    },
  );

  test('with no grace the one before is dead at once', async () => {
    const { body } = await admin.regenerate(id, { gracePeriodInMinutes: 0 });
    expect(await accepted(first, body.token)).toEqual([401, 200]);
    expect(await jwts()).toMatchObject([{ metadata: { generation: 2, state: 'current' } }]);
  });

  test('without any body, as some clients ask, with 30 days of grace', async () => {
    const path = `/api/svc/v1/virtual-accounts/${id}/regenerate-token`;
    for (const headers of [{}, { 'content-type': 'application/json' }]) {
      expect(await admin.ask({ method: 'POST', path, headers })).toMatchObject({ status: 200 });
    }
    world.clock.advance(30 * DAY_MS - 1);
    expect(await accepted(first)).toEqual([200]);
  });

  test.each([
    { what: 'neither', body: {} },
    { what: 'both', body: { gracePeriodInMinutes: 1, gracePeriodInDays: 1 } },
    { what: 'an unknown unit', body: { gracePeriodInHours: 1 } },
    { what: 'a text', body: { gracePeriodInMinutes: '60' } },
    { what: 'less than nothing', body: { gracePeriodInMinutes: -1 } },
    { what: 'more than a year', body: { gracePeriodInMinutes: 525_601 } },
    { what: 'more than a year of days', body: { gracePeriodInDays: 366 } },
  ])('$what is refused in words, and nothing is made', async ({ body }) => {
    expect(await admin.regenerate(id, body)).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('gracePeriodIn') },
    });
    expect(await jwts()).toHaveLength(1);
  });

  test('as JWT where the account says so, from then on', async () => {
    await admin.put({ name: 'ci-gateway', token_type: 'jwt' });
    const { body } = await admin.regenerate(id, { gracePeriodInMinutes: 5 });
    expect(body.token).toMatch(/^eyJ/);
    expect((await jwts()).map((one: { tokenType: string }) => one.tokenType)).toEqual(['jwt', 'opaque']);
    expect(await accepted(first, body.token)).toEqual([200, 200]);
  });
});

describe('the current token is read again', () => {
  test('by whoever manages the account, on the record, and never an older one', async () => {
    expect(await admin.read(id)).toEqual({ status: 200, body: { token: first } });
    expect(await admin.ownRead(id)).toEqual({ status: 200, body: { value: first } });
    const { body } = await admin.regenerate(id, { gracePeriodInMinutes: 5 });
    expect((await admin.read(id)).body).toEqual({ token: body.token });
    expect((await world.audit()).at(-1)).toMatchObject({
      ...{ action: 'virtual-account:ManageVirtualAccount', resource: `virtual-account/${id}`, decision: 'allowed' },
    });
    expect((await member.read(id)).status).toBe(403);
    expect((await as(world, first).read(id)).status).toBe(403);
  });

  test('nowhere where the tenant has decided so: what was kept is shredded, and the reason said', async () => {
    expect((await admin.rules()).body).toEqual({ tokenReadable: true, afterRetirement: 'report' });
    const rules = { tokenReadable: false, afterRetirement: 'report' };
    expect(await admin.putRules(rules)).toEqual({ status: 200, body: rules });
    const refused = {
      status: 403,
      body: { code: 'forbidden', message: expect.stringContaining('Regenerate the token for a new one') },
    };
    expect([await admin.read(id), await admin.ownRead(id)]).toMatchObject([refused, refused]);
    expect(await world.rows('select * from virtual_account_value')).toEqual([]);
    await admin.putRules({ ...rules, tokenReadable: true });
    expect(await admin.read(id)).toMatchObject({
      status: 404,
      body: { message: expect.stringContaining('no token that can be read') },
    });
    expect(await statusOf(world, first)).toBe(200);
    const { body } = await admin.regenerate(id, { gracePeriodInMinutes: 5 });
    expect((await admin.read(id)).body).toEqual({ token: body.token });
  });

  test('rules are for whoever may set them', async () => {
    expect([
      (await member.rules()).status,
      (await member.putRules({ tokenReadable: false, afterRetirement: 'freeze' })).status,
    ]).toEqual([403, 403]);
    expect((await admin.putRules({ tokenReadable: true, afterRetirement: 'explode' })).status).toBe(400);
  });
});

describe('one value is ended', () => {
  test('be it in its grace or current; the others, and the account, stay', async () => {
    const { body } = await admin.regenerate(id, { gracePeriodInDays: 9 });
    const [current, old] = await jwts();
    expect(await admin.end(id, old.id)).toEqual({ status: 200, body: {} });
    expect(await accepted(first, body.token)).toEqual([401, 200]);
    expect(await admin.ownEnd(id, current.id)).toEqual({ status: 200, body: {} });
    expect(await accepted(body.token)).toEqual([401]);
    const row = (await admin.account(id)).body.data;
    expect(row).toMatchObject({ jwts: [], isExpired: false });
    expect(row).not.toHaveProperty('jwtId');
    const third = await admin.regenerate(id, { gracePeriodInMinutes: 0 });
    expect(await accepted(third.body.token)).toEqual([200]);
    expect(await values()).toMatchObject([{ generation: 3, state: 'current' }]);
  });

  test('and no other account’s, nor one that is over already', async () => {
    const other = (await admin.put({ name: 'other' })).body;
    const says = { status: 404, body: { message: expect.stringContaining('no value of this id') } };
    expect(await admin.end(id, other.data.jwtId)).toMatchObject(says);
    expect(await accepted(other.token)).toEqual([200]);
    const [value] = await jwts();
    await admin.end(id, value.id);
    expect(await admin.end(id, value.id)).toMatchObject(says);
    expect((await member.end(id, value.id)).status).toBe(403);
  });
});

test('where each value was last used is known, and what still holds one that is over', async () => {
  await statusOf(world, first);
  const { body } = await admin.regenerate(id, { gracePeriodInMinutes: 1 });
  const [at, address] = [new Date(world.clock.now()).toISOString(), '127.0.0.1'];
  await flushed(world.deps);
  const row = (await admin.account(id)).body.data;
  expect(row).toMatchObject({ lastAccessedAt: at, metadata: { lastUsedSurface: 'rest', lastUsedAddress: address } });
  const used = { lastUsedAt: at, lastUsedSurface: 'rest', lastUsedAddress: address };
  expect(row.jwts[1].metadata).toEqual({ ...used, generation: 1, state: 'grace', preview: expect.any(String) });
  expect(row.jwts[0].metadata).toEqual({ generation: 2, state: 'current', preview: expect.any(String) });
  expect((await admin.ownAccount(id)).body.account.usedAfterEnd).toBeNull();
  world.clock.advance(2 * MINUTE_MS);
  expect(await accepted(first, body.token)).toEqual([401, 200]);
  await flushed(world.deps);
  expect((await admin.ownAccount(id)).body.account).toMatchObject({
    usedAfterEnd: { at: new Date(world.clock.now()).toISOString(), surface: 'rest', address },
    values: [{ generation: 2, lastUsed: { surface: 'rest' } }, { generation: 1 }].slice(0, (await values()).length),
  });
});

describe('a frozen account', () => {
  test('is accepted nowhere and goes on being managed; thawed, it is as it was', async () => {
    expect(await admin.turn(id, 'freeze')).toMatchObject({ status: 200, body: { account: { state: 'frozen' } } });
    expect(await accepted(first)).toEqual([401]);
    expect((await admin.account(id)).body.data).toMatchObject({ metadata: { isFrozen: true }, isExpired: false });
    expect(await admin.turn(id, 'freeze')).toMatchObject({ status: 200 });
    expect(await admin.turn(id, 'thaw')).toMatchObject({ status: 200, body: { account: { state: 'live' } } });
    expect(await accepted(first)).toEqual([200]);
    expect([(await member.turn(id, 'freeze')).status, (await member.turn(id, 'thaw')).status]).toEqual([403, 403]);
  });
});

test('nothing is written to a store that is not there, and whoever manages the account is told so', async () => {
  for (const query of ['', '?force=true', '?force=false']) {
    expect(await admin.sync(id, query)).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('no secret_store_config') },
    });
  }
  expect((await admin.sync(id, '?force=perhaps')).status).toBe(400);
  expect((await member.sync(id)).status).toBe(403);
  expect(await admin.sync('a00000000000000000000000')).toEqual(ABSENT);
});

describe('where a replaced value is presented after its grace', () => {
  /** Replaced a while ago, and presented now; and the value that is current. */
  async function presented(afterRetirement: 'report' | 'freeze' | 'revoke', whileInGrace: boolean): Promise<string> {
    await admin.putRules({ tokenReadable: true, afterRetirement });
    const { body } = await admin.regenerate(id, { gracePeriodInMinutes: 5 });
    if (!whileInGrace) world.clock.advance(6 * MINUTE_MS);
    expect(await accepted(first, body.token)).toEqual([whileInGrace ? 200 : 401, 200]);
    await flushed(world.deps);
    return body.token;
  }

  test.each([
    { rule: 'report', state: 'live', works: 200, values: 1 },
    { rule: 'freeze', state: 'frozen', works: 401, values: 1 },
    { rule: 'revoke', state: 'live', works: 401, values: 0 },
  ] as const)(
    'the rule $rule makes the account $state, and the current value a $works',
    async ({ rule, state, works, values: left }) => {
      const current = await presented(rule, false);
      const { account } = (await admin.ownAccount(id)).body;
      expect(account).toMatchObject({ state, usedAfterEnd: { surface: 'rest', address: '127.0.0.1' } });
      const living = account.values.filter((one: { state: string }) => one.state !== 'expired');
      expect([living.length, await accepted(current)]).toEqual([left, [works]]);
      await admin.turn(id, 'thaw');
      expect(await accepted(current)).toEqual([rule === 'revoke' ? 401 : 200]);
    },
  );

  test.each(['freeze', 'revoke'] as const)('nothing follows by the rule %s while it is in its grace', async (rule) => {
    const current = await presented(rule, true);
    expect((await admin.ownAccount(id)).body.account).toMatchObject({ state: 'live', usedAfterEnd: null });
    expect(await accepted(first, current)).toEqual([200, 200]);
  });
});

test('an account that rotates gets its next token when it is due, the one before works for its grace, and the date is true', async () => {
  await makeReady(world.deps);
  const { body } = await admin.put({ name: 'rotating', auto_rotate: { auto_rotate_interval: 30, grace_period: 1 } });
  const due = world.clock.now() + 30 * DAY_MS;
  expect(body.data.nextScheduledRotation).toBe(new Date(due).toISOString());
  world.clock.advance(30 * DAY_MS);
  await runDueJobs(world.deps, undefined, ['account-rotation']);
  const row = (await admin.account(body.data.id)).body.data;
  expect(row).toMatchObject({
    nextScheduledRotation: new Date(due + 30 * DAY_MS).toISOString(),
    jwts: [{ metadata: { generation: 2, state: 'current' } }, { metadata: { generation: 1, state: 'grace' } }],
  });
  const next = (await admin.read(body.data.id)).body.token;
  expect(await accepted(body.token, next)).toEqual([200, 200]);
  world.clock.advance(DAY_MS);
  expect(await accepted(body.token, next)).toEqual([401, 200]);
});
