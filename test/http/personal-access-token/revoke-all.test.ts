import { beforeEach, expect, test } from 'vitest';
import { openWorld, type World } from '#support/world.ts';
import { asking, statusOf } from '../asked.ts';

let world: World;
let admin: ReturnType<typeof asking>;
let bob: ReturnType<typeof asking>;
beforeEach(async () => {
  world = await openWorld();
  admin = asking(world, (await world.person('admin', 'tenant-admin')).token);
  bob = asking(world, (await world.person('bob', 'tenant-member')).token);
});

test('every value of that user is refused with the very next request, and nobody else’s', async () => {
  const values = [(await bob.create({ name: 'deploy' })).body.token, (await bob.getOrCreate('deploy')).body.token];
  expect(await Promise.all(values.map((value) => statusOf(world, value)))).toEqual([200, 200]);
  expect(await admin.revokeAll('bob@example.com')).toEqual({ status: 200, body: {} });
  expect(await Promise.all(values.map((value) => statusOf(world, value)))).toEqual([401, 401]);
  expect([(await bob.list()).status, (await admin.list()).status]).toEqual([401, 200]);
});

test('the address is the user’s in any writing', async () => {
  expect((await admin.revokeAll(' BOB@Example.com ')).status).toBe(200);
  expect((await bob.list()).status).toBe(401);
});

test('of a user who has none left it is done again', async () => {
  await admin.revokeAll('bob@example.com');
  expect(await admin.revokeAll('bob@example.com')).toEqual({ status: 200, body: {} });
});

test('a member may not, whoever it is about, and learns nothing of who exists', async () => {
  const denied = {
    status: 403,
    body: {
      ...{ statusCode: 403, code: 'forbidden' },
      message: 'Only a tenant admin can revoke the tokens of another user.',
    },
  };
  for (const email of ['admin@example.com', 'bob@example.com', 'nobody@example.com']) {
    expect(await bob.revokeAll(email)).toEqual(denied);
  }
  expect((await bob.list()).status).toBe(200);
});

test('there is nobody of that address', async () => {
  expect(await admin.revokeAll('nobody@example.com')).toEqual({
    status: 404,
    body: { statusCode: 404, code: 'not_found', message: 'There is no user with this e-mail address.' },
  });
});

test('an admin can end their own, the one they ask with among them', async () => {
  expect((await admin.revokeAll('admin@example.com')).status).toBe(200);
  expect((await admin.list()).status).toBe(401);
});

test('the entry says how many there were, and why they ended', async () => {
  await bob.create({ name: 'deploy' });
  await admin.revokeAll('bob@example.com');
  expect((await world.audit()).at(-1)).toMatchObject({
    action: 'personal-access-token:RevokeAll',
    details: { count: 2, reason: 'revoked_all' },
  });
});
