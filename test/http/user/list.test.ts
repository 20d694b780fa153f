import { beforeEach, expect, test } from 'vitest';
import { openWorld, type World } from '#support/world.ts';
import { roleOf, teamOf } from '../../authz/things.ts';
import { askingOfPeople } from './people.ts';

let world: World;
let admin: ReturnType<typeof askingOfPeople>;
let alice: Awaited<ReturnType<World['person']>>;
beforeEach(async () => {
  world = await openWorld();
  alice = await world.person('alice', 'tenant-admin');
  admin = askingOfPeople(world, alice.token);
});
const emailsIn = ({ body }: { body: { data: { email: string }[] } }) => body.data.map(({ email }) => email);

test('a row is what SDKs read: who, since when, with which roles on the tenant', async () => {
  const { status, body } = await admin.users();
  const { id, name } = alice.caller.principal;
  expect({ status, body }).toEqual({
    status: 200,
    body: {
      data: [
        {
          ...{ id, email: name, tenantName: 'default', active: true, isEditable: true },
          metadata: { displayName: name, imageURL: '', inviteAccepted: true, tenantRoleManagedBy: 'manual' },
          roles: ['tenant-admin'],
          rolesWithResource: [
            ...[
              { roleId: 'tenant-admin', resourceType: 'tenant', resourceId: world.tenant.id, roleName: 'tenant-admin' },
            ],
          ],
          accounts: [{ accountId: world.tenant.id, name: 'default' }],
          ...{ createdAt: expect.stringMatching(/Z$/), updatedAt: expect.stringMatching(/Z$/) },
        },
      ],
      pagination: { total: 1, offset: 0, limit: 100 },
    },
  });
  expect(await admin.user(id)).toEqual({ status: 200, body: { data: body.data[0] } });
});

test('deactivated users are listed where that is asked for, removed ones never, others’ tenants never', async () => {
  const bob = await world.user('bob', 'tenant-member');
  const carol = await world.user('carol', 'tenant-member');
  await admin.deactivate(bob.principal.name);
  await admin.removeUser(carol.principal.id);
  expect(emailsIn(await admin.users()).sort()).toEqual(['alice@example.com']);
  expect(emailsIn(await admin.users('?showInvalidUsers=true')).sort()).toEqual([
    'alice@example.com',
    'bob@example.com',
  ]);
  expect(await admin.user(carol.principal.id)).toMatchObject({ status: 404 });
});

test('a search is for a part of the address, in either case, and no letter of it is a pattern', async () => {
  for (const name of ['bob', 'bo_b', 'carol']) await world.user(name, 'tenant-member');
  expect(emailsIn(await admin.users('?query=BOB')).sort()).toEqual(['bob@example.com']);
  expect(emailsIn(await admin.users('?query=o_b'))).toEqual(['bo_b@example.com']);
  expect(emailsIn(await admin.users('?query=%25'))).toEqual([]);
  const paged = await admin.users('?limit=2&offset=1');
  expect({ rows: paged.body.data.length, pagination: paged.body.pagination }).toEqual({
    ...{ rows: 2, pagination: { total: 4, offset: 1, limit: 2 } },
  });
  expect(await admin.users('?limit=1001')).toMatchObject({ status: 400 });
});

test('what one may do is told to oneself and to who may know, with what comes by a team, a custom role and everybody', async () => {
  const { caller: bob, token } = await world.person('bob', 'tenant-member');
  const team = await teamOf(world, bob, 'platform', { isMember: true, isManager: false });
  const role = await roleOf(world, alice.caller, 'reads-settings', ['settings:ListSettings']);
  const grantsOf = { [team.id]: role.id, [world.tenant.id]: 'metrics-reader' } as const;
  for (const [subject, held] of Object.entries(grantsOf)) {
    const grant = { id: `g${subject.slice(1)}`, subject, role: held, resource: '*', binding: undefined };
    await world.deps.store.transact((tx) => tx.grants.add(world.tenant.id, grant as never));
  }
  const own = askingOfPeople(world, token);
  const { body } = await own.user(bob.principal.id, '/permissions');
  const told = body.data.map((one: Record<string, string>) => [one.roleName, one.resourceType, one.subjectType]).sort();
  expect(told).toEqual([
    ['metrics-reader', 'tenant', 'team'],
    ['reads-settings', 'tenant', 'team'],
    ['team-member', 'team', 'team'],
    ['tenant-member', 'tenant', 'user'],
  ]);
  expect(body.data).toContainEqual({
    ...{ resourceType: 'team', resourceId: team.id, resourceName: 'platform', resourceFqn: 'default:platform' },
    ...{ roleId: 'team-member', roleName: 'team-member', subjectId: team.id, subjectType: 'team' },
  });
  expect((await admin.user(bob.principal.id, '/permissions')).body).toEqual(body);
  expect((await own.user(bob.principal.id, '/teams')).body).toEqual({
    data: [
      { teamName: 'everyone', roles: ['member'] },
      { teamName: 'platform', roles: ['member'] },
    ],
  });
  expect((await own.user(bob.principal.id, '/resources')).body.data).toHaveLength(4);
  expect(await own.user(alice.caller.principal.id, '/permissions')).toMatchObject({ status: 403 });
  const info = await own.ask({ method: 'GET', path: '/api/svc/v1/x/users/info' });
  expect(info.body).toMatchObject({ roles: ['metrics-reader', 'reads-settings', 'tenant-member'] });
  expect(info.body.teams).toEqual([
    { id: world.tenant.id, name: 'everyone' },
    { id: team.id, name: 'platform' },
  ]);
});
