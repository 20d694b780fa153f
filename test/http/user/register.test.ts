import { beforeEach, expect, test } from 'vitest';
import { openWorld, type World } from '#support/world.ts';
import { asking } from '../asked.ts';

const DONE = { status: 200, body: {} };
const EXISTS = {
  status: 409,
  body: { statusCode: 409, code: 'conflict', message: 'A user with this e-mail address exists already.' },
};

let world: World;
let admin: ReturnType<typeof asking>;
beforeEach(async () => {
  world = await openWorld();
  admin = asking(world, (await world.person('admin', 'tenant-admin')).token);
});
const users = () =>
  world.rows(`select name, active, role from principal left join role_grant on role_grant.subject = principal.id
              where name <> 'admin@example.com' order by name`);

test('a user is made who can do what members can', async () => {
  expect(await admin.register({ email: 'bob@example.com' })).toEqual(DONE);
  expect(await users()).toEqual([{ name: 'bob@example.com', active: 1, role: 'tenant-member' }]);
});

test('an address is registered once, in whatever writing', async () => {
  await admin.register({ email: 'bob@example.com' });
  for (const email of ['bob@example.com', 'BOB@EXAMPLE.COM', ' bob@example.com ']) {
    expect(await admin.register({ email })).toEqual(EXISTS);
  }
  expect(await users()).toHaveLength(1);
});

test('skipIfUserExists makes the second a success that changes nothing', async () => {
  expect(await admin.register({ email: 'bob@example.com', skipIfUserExists: true })).toEqual(DONE);
  expect(await admin.register({ email: 'bob@example.com', skipIfUserExists: true })).toEqual(DONE);
  expect(await users()).toHaveLength(1);
});

test('of 20 that register one address at once, one does', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => admin.register({ email: 'bob@example.com' })));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(answers.filter(({ status }) => status !== 200)).toEqual(Array.from({ length: 19 }, () => EXISTS));
});

test('dryRun says what would be said, and changes nothing', async () => {
  const before = [await users(), (await world.audit()).length];
  expect(await admin.register({ email: 'bob@example.com', dryRun: true })).toEqual(DONE);
  expect(await admin.register({ email: 'admin@example.com', dryRun: true })).toEqual(EXISTS);
  expect(await admin.register({ email: 'admin@example.com', dryRun: true, skipIfUserExists: true })).toEqual(DONE);
  expect([await users(), (await world.audit()).length]).toEqual(before);
});

test('who asks for an e-mail is told that none is sent, and what to do instead', async () => {
  const body = { email: 'bob@example.com', sendInviteEmail: true, acceptInviteClientURL: 'https://x.example' };
  expect(await admin.register(body)).toEqual({
    status: 422,
    body: {
      ...{ statusCode: 422, code: 'unprocessable' },
      message:
        'This server sends no e-mail yet. Register without sendInviteEmail, then ask POST /users/invite for a link.',
      details: [{ field: 'sendInviteEmail', problem: 'must be false or left out' }],
    },
  });
  expect(await users()).toEqual([]);
  expect(await admin.register({ ...body, sendInviteEmail: false })).toEqual(DONE);
});

test('a member may not', async () => {
  const bob = asking(world, (await world.person('bob', 'tenant-member')).token);
  expect(await bob.register({ email: 'carol@example.com' })).toEqual({
    status: 403,
    body: { statusCode: 403, code: 'forbidden', message: 'Only a tenant admin can manage users.' },
  });
});

test.each(['', 'bob', 'bob@', '@example.com', 'a b@example.com', 'bob@example.com\0', `${'x'.repeat(250)}@x.example`])(
  '%j is no address',
  async (email) => {
    expect((await admin.register({ email })).status).toBe(400);
    expect(await users()).toEqual([]);
  },
);
