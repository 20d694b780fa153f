import { beforeEach, expect, test } from 'vitest';
import { newId } from '#app/new-id.ts';
import { onTenant } from '#domain/grant.ts';
import { openWorld, type World } from '#support/world.ts';
import { give, roleOf, teamOf } from '../../authz/things.ts';
import { asking } from '../asked.ts';
import { post } from '../provoked.ts';
import { askingOfPeople } from './people.ts';

const DONE = { status: 200, body: {} };
const LAST = { status: 422, body: { message: expect.stringMatching(/without an active administrator/) } };

let world: World;
let alice: Awaited<ReturnType<World['person']>>;
let bob: Awaited<ReturnType<World['person']>>;
let admin: ReturnType<typeof askingOfPeople>;
beforeEach(async () => {
  world = await openWorld();
  alice = await world.person('alice', 'tenant-admin');
  bob = await world.person('bob', 'tenant-member');
  admin = askingOfPeople(world, alice.token);
});
const BOB = 'bob@example.com';
const sessionOf = async () => {
  const headers = await world.browserOf(bob.caller);
  return async () => (await world.send({ method: 'GET', path: '/api/v1/whoami', headers })).status;
};

test('deactivation ends sessions and tokens at once; activation gives rights and sign-in back, and no token', async () => {
  const askedBySession = await sessionOf();
  expect([await world.standing(bob.token), await askedBySession()]).toEqual(['ok', 200]);
  expect(await admin.deactivate(BOB)).toEqual(DONE);
  expect([await world.standing(bob.token), await askedBySession()]).toEqual(['revoked', 401]);
  expect(await admin.deactivate(BOB)).toEqual(DONE); // again: nothing more happens
  expect(await admin.activate(BOB)).toEqual(DONE);
  expect([await world.standing(bob.token), await askedBySession()]).toEqual(['revoked', 401]);
  const again = await world.pat(bob.caller, 'second');
  expect((await asking(world, again).whoami()).body.rights.roles).toEqual(['tenant-member']);
});

test('what ended is told with who did it and why; the feed has one change, however many tokens there were', async () => {
  for (let one = 0; one < 20; one += 1) await world.pat(bob.caller, `more-${one}`);
  const before = await world.deps.store.changes.latest();
  await admin.deactivate(BOB);
  const moved = (await world.deps.store.changes.since(before)).map((change) => change.moved);
  expect(moved).toEqual([{ kind: 'principal', id: bob.caller.principal.id }]);
  expect((await world.audit()).at(-1)).toMatchObject({
    ...{ action: 'user:ManageUsers', resource: `user/${bob.caller.principal.id}`, decision: 'allowed' },
    details: { count: 21, reason: 'deactivated' },
  });
});

test('a deactivated user cannot be signed in, invited in or given a token', async () => {
  await admin.deactivate(BOB);
  expect(await admin.createFor({ name: 'from-an-admin', userEmail: BOB })).toMatchObject({ status: 404 });
});

test('one who was removed leaves nothing to whoever comes by the same address', async () => {
  const { id } = bob.caller.principal;
  const role = await roleOf(world, alice.caller, 'reads-settings', ['settings:ListSettings']);
  await give(world, bob.caller, role);
  expect(await admin.removeUser(id)).toEqual(DONE);
  expect(await world.standing(bob.token)).toBe('revoked');
  expect(await admin.removeUser(id)).toMatchObject({ status: 404 });
  expect(await admin.deactivate(BOB)).toMatchObject({ status: 404 });
  expect(await admin.register({ email: BOB })).toEqual(DONE);
  const { body } = await admin.users(`?query=${BOB}`);
  expect(body.data).toHaveLength(1);
  expect(body.data[0]).toMatchObject({ roles: ['tenant-member'] });
  expect(body.data[0].id).not.toBe(id);
  expect(await world.standing(bob.token)).toBe('revoked');
});

test('one who is in a team is not removed unless that is forced, and the answer says where they are', async () => {
  const { id } = bob.caller.principal;
  await teamOf(world, bob.caller, 'platform', { isMember: true, isManager: true });
  const refused = await admin.removeUser(id);
  expect(refused).toMatchObject({
    status: 400,
    body: { message: expect.stringMatching(/team platform.*forceDelete/) },
  });
  expect(await world.standing(bob.token)).toBe('ok'); // nothing was done
  expect(await admin.removeUser(id, '?forceDelete=true')).toEqual(DONE);
  expect(await world.rows('select * from team_member')).toEqual([]);
});

test('the last administrator stays: not deactivated, not removed, not without the role', async () => {
  const { id, name } = alice.caller.principal;
  expect(await admin.deactivate(name)).toMatchObject(LAST);
  expect(await admin.removeUser(id, '?forceDelete=true')).toMatchObject({ ...LAST, status: 400 });
  expect(await admin.setRoles(name, 'tenant-member')).toMatchObject(LAST);
  expect(await world.standing(alice.token)).toBe('ok');
});

test('an administrator who never could sign in is nobody who is left, until they accept', async () => {
  await world.person('root', 'tenant-member');
  expect(await admin.setRoles('root@example.com', 'tenant-admin')).toEqual(DONE);
  expect(await admin.setRoles('alice@example.com', 'tenant-member')).toMatchObject(LAST);
  await world.accepted('root@example.com');
  expect(await admin.setRoles('alice@example.com', 'tenant-member')).toEqual(DONE);
});

test('a row of an administrator that does not prove itself keeps nobody else from leaving', async () => {
  const { id } = (await world.user('root', 'tenant-admin')).principal;
  await world.tamper('update role_grant set id = ? where subject = ?', '0'.repeat(24), id); // the first that is read
  expect(await admin.deactivate(BOB)).toEqual(DONE);
});

test('of two administrators who remove each other at once, one stays', async () => {
  const other = await world.person('root', 'tenant-admin');
  const answers = await Promise.all([
    admin.removeUser(other.caller.principal.id),
    askingOfPeople(world, other.token).removeUser(alice.caller.principal.id),
  ]);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(await world.deps.store.grants.anyHolds(world.tenant.id, 'tenant-admin')).toBe(true);
});

test('whoever manages people acts on nobody who may do more than they', async () => {
  const helpdesk = await world.person('helpdesk', 'tenant-member');
  const role = await roleOf(world, alice.caller, 'manages-people', [
    ...(['user:ManageUsers', 'user:ListUsers', 'tenant:AssignRole', 'role:ListRoles'] as const),
    ...(['personal-access-token:CreateForUser'] as const),
  ]);
  await give(world, helpdesk.caller, role);
  const asked = askingOfPeople(world, helpdesk.token);
  await world.user('root', 'tenant-admin');
  const { id } = alice.caller.principal;
  const beyond = { status: 403, body: { message: expect.stringMatching(/more than they hold/) } };
  expect(await asked.deactivate('alice@example.com')).toMatchObject(beyond);
  expect(await asked.removeUser(id)).toMatchObject(beyond);
  expect(await asked.invite('alice@example.com')).toMatchObject(beyond);
  expect(await asked.createFor({ name: 'to-be-her', userEmail: 'alice@example.com' })).toMatchObject(beyond);
  expect(await asked.setRoles('alice@example.com')).toMatchObject(beyond);
  expect(await asked.setRoles('helpdesk@example.com', 'tenant-admin')).toMatchObject(beyond);
  expect(await asked.setRoles(BOB, 'tenant-admin')).toMatchObject(beyond);
  expect(await asked.deactivate(BOB)).toEqual(DONE);
  expect(await world.standing(alice.token)).toBe('ok');
  const denied = (await world.audit()).filter(({ decision }) => decision === 'denied');
  expect(denied.length).toBeGreaterThan(0);
});

test('whoever manages teams and holds less than one does brings nobody into it, out of it, or to its head, nor ends it', async () => {
  const ops = await teamOf(world, alice.caller, 'ops');
  await world.deps.store.transact((tx) =>
    tx.grants.add(world.tenant.id, {
      ...onTenant(newId(world.deps), bob.caller.principal.id, 'tenant-admin'),
      subject: ops.id,
    }),
  );
  const role = await roleOf(world, alice.caller, 'manages-teams', [
    ...(['team:ReadTeam', 'team:ManageTeam', 'team:DeleteTeam', 'tenant:AssignRole', 'user:ReadAccess'] as const),
  ]);
  await give(world, bob.caller, role);
  const { ask } = asking(world, bob.token);
  const on = `/api/svc/v1/authorize/team/${ops.id}`;
  const wanted = { subject: `user:${BOB}`, roleId: 'team-manager' };
  const collaborator = { resourceType: 'team', resourceId: ops.id, ...wanted };
  const grant = { subject: `user:${BOB}`, role: 'team-manager', resource: `team/${ops.id}` };
  const tries = [
    post(on, wanted),
    { ...post(on, wanted), method: 'PUT' },
    post('/api/svc/v1/collaborators', collaborator),
    post('/api/v1/grants', grant),
    post(`/api/svc/v1/teams/${ops.id}/members`, { subject: `user:${BOB}` }),
    { ...post('/api/svc/v1/teams', { manifest: { type: 'team', name: 'ops', members: [BOB] } }), method: 'PUT' },
    { method: 'DELETE', path: `/api/svc/v1/teams/${ops.id}` },
  ];
  const statuses = [];
  for (const one of tries) statuses.push((await ask(one)).status);
  expect(statuses.filter((status) => ![403, 404].includes(status))).toEqual([]);
  expect(await world.rows('select * from team_member')).toEqual([]);
  expect(await world.rows('select id from team where name = ?', 'ops')).toHaveLength(1);
});

test('another tenant is named in vain, and nothing is done', async () => {
  const asked = {
    ...{ method: 'PATCH', path: '/api/svc/v1/users/deactivate' },
    headers: { 'content-type': 'application/json' },
  };
  const body = JSON.stringify({ email: BOB, tenantName: 'other' });
  expect(await admin.ask({ ...asked, body })).toMatchObject({ status: 400 });
  expect(await world.standing(bob.token)).toBe('ok');
});

test('how many tokens a user holds is told before they are revoked, and after', async () => {
  await world.pat(bob.caller, 'second');
  const { id } = bob.caller.principal;
  const bounds = { boundMs: 1_000, staleMsMax: expect.any(Number) };
  const told = (dryRun: boolean) => ({ status: 200, body: { tokens: 2, dryRun, revocation: bounds } });
  expect(await admin.revokeTokensOf(id, '?dryRun=true')).toEqual(told(true));
  expect(await world.standing(bob.token)).toBe('ok');
  expect(await admin.revokeTokensOf(id)).toEqual(told(false));
  expect(await world.standing(bob.token)).toBe('revoked');
});
