import { beforeEach, describe, expect, test } from 'vitest';
import { Sensitive } from '#domain/sensitive.ts';
import { openWorld, type World } from '#support/world.ts';
import { asking, statusOf } from '../asked.ts';

const DAY_MS = 86_400_000;
/** When the clock of these tests begins. */
const NOW = '2026-01-15T10:00:00.000Z';
const ID = expect.stringMatching(/^[a-z][a-z0-9]{23}$/);

let world: World;
let caller: Awaited<ReturnType<World['person']>>['caller'];
let alice: ReturnType<typeof asking>;
beforeEach(async () => {
  world = await openWorld();
  const person = await world.person('alice', 'tenant-member');
  caller = person.caller;
  alice = asking(world, person.token);
});

test('the answer holds the value, and the token as it is shown from then on', async () => {
  const { status, body } = await alice.ownCreate({ name: 'deploy', expiresAt: '2026-09-01' });
  expect({ status, body }).toEqual({
    status: 200,
    body: {
      token: {
        ...{ id: ID, name: 'deploy', format: 'opaque', state: 'live', createdAt: NOW, values: 1 },
        preview: `${body.value.slice(0, 12)}…${body.value.slice(-4)}`,
        createdBy: { id: caller.principal.id, name: 'alice@example.com' },
        expiresAt: '2026-09-01T00:00:00.000Z',
        ...{ lastUsed: null, revoked: null, usedAfterEnd: null },
      },
      value: expect.stringMatching(/^tfy_pat_[0-9A-Za-z]{49}$/),
    },
  });
  expect((await alice.ownGet(body.token.id)).body).toEqual({ token: body.token });
});

test.each(['opaque', 'jwt'])('a value of the form %s is good at once, and in no other answer ever', async (format) => {
  const { token, value } = (await alice.ownCreate({ name: 'deploy', format })).body;
  expect([token.format, await statusOf(world, value)]).toEqual([format, 200]);
  const later = [
    await alice.ownGet(token.id),
    await alice.ownList(),
    await alice.list(),
    await alice.ownCreate({ name: 'deploy', format }),
    await alice.ownRename(token.id, 'renamed'),
    await alice.ownRevoke(token.id),
    await alice.ownGet(token.id),
  ];
  const secret = value.split(format === 'jwt' ? '.' : '_').at(-1);
  expect(later.map(({ status }) => status)).toEqual([200, 200, 200, 409, 200, 200, 200]);
  expect(JSON.stringify(later)).not.toContain(secret);
});

test('a JWT is previewed by its last four characters, as its beginning tells of nothing', async () => {
  const { token, value } = (await alice.ownCreate({ name: 'deploy', format: 'jwt' })).body;
  expect(token.preview).toBe(`eyJ…${value.slice(-4)}`);
});

describe('a date', () => {
  test.each([
    { expiresAt: undefined, is: null },
    { expiresAt: null, is: null },
    { expiresAt: '2026-01-15T10:00:00.001Z', is: '2026-01-15T10:00:00.001Z' },
    { expiresAt: '2026-08-01T12:00+02:00', is: '2026-08-01T10:00:00.000Z' },
    { expiresAt: '9999-12-31T23:59:59.999Z', is: '9999-12-31T23:59:59.999Z' },
  ])('$expiresAt is $is', async ({ expiresAt, is }) => {
    expect((await alice.ownCreate({ name: 'deploy', expiresAt })).body.token.expiresAt).toBe(is);
  });

  test.each([NOW, '2026-01-15T09:59:59.999Z', '1970-01-01'])(
    '%s has passed, and is refused by name',
    async (expiresAt) => {
      expect(await alice.ownCreate({ name: 'deploy', expiresAt })).toEqual({
        status: 400,
        body: {
          ...{ statusCode: 400, code: 'invalid_request' },
          message: 'The expiration date has passed. Give one in the future.',
          details: [{ field: 'expiresAt', problem: 'must be in the future' }],
        },
      });
    },
  );

  test('further away than the tenant allows is refused, at the bound it is taken, and none becomes the bound', async () => {
    const admin = asking(world, (await world.person('root', 'tenant-admin')).token);
    await admin.putSettings({ ageDaysMax: 30 });
    const bound = new Date(world.clock.now() + 30 * DAY_MS).toISOString();
    const beyond = new Date(world.clock.now() + 30 * DAY_MS + 1).toISOString();
    expect((await alice.ownCreate({ name: 'deploy', expiresAt: beyond })).body).toMatchObject({
      message: 'Tokens live for at most 30 days here. Give an earlier expiration date, or none.',
      details: [{ field: 'expiresAt', problem: 'must be at most 30 days from now' }],
    });
    expect((await alice.ownCreate({ name: 'at-the-bound', expiresAt: bound })).body.token.expiresAt).toBe(bound);
    expect((await alice.ownCreate({ name: 'none' })).body.token.expiresAt).toBe(bound);
  });

  test('that nobody gave is the tenant’s', async () => {
    const admin = asking(world, (await world.person('root', 'tenant-admin')).token);
    await admin.putSettings({ lifeDaysDefault: 7, ageDaysMax: 30 });
    const { token } = (await alice.ownCreate({ name: 'deploy' })).body;
    expect(token.expiresAt).toBe(new Date(world.clock.now() + 7 * DAY_MS).toISOString());
  });
});

test('the form that nobody said is the tenant’s, and what is said goes before it', async () => {
  const admin = asking(world, (await world.person('root', 'tenant-admin')).token);
  await admin.putSettings({ formatDefault: 'jwt' });
  expect((await alice.ownCreate({ name: 'deploy' })).body.token.format).toBe('jwt');
  expect((await alice.create({ name: 'by-the-wire' })).body.token).toMatch(/^eyJ/);
  expect((await alice.getOrCreate('by-name')).body.token).toMatch(/^eyJ/);
  expect((await alice.ownCreate({ name: 'said', format: 'opaque' })).body.value).toMatch(/^tfy_pat_/);
});

test.each(['tokenType', 'expirationDate', 'teamName', 'value', 'id', '__proto__'])(
  'the wire’s %s, or any other field, is no word of ours',
  async (field) => {
    const body = `{"name":"deploy",${JSON.stringify(field)}:"x"}`;
    const headers = { 'content-type': 'application/json' };
    const { status, body: said } = await alice.ask({ method: 'POST', path: '/api/v1/tokens', headers, body });
    expect({ status, message: said.message }).toEqual({ status: 400, message: `body unknown: ${field}.` });
  },
);

test('a name is one for both surfaces, and free again after its token was revoked', async () => {
  const taken = { status: 409, body: { message: 'A token with this name already exists. Use a different name.' } };
  const { token } = (await alice.ownCreate({ name: 'deploy' })).body;
  expect(await alice.ownCreate({ name: 'deploy' })).toMatchObject(taken);
  expect(await alice.create({ name: 'deploy' })).toMatchObject(taken);
  await alice.ownRevoke(token.id);
  expect((await alice.create({ name: 'deploy' })).status).toBe(200);
  expect(await alice.ownCreate({ name: 'deploy' })).toMatchObject(taken);
});

test('of 50 that want one name at once, in both forms and by both surfaces, one gets it', async () => {
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, n) =>
      n % 2 === 0
        ? alice.ownCreate({ name: 'deploy', format: n % 4 === 0 ? 'jwt' : 'opaque' })
        : alice.create({ name: 'deploy', tokenType: n % 4 === 1 ? 'jwt' : 'opaque' }),
    ),
  );
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array.from({ length: 49 }, () => 409)]);
  expect(await world.rows(`select count(*) as n from personal_access_token where name = 'deploy'`)).toEqual([{ n: 1 }]);
  expect(await world.rows('select count(*) as n from token')).toEqual([{ n: 2 }]); // with the one that asked
});

test('the act is on the record, with a preview and without the value', async () => {
  const { token } = (await alice.ownCreate({ name: 'deploy' })).body;
  expect((await world.audit()).at(-1)).toMatchObject({
    action: 'personal-access-token:Create',
    resource: `personal-access-token/${token.id}`,
    ...{ decision: 'allowed', surface: 'rest', details: { preview: token.preview } },
  });
});

test('no row comes of it when the entry cannot be written', async () => {
  const { mended } = await world.breakAudit();
  expect((await alice.ownCreate({ name: 'deploy' })).status).toBe(500);
  await mended();
  expect((await alice.ownList('?name=deploy')).body.pagination.total).toBe(0);
});

test('what a token creates is its user’s, and outlives it', async () => {
  const parent = (await alice.ownCreate({ name: 'parent' })).body;
  const child = (await asking(world, new Sensitive(parent.value)).ownCreate({ name: 'child' })).body;
  await alice.ownRevoke(parent.token.id);
  expect(await statusOf(world, parent.value)).toBe(401);
  expect(await statusOf(world, child.value)).toBe(200);
});
