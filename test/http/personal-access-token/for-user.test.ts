import { beforeEach, describe, expect, test } from 'vitest';
import { Sensitive } from '#domain/sensitive.ts';
import { openWorld, type World } from '#support/world.ts';
import { secondTenant } from '../../authz/second-tenant.ts';
import { asking, rowNamed, saidIn, statusOf } from '../asked.ts';
import { PATS, post } from '../provoked.ts';

const BOB = 'bob@example.com';
const NOT_ADMIN = {
  status: 403,
  body: {
    ...{ statusCode: 403, code: 'forbidden' },
    message: 'Only a tenant admin can create a token for another user.',
  },
};
const NO_USER = {
  status: 404,
  body: { statusCode: 404, code: 'not_found', message: 'No user with this email' },
};

let world: World;
let admin: Awaited<ReturnType<World['person']>>;
let root: ReturnType<typeof asking>;
let bob: ReturnType<typeof asking>;
beforeEach(async () => {
  world = await openWorld();
  admin = await world.person('root', 'tenant-admin');
  root = asking(world, admin.token);
  bob = asking(world, (await world.person('bob', 'tenant-member')).token);
});

test('the answer is the value alone, and it is the other user’s from the first moment', async () => {
  const { status, body } = await root.createFor({ name: 'for-bob', userEmail: BOB });
  expect({ status, body }).toEqual({
    status: 200,
    body: { token: expect.stringMatching(/^tfy_pat_[0-9A-Za-z]{49}$/) },
  });
  const { principal, rights, credential } = (await asking(world, new Sensitive(body.token)).whoami()).body;
  expect(principal.name).toBe(BOB);
  expect(rights.roles).toEqual(['tenant-member']); // never the rights of whoever made it
  expect(credential.name).toBe('for-bob');
});

test('the owner’s lists name who made it, and the administrator’s do not hold it', async () => {
  await root.createFor({ name: 'for-bob', userEmail: BOB });
  const { createdBySubject, manifest } = await rowNamed(bob.list, 'for-bob');
  expect({ createdBySubject, user_fqn: manifest.user_fqn }).toEqual({
    createdBySubject: {
      ...{ subjectId: admin.caller.principal.id, subjectType: 'user' },
      ...{ subjectSlug: 'root@example.com', subjectDisplayName: 'root@example.com' },
    },
    user_fqn: `user:${BOB}`,
  });
  const [{ id, createdBy }] = (await bob.ownList('?name=for-bob')).body.data;
  expect(createdBy).toEqual({ id: admin.caller.principal.id, name: 'root@example.com' });
  expect(await rowNamed(root.list, 'for-bob')).toBeUndefined();
  expect((await root.ownGet(id)).status).toBe(404);
});

test('the owner renames and revokes it like any other, and who made it cannot', async () => {
  const { body } = await root.createFor({ name: 'for-bob', userEmail: BOB });
  const [{ id }] = (await bob.ownList('?name=for-bob')).body.data;
  expect((await root.ownRevoke(id)).status).toBe(404);
  expect((await root.remove(id)).status).toBe(404);
  expect((await bob.ownRename(id, 'mine')).status).toBe(200);
  expect((await bob.ownRevoke(id)).status).toBe(200);
  expect(await statusOf(world, body.token)).toBe(401);
});

test('a name is taken where the owner has it, and not where the administrator has', async () => {
  expect(await root.createFor({ name: 'first', userEmail: BOB })).toMatchObject({
    status: 409,
    body: { message: 'A token with this name already exists. Use a different name.' },
  });
  await root.create({ name: 'deploy' });
  expect((await root.createFor({ name: 'deploy', userEmail: BOB })).status).toBe(200);
  expect((await bob.create({ name: 'deploy' })).status).toBe(409);
});

describe('whoever may not', () => {
  test('is told so, whether or not the user exists, and also for themselves', async () => {
    for (const userEmail of ['root@example.com', 'nobody@example.com', BOB]) {
      expect(await bob.createFor({ name: 'deploy', userEmail })).toEqual(NOT_ADMIN);
    }
    expect((await world.audit()).at(-1)).toMatchObject({
      ...{ action: 'personal-access-token:CreateForUser', decision: 'denied' },
    });
  });

  test('is told so by a session too, and an administrator’s session may', async () => {
    const member = await world.user('carol', 'tenant-member');
    const by = async (caller: typeof member) => {
      const { headers, ...sent } = post(`${PATS}/for-user`, { name: 'deploy', userEmail: BOB });
      return saidIn(await world.send({ ...sent, headers: { ...headers, ...(await world.browserOf(caller)) } }));
    };
    expect(await by(member)).toEqual(NOT_ADMIN);
    expect((await by(admin.caller)).status).toBe(200);
  });
});

describe('a user who is not there', () => {
  test('is answered as such', async () => {
    expect(await root.createFor({ name: 'deploy', userEmail: 'nobody@example.com' })).toEqual(NO_USER);
  });

  test('or is deactivated, is one answer, and nothing is made', async () => {
    const carol = await world.user('carol', 'tenant-member');
    await world.deactivate(carol);
    expect(await root.createFor({ name: 'deploy', userEmail: 'carol@example.com' })).toEqual(NO_USER);
    expect(await world.rows('select id from personal_access_token where owner = ?', carol.principal.id)).toEqual([]);
  });

  test('or is another tenant’s, is one answer too', async () => {
    const { person } = await secondTenant(world);
    const foreign = asking(world, (await person('mallory', 'tenant-admin')).token);
    expect(await root.createFor({ name: 'deploy', userEmail: 'mallory@example.com' })).toEqual(NO_USER);
    expect(await foreign.createFor({ name: 'deploy', userEmail: BOB })).toEqual(NO_USER);
  });
});

test('an address is the same in any case of its letters', async () => {
  expect((await root.createFor({ name: 'deploy', userEmail: 'BOB@Example.com' })).status).toBe(200);
  expect(await rowNamed(bob.list, 'deploy')).toBeDefined();
});

test.each([
  { body: { userEmail: BOB }, message: 'name is missing; give a string.' },
  { body: { name: 'deploy' }, message: 'userEmail is missing; give a string.' },
  {
    body: { name: 'deploy', userEmail: BOB, expirationDate: '2020-01-01' },
    message: 'The expiration date has passed. Give one in the future.',
  },
])('$body is told what is wrong with it, in the wire’s words', async ({ body, message }) => {
  const { status, body: said } = await root.createFor(body);
  expect({ status, message: said.message }).toEqual({ status: 400, message });
  if ('expirationDate' in body) expect(said.details[0].field).toBe('expirationDate');
});

test('its date is given, or the tenant’s, and its form the tenant’s', async () => {
  await root.putSettings({ formatDefault: 'jwt', lifeDaysDefault: 7 });
  const { token } = (await root.createFor({ name: 'seven-days', userEmail: BOB })).body;
  await root.createFor({ name: 'dated', userEmail: BOB, expirationDate: '2026-03-01' });
  expect(token).toMatch(/^eyJ/);
  const row = await rowNamed(bob.list, 'seven-days');
  expect([row.manifest.expiration_date, row.manifest.token_type, row.jwts[0].tokenType]).toEqual([
    ...['2026-01-22T10:00:00.000Z', 'jwt', 'jwt'],
  ]);
  expect((await rowNamed(bob.list, 'dated')).manifest.expiration_date).toBe('2026-03-01T00:00:00.000Z');
});

test('the act is on the record with whose it is, and nothing comes of it where it cannot be', async () => {
  await root.createFor({ name: 'for-bob', userEmail: BOB });
  const { id, metadata } = await rowNamed(bob.list, 'for-bob');
  const [owner] = await world.rows('select owner from personal_access_token where id = ?', id);
  expect((await world.audit()).at(-1)).toMatchObject({
    ...{ action: 'personal-access-token:CreateForUser', resource: `personal-access-token/${id}`, decision: 'allowed' },
    details: { preview: metadata.preview, owner: owner?.owner },
  });
  const { mended } = await world.breakAudit();
  expect((await root.createFor({ name: 'other', userEmail: BOB })).status).toBe(500);
  await mended();
  expect(await rowNamed(bob.list, 'other')).toBeUndefined();
});

test('POST alone is served at its path, and no name shadows it', async () => {
  const { status, headers } = await world.send({ method: 'PUT', path: `${PATS}/for-user`, token: admin.token });
  expect([status, headers.allow]).toEqual([405, 'POST']);
});
