import { beforeEach, describe, expect, test } from 'vitest';
import { Sensitive } from '#domain/sensitive.ts';
import { flushed } from '#support/flushed.ts';
import { openWorld, type World } from '#support/world.ts';
import { secondTenant } from '../../authz/second-tenant.ts';
import { asking, NO_LIMITS, puttingSettings, saidIn, statusOf } from '../asked.ts';
import { OWN_TOKENS, post } from '../provoked.ts';

const DAY_MS = 86_400_000;
const NOBODY = { tokens: 0, owners: [], ownersTotal: 0 };

let world: World;
let root: ReturnType<typeof asking>;
let alice: ReturnType<typeof asking>;
let person: Awaited<ReturnType<World['person']>>;
beforeEach(async () => {
  world = await openWorld();
  root = asking(world, (await world.person('root', 'tenant-admin')).token);
  person = await world.person('alice', 'tenant-member');
  alice = asking(world, person.token);
});

test('a tenant that has not said has no limits, opaque tokens, and lets tokens create tokens', async () => {
  expect(await root.settings()).toEqual({ status: 200, body: NO_LIMITS });
});

test('what is put is what is read from then on, whole', async () => {
  const all = {
    ...{ ageDaysMax: 90, countMax: 10, lifeDaysDefault: 30, idleDaysMax: 14 },
    ...{ formatDefault: 'jwt', sessionOnly: false },
  };
  expect(await root.putSettings(all)).toEqual({ status: 200, body: { settings: all, breaks: NOBODY } });
  expect((await root.settings()).body).toEqual(all);
  expect((await root.putSettings({ countMax: 5 })).body.settings).toEqual({ ...NO_LIMITS, countMax: 5 });
  expect((await root.settings()).body).toEqual({ ...NO_LIMITS, countMax: 5 });
  await root.putSettings({});
  expect((await root.settings()).body).toEqual(NO_LIMITS);
});

test('a member neither sees nor changes them, and is told who may', async () => {
  const denied = {
    status: 403,
    body: {
      ...{ statusCode: 403, code: 'forbidden' },
      message: 'Only a tenant admin can see and change the settings of tokens.',
    },
  };
  expect(await alice.settings()).toEqual(denied);
  expect(await alice.putSettings({ countMax: 1 })).toEqual(denied);
  expect(await alice.putSettings({ countMax: 1, dryRun: true })).toEqual(denied);
  expect((await root.settings()).body).toEqual(NO_LIMITS);
});

test.each(Object.keys(NO_LIMITS))('nobody loosens %s by leaving it out: it is asked for by name', async (field) => {
  await root.putSettings({ ageDaysMax: 30, countMax: 3, lifeDaysDefault: 7, idleDaysMax: 10, formatDefault: 'jwt' });
  const before = (await root.settings()).body;
  const { [field]: _, ...others } = { ...before, countMax: 4 };
  for (const dryRun of [false, true]) {
    const { status, body } = await root.ask({ ...puttingSettings({}), body: JSON.stringify({ ...others, dryRun }) });
    const problem = expect.stringMatching(/^is missing; give|^must be "opaque" or "jwt"$/);
    expect({ status, body }).toMatchObject({ status: 400, body: { details: [{ field, problem }] } });
  }
  expect((await root.settings()).body).toEqual(before);
});

describe('a value that is none is refused by its name, and changes nothing', () => {
  const days = 'must be at most 36500';
  test.each([
    ...['ageDaysMax', 'lifeDaysDefault', 'idleDaysMax'].flatMap((field) => [
      { field, value: 0, problem: 'must be at least 1' },
      { field, value: -1, problem: 'must be at least 1' },
      { field, value: 36_501, problem: days },
      { field, value: 1.5, problem: 'must be a whole number' },
      { field, value: '7', problem: 'must be a number' },
      { field, value: true, problem: 'must be a number' },
    ]),
    { field: 'countMax', value: 0, problem: 'must be at least 1' },
    { field: 'countMax', value: 1_001, problem: 'must be at most 1000' },
    { field: 'countMax', value: 1.5, problem: 'must be a whole number' },
    { field: 'formatDefault', value: 'saml', problem: 'must be "opaque" or "jwt"' },
    { field: 'formatDefault', value: null, problem: 'must be "opaque" or "jwt"' },
    { field: 'sessionOnly', value: 'true', problem: 'must be a boolean' },
    { field: 'sessionOnly', value: null, problem: 'must be a boolean' },
    { field: 'dryRun', value: 1, problem: 'must be a boolean' },
    { field: 'maxAge', value: 1, problem: 'unknown: maxAge' },
  ])('$field $value $problem', async ({ field, value, problem }) => {
    const { status, body } = await root.putSettings({ countMax: 3, [field]: value });
    const named = problem.startsWith('unknown') ? 'body' : field;
    expect({ status, details: body.details[0] }).toEqual({ status: 400, details: { field: named, problem } });
    expect((await root.settings()).body).toEqual(NO_LIMITS);
  });

  test.each([1, 36_500])('%d days are taken', async (days) => {
    const wanted = { ageDaysMax: days, lifeDaysDefault: days, idleDaysMax: days };
    expect((await root.putSettings(wanted)).body.settings).toEqual({ ...NO_LIMITS, ...wanted });
  });
});

describe('a dry run', () => {
  /** Ten days on: three of alice’s are old, one of bob’s is, and the administrator’s own is not. */
  async function tenDaysOn() {
    for (const name of ['second', 'third']) await world.pat(person.caller, name);
    const bob = await world.person('bob', 'tenant-member');
    world.clock.advance(10 * DAY_MS);
    for (const name of ['fresh', 'fresher']) await world.pat(bob.caller, name);
    root = asking(world, (await world.person('boss', 'tenant-admin')).token);
    const [alices, bobs] = [person.caller.principal.id, bob.caller.principal.id];
    const [first] = await world.rows(`select id from principal where name = 'root@example.com'`);
    return {
      ...{ tokens: 5, ownersTotal: 3 },
      owners: [
        { id: alices, name: 'alice@example.com', tokens: 3 },
        { id: bobs, name: 'bob@example.com', tokens: 1 },
        { id: first?.id, name: 'root@example.com', tokens: 1 },
      ],
    };
  }

  test.each(['ageDaysMax', 'idleDaysMax'])(
    'of a tighter %s says whose tokens would stop working, those with the most first, and changes nothing',
    async (field) => {
      const breaks = await tenDaysOn();
      const before = [await world.rows('select * from token_settings'), (await world.audit()).length];
      const wanted = { [field]: 5 };
      const settings = { ...NO_LIMITS, ...wanted };
      expect(await root.putSettings({ ...wanted, dryRun: true })).toEqual({ status: 200, body: { settings, breaks } });
      expect([await world.rows('select * from token_settings'), (await world.audit()).length]).toEqual(before);
      expect((await alice.ownList()).status).toBe(200);
    },
  );

  test('says what putting the same says a moment later, and breaks', async () => {
    const breaks = await tenDaysOn();
    expect((await root.putSettings({ ageDaysMax: 5, dryRun: true })).body.breaks).toEqual(breaks);
    expect((await root.putSettings({ ageDaysMax: 5 })).body.breaks).toEqual(breaks);
    expect((await root.putSettings({ ageDaysMax: 5 })).body.breaks).toEqual(NOBODY); // they are broken by now
    expect((await alice.ownList()).status).toBe(401);
  });

  test('counts neither what is dead already, nor what a use has kept alive, nor another tenant’s', async () => {
    await tenDaysOn();
    const { person: foreigner } = await secondTenant(world);
    await foreigner('alice', 'tenant-admin');
    world.clock.advance(6 * DAY_MS);
    for (const { ownList } of [alice, root]) expect((await ownList()).status).toBe(200);
    const carol = asking(world, (await world.person('carol', 'tenant-member')).token);
    await carol.ownCreate({ name: 'expired', expiresAt: new Date(world.clock.now() + 1).toISOString() });
    world.clock.advance(1);
    await flushed(world.deps);
    const { breaks } = (await root.putSettings({ idleDaysMax: 6, dryRun: true })).body;
    expect(breaks.owners.map(({ name, tokens }: Record<string, unknown>) => [name, tokens])).toEqual([
      ['bob@example.com', 3],
      ['alice@example.com', 2], // not the one just used
      ['root@example.com', 1],
    ]);
  });

  test('names a hundred owners, and counts the others', async () => {
    for (let n = 0; n < 105; n++) {
      await world.pat(await world.user(`user-${String(n).padStart(3, '0')}`, 'tenant-member'), 'first');
    }
    world.clock.advance(2 * DAY_MS);
    root = asking(world, (await world.person('boss', 'tenant-admin')).token);
    const { tokens, owners, ownersTotal } = (await root.putSettings({ ageDaysMax: 1, dryRun: true })).body.breaks;
    expect([tokens, owners.length, ownersTotal]).toEqual([107, 100, 107]);
  });
});

test('a token of an age that is no longer allowed is refused at the very next request, JWT or not, and taken again when it is', async () => {
  const { value } = (await alice.ownCreate({ name: 'signed', format: 'jwt' })).body;
  world.clock.advance(10 * DAY_MS);
  const boss = asking(world, (await world.person('boss', 'tenant-admin')).token);
  const both = async () => [(await alice.ownList()).status, await statusOf(world, value)];
  expect(await both()).toEqual([200, 200]);
  await boss.putSettings({ ageDaysMax: 10 });
  expect(await both()).toEqual([401, 401]); // it dies at the instant, not after it
  await boss.putSettings({ ageDaysMax: 11 });
  expect(await both()).toEqual([200, 200]);
});

test('an administrator can lock themselves out by age, and a session lets them in again', async () => {
  const { caller } = await world.person('boss', 'tenant-admin');
  world.clock.advance(10 * DAY_MS);
  expect((await root.putSettings({ ageDaysMax: 1 })).status).toBe(200);
  expect((await root.settings()).status).toBe(401);
  const { headers, ...sent } = puttingSettings({});
  const browser = await world.browserOf(caller);
  expect(saidIn(await world.send({ ...sent, headers: { ...headers, ...browser } })).status).toBe(200);
  expect((await root.settings()).status).toBe(200);
});

describe('the number of live tokens that one user may hold', () => {
  const tooMany = (max: number) => ({
    status: 400,
    body: {
      ...{ statusCode: 400, code: 'invalid_request' },
      message: `The limit of live tokens for one user is ${max} here, and it is reached. Revoke one first.`,
    },
  });

  test('holds where 50 ask at one below it: exactly one has a token, 49 are told, and nothing else is kept', async () => {
    await root.putSettings({ countMax: 2 });
    const before = (await world.audit()).length;
    const asked = Array.from({ length: 50 }, (_, n) =>
      n % 2 === 0
        ? alice.ownCreate({ name: `token-${n}` }, { 'idempotency-key': `key-${n}` })
        : alice.create({ name: `token-${n}`, tokenType: n % 4 === 1 ? 'jwt' : 'opaque' }),
    );
    const answers = await Promise.all(asked);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status !== 200)).toEqual(Array.from({ length: 49 }, () => tooMany(2)));
    expect(await world.rows(`select count(*) as n from personal_access_token where name like 'token-%'`)).toEqual([
      { n: 1 },
    ]);
    expect(await world.rows('select count(*) as n from token')).toEqual([{ n: 3 }]);
    expect((await world.rows('select count(*) as n from replay'))[0]?.n).toBeLessThanOrEqual(1);
    expect((await world.audit()).slice(before).map(({ action }) => action)).toEqual(['personal-access-token:Create']);
  });

  test('holds for every way to a new token, and counts by owner', async () => {
    await root.putSettings({ countMax: 1 });
    expect(await alice.ownCreate({ name: 'one' })).toEqual(tooMany(1));
    expect(await alice.create({ name: 'one' })).toEqual(tooMany(1));
    expect(await alice.getOrCreate('one')).toEqual(tooMany(1));
    expect(await root.createFor({ name: 'one', userEmail: 'alice@example.com' })).toEqual(tooMany(1));
    await world.user('bob', 'tenant-member');
    expect((await root.createFor({ name: 'one', userEmail: 'bob@example.com' })).status).toBe(200);
  });

  test('lets a new value of a token through, counts no revoked and no expired one, and makes room at once', async () => {
    await root.putSettings({ countMax: 2 });
    expect((await alice.getOrCreate('first')).body.created).toBe(false);
    const { token } = (await alice.ownCreate({ name: 'one', expiresAt: '2026-01-15T10:00:01Z' })).body;
    expect(await alice.ownCreate({ name: 'two' })).toEqual(tooMany(2));
    world.clock.advance(1_000);
    const two = (await alice.ownCreate({ name: 'two' })).body;
    expect(await alice.ownCreate({ name: 'three' })).toEqual(tooMany(2));
    await alice.ownRevoke(two.token.id);
    expect((await alice.ownCreate({ name: 'three' })).status).toBe(200);
    expect((await alice.ownGet(token.id)).body.token.state).toBe('expired');
  });

  test.each([
    { field: 'ageDaysMax', how: 'an age that is no longer allowed' },
    { field: 'idleDaysMax', how: 'idleness' },
  ])('counts none that ended by $how; looser settings bring it back, and then it counts', async ({ field }) => {
    await alice.ownCreate({ name: 'old' });
    world.clock.advance(10 * DAY_MS);
    const boss = asking(world, (await world.person('boss', 'tenant-admin')).token);
    await boss.putSettings({ countMax: 1, [field]: 5 });
    const browser = await world.browserOf(person.caller);
    const inBrowser = async (name: string) => {
      const { headers, ...sent } = post(OWN_TOKENS, { name });
      return saidIn(await world.send({ ...sent, headers: { ...headers, ...browser } }));
    };
    expect((await inBrowser('new')).status).toBe(200);
    expect(await inBrowser('more')).toEqual(tooMany(1));
    await boss.putSettings({ countMax: 3 });
    expect((await alice.ownList('?name=old')).body.data[0].state).toBe('live');
    expect(await inBrowser('more')).toEqual(tooMany(3)); // `first`, `old` and `new`
  });

  test('tightened below what is held ends nothing, and lets nothing more be made', async () => {
    const { value } = (await alice.ownCreate({ name: 'one' })).body;
    expect((await root.putSettings({ countMax: 1 })).body.breaks).toEqual(NOBODY);
    expect(await statusOf(world, value)).toBe(200);
    expect(await alice.ownCreate({ name: 'two' })).toEqual(tooMany(1));
  });
});

describe('where tokens are created in a browser only', () => {
  const MESSAGE = 'Here a token creates no tokens: sign in to the console, and create it there.';

  test('a token creates none by any way, and a session does', async () => {
    await root.putSettings({ sessionOnly: true });
    const denied = { status: 403, body: { statusCode: 403, code: 'forbidden', message: MESSAGE } };
    expect(await alice.ownCreate({ name: 'one' })).toEqual(denied);
    expect(await alice.create({ name: 'one' })).toEqual(denied);
    expect(await alice.getOrCreate('one')).toEqual(denied);
    expect(await alice.getOrCreate('first')).toEqual(denied); // a new value is a new token
    expect(await root.createFor({ name: 'one', userEmail: 'alice@example.com' })).toEqual(denied);
    const browser = await world.browserOf(person.caller);
    const { headers, ...sent } = post(OWN_TOKENS, { name: 'one' });
    expect((await world.send({ ...sent, headers: { ...headers, ...browser } })).status).toBe(200);
  });

  test('none is created after that was put, however close they come, nor is another value of one that stands', async () => {
    await root.putSettings({ formatDefault: 'jwt' }); // which take a while to sign
    const asked = Array.from({ length: 40 }, (_, n) =>
      n % 2 === 0 ? alice.getOrCreate('first') : alice.ownCreate({ name: `token-${n}`, format: 'jwt' }),
    );
    const put = root.putSettings({ sessionOnly: true });
    const more = Array.from({ length: 40 }, () => alice.getOrCreate('first'));
    await Promise.all([...asked, put, ...more]);
    const allowed = (await world.audit()).filter(({ decision }) => decision === 'allowed');
    expect(allowed.at(-1)?.action).toBe('settings:ManageSettings');
  });

  test('the denial is on the record, and everything else goes on', async () => {
    await root.putSettings({ sessionOnly: true });
    await alice.ownCreate({ name: 'one' });
    expect((await world.audit()).at(-1)).toMatchObject({ action: 'personal-access-token:Create', decision: 'denied' });
    const [{ id }] = (await alice.ownList()).body.data;
    expect((await alice.ownRename(id, 'renamed')).status).toBe(200);
  });

  test('no token changes that, nor any other setting, and the attempt is on the record; a session does', async () => {
    await root.putSettings({ sessionOnly: true });
    const before = (await root.settings()).body;
    const message = 'Here no token changes these settings: sign in to the console, and ask by its session.';
    const denied = { status: 403, body: { statusCode: 403, code: 'forbidden', message } };
    for (const some of [{ sessionOnly: false }, { sessionOnly: true, countMax: 5 }]) {
      expect(await root.putSettings(some)).toEqual(denied);
    }
    expect((await world.audit()).at(-1)).toMatchObject({
      ...{ action: 'settings:ManageSettings', resource: 'settings/tokens', decision: 'denied' },
    });
    expect((await root.settings()).body).toEqual(before);
    const { caller } = await world.person('boss', 'tenant-admin');
    const { headers, ...sent } = puttingSettings({});
    const browser = await world.browserOf(caller);
    expect((await world.send({ ...sent, headers: { ...headers, ...browser } })).status).toBe(200);
    expect((await alice.ownCreate({ name: 'one' })).status).toBe(200);
    expect((await root.putSettings({ countMax: 5 })).status).toBe(200);
  });

  test('an answer is given again to no token, though it was the token that had it', async () => {
    const key = { 'idempotency-key': 'once' };
    const { value } = (await alice.ownCreate({ name: 'one' }, key)).body;
    await root.putSettings({ sessionOnly: true });
    const again = await alice.ownCreate({ name: 'one' }, key);
    expect(again).toEqual({ status: 403, body: { statusCode: 403, code: 'forbidden', message: MESSAGE } });
    expect((await world.audit()).at(-1)).toMatchObject({ action: 'personal-access-token:Create', decision: 'denied' });
    expect(await statusOf(world, value)).toBe(200);
  });
});

test('changing them is on the record with what they are from then on and how many tokens broke', async () => {
  await root.putSettings({ ageDaysMax: 30 });
  expect((await world.audit()).at(-1)).toMatchObject({
    ...{ action: 'settings:ManageSettings', resource: 'settings/tokens', decision: 'allowed' },
    details: { settings: { ageDaysMax: 30 }, count: 0 },
  });
  const { mended } = await world.breakAudit();
  expect((await root.putSettings({ ageDaysMax: 1 })).status).toBe(500);
  await mended();
  expect((await root.settings()).body.ageDaysMax).toBe(30);
});

test('settings and creates at once: every token that is made stands under one of them, whole', async () => {
  const wanted = [
    { lifeDaysDefault: 7, formatDefault: 'jwt' },
    { lifeDaysDefault: 30, formatDefault: 'opaque' },
  ];
  await root.putSettings(wanted[0] ?? {});
  const creates = Array.from({ length: 30 }, (_, n) => alice.ownCreate({ name: `token-${n}` }));
  const puts = Array.from({ length: 6 }, (_, n) => root.putSettings(wanted[n % 2] ?? {}));
  const answers = await Promise.all([...creates, ...puts]);
  for (const { status, body } of answers) if (status !== 200) expect(status, body.message).toBe(503);
  const kinds = { jwt: 7, opaque: 30 } as Readonly<Record<string, number>>;
  for (const { format, expiresAt } of (await alice.ownList('?name=token-')).body.data) {
    expect(Date.parse(expiresAt) - world.clock.now()).toBe((kinds[format] ?? 0) * DAY_MS);
  }
});

test('what one tenant sets holds for no other', async () => {
  const { person: foreigner } = await secondTenant(world);
  const foreign = asking(world, (await foreigner('root', 'tenant-admin')).token);
  await foreign.putSettings({ countMax: 1, sessionOnly: true, formatDefault: 'jwt' });
  expect((await root.settings()).body).toEqual(NO_LIMITS);
  expect((await alice.ownCreate({ name: 'deploy' })).body.token.format).toBe('opaque');
  expect((await foreign.ownCreate({ name: 'deploy' })).status).toBe(403);
  expect((await asking(world, new Sensitive('x')).settings()).status).toBe(401);
});
