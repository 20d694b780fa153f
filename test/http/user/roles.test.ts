import { beforeEach, expect, test } from 'vitest';
import { openWorld, type World } from '#support/world.ts';
import { roleOf } from '../../authz/things.ts';
import { asking } from '../asked.ts';
import { askingOfPeople } from './people.ts';

const DONE = { status: 200, body: {} };
const BOB = 'bob@example.com';

let world: World;
let admin: ReturnType<typeof askingOfPeople>;
let alice: Awaited<ReturnType<World['person']>>;
let bob: Awaited<ReturnType<World['person']>>;
beforeEach(async () => {
  world = await openWorld();
  alice = await world.person('alice', 'tenant-admin');
  bob = await world.person('bob', 'tenant-member');
  admin = askingOfPeople(world, alice.token);
});
const rolesNow = async () => (await asking(world, bob.token).whoami()).body.rights.roles;

test('the roles given are those held from then on, by the very next request', async () => {
  await roleOf(world, alice.caller, 'reads-settings', ['settings:ListSettings']);
  expect(await rolesNow()).toEqual(['tenant-member']);
  expect(await admin.setRoles(BOB, 'tenant-member', 'reads-settings')).toEqual(DONE);
  expect(await rolesNow()).toEqual(['reads-settings', 'tenant-member']);
  expect((await asking(world, bob.token).settings()).status).toBe(200);
  expect(await admin.setRoles(BOB)).toEqual(DONE);
  expect(await rolesNow()).toEqual([]);
  expect((await asking(world, bob.token).list()).status).toBe(403);
});

test.each([
  ['a role that is not there', ['no-such-role'], /no role no-such-role/],
  ['a role for single things', ['team-manager'], /no role team-manager/],
  ['one good and one not', ['tenant-admin', 'nothing'], /no role nothing/],
])('%s is named, and nothing is done', async (_, roles, message) => {
  expect(await admin.setRoles(BOB, ...roles)).toMatchObject({
    status: 422,
    body: { message: expect.stringMatching(message), details: [{ field: 'roles' }] },
  });
  expect(await rolesNow()).toEqual(['tenant-member']);
});

test('another kind of resource is refused, and an unknown address is absent', async () => {
  const path = '/api/svc/v1/users/roles';
  const asked = (body: object) =>
    admin.ask({ method: 'PATCH', path, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  expect(await asked({ email: BOB, roles: [], resourceType: 'cluster' })).toMatchObject({ status: 422 });
  expect(await asked({ email: BOB, roles: ['tenant-member'], resourceType: 'account' })).toEqual(DONE);
  expect(await admin.setRoles('nobody@example.com', 'tenant-member')).toMatchObject({ status: 404 });
});

test('a role of the same name that is made anew gives nothing to who held the old', async () => {
  const old = await roleOf(world, alice.caller, 'reads-settings', ['settings:ListSettings']);
  await admin.setRoles(BOB, 'reads-settings');
  await world.deps.store.transact(async (tx) => tx.roles.remove(world.tenant.id, old.id)); // as if its grants had stayed
  await roleOf(world, alice.caller, 'reads-settings', ['settings:ListSettings']);
  await admin.register({ email: BOB, skipIfUserExists: true });
  const fresh = await world.pat(bob.caller, 'fresh');
  expect((await asking(world, fresh).whoami()).body.rights.roles).toEqual([]);
});
