import { beforeEach, expect, test } from 'vitest';
import { openWorld, type World } from '#support/world.ts';
import { asking, form } from '../asked.ts';
import { askingOfPeople } from './people.ts';

const OLD = 'correct horse battery staple';
const NEW = 'incorrect horse battery staple';

let world: World;
let bob: Awaited<ReturnType<World['person']>>;
beforeEach(async () => {
  world = await openWorld();
  const { token } = await world.person('alice', 'tenant-admin');
  bob = await world.person('bob', 'tenant-member');
  const { link } = (await asking(world, token).invite('bob@example.com')).body;
  await world.send(form('/auth/accept-invitation', { code: new URL(link).hash.slice(1), password: OLD }));
});
const signIn = async (password: string) =>
  (await world.send(form('/auth/sign-in', { email: 'bob@example.com', password }))).status;

test('whoever knows the old password sets another; the old one and every session end', async () => {
  const headers = await world.browserOf(bob.caller);
  const own = askingOfPeople(world, bob.token);
  const asked = { loginId: 'bob@example.com', oldPassword: OLD, newPassword: NEW };
  expect(await own.changePassword(asked)).toEqual({ status: 200, body: {} });
  expect([await signIn(OLD), await signIn(NEW)]).toEqual([401, 200]);
  expect((await world.send({ method: 'GET', path: '/api/v1/whoami', headers })).status).toBe(401);
  expect(await world.standing(bob.token)).toBe('ok');
});

test.each([
  ['a wrong old one', { oldPassword: NEW }],
  ['somebody else’s address', { loginId: 'alice@example.com' }],
])('%s changes nothing, and costs an attempt, on the record', async (_, wrong) => {
  const own = askingOfPeople(world, bob.token);
  const asked = { loginId: 'bob@example.com', oldPassword: OLD, newPassword: NEW, ...wrong };
  expect(await own.changePassword(asked)).toMatchObject({ status: 403 });
  expect((await world.audit()).at(-1)).toMatchObject({ action: 'user:ChangePassword', decision: 'denied' });
  for (let tries = 1; tries < 10; tries += 1) await own.changePassword(asked);
  expect(await own.changePassword(asked)).toMatchObject({ status: 429 });
});

test('a password that is too short is refused', async () => {
  const asked = { loginId: 'bob@example.com', oldPassword: OLD, newPassword: 'short' };
  expect(await askingOfPeople(world, bob.token).changePassword(asked)).toMatchObject({ status: 400 });
  expect(await signIn(OLD)).toBe(200);
});
