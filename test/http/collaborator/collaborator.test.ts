import { beforeEach, describe, expect, test } from 'vitest';
import type { Team } from '#domain/team.ts';
import { openWorld, type World } from '#support/world.ts';
import { secondTenant } from '../../authz/second-tenant.ts';
import { teamOf } from '../../authz/things.ts';
import { askingOfRights, somebody, TENANT } from '../access/rights.ts';

type Somebody = Awaited<ReturnType<typeof somebody>>;

let world: World;
let root: Somebody;
let ada: Somebody;
let team: Team;
let onTeam: { resourceType: string; resourceId: string };
beforeEach(async () => {
  world = await openWorld();
  root = await somebody(world, 'root', 'tenant-admin');
  ada = await somebody(world, 'ada', 'tenant-member');
  team = await teamOf(world, root.caller, 'platform');
  onTeam = { resourceType: 'team', resourceId: team.id };
});

const rolesOf = async ({ subject }: Pick<Somebody, 'subject'>) => {
  const { body } = await root.collaborators('account', 'default');
  const own = body.data.filter((row: { subject: string }) => row.subject === subject);
  return own.map((row: { roleId: string }) => row.roleId).sort();
};

describe('a collaborator of the tenant', () => {
  test('is added, listed, checked and removed, and what they may do follows at once', async () => {
    expect(await ada.canI('metrics:Read')).toBe(false);
    expect((await root.checkAccess(ada.subject, 'metrics:Read')).body).toEqual({ allowed: false });
    const { status, body } = await root.collaborate(ada.subject, 'metrics-reader');
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        data: {
          ...{ id: expect.any(String), subject: ada.subject, roleId: 'metrics-reader', roleName: 'metrics-reader' },
          ...{ resourceType: 'tenant', resourceId: world.tenant.id },
        },
      },
    });
    expect(await ada.canI('metrics:Read')).toBe(true);
    expect((await root.checkAccess(ada.subject, 'metrics:Read')).body).toEqual({ allowed: true });
    expect(await rolesOf(ada)).toEqual(['metrics-reader', 'tenant-member']);
    expect(await root.uncollaborate(ada.subject)).toEqual({ status: 200, body: {} });
    expect(await rolesOf(ada)).toEqual([]);
    expect(await ada.canI('metrics:Read')).toBe(false);
    expect(await root.uncollaborate(ada.subject)).toMatchObject({ status: 404 });
  });

  test('holds a role once: a second time is a conflict, and of two at once one is', async () => {
    const twice = await Promise.all([1, 2].map(() => root.collaborate(ada.subject, 'metrics-reader')));
    expect(twice.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(await rolesOf(ada)).toEqual(['metrics-reader', 'tenant-member']);
  });

  test('may be everybody, whose rights all users have', async () => {
    expect((await root.collaborate('team:everyone', 'metrics-reader')).body.data).toMatchObject({
      subject: 'team:everyone',
    });
    expect(await ada.canI('metrics:Read')).toBe(true);
    await root.uncollaborate('team:everyone');
    expect(await ada.canI('metrics:Read')).toBe(false);
  });

  test('may be a team, whose members have its rights', async () => {
    await world.deps.store.transact((tx) =>
      tx.teams.setMembers(world.tenant.id, team.id, [
        { principal: ada.caller.principal.id, isMember: true, isManager: false },
      ]),
    );
    await root.collaborate('team:platform', 'metrics-reader');
    expect((await root.checkAccess(ada.subject, 'metrics:Read')).body).toEqual({ allowed: true });
    await root.uncollaborate('team:platform');
    expect((await root.checkAccess(ada.subject, 'metrics:Read')).body).toEqual({ allowed: false });
  });

  test('is said the other way by the other clients, with the same effect', async () => {
    const path = '/api/svc/v1/authorize/account/default';
    const other = await root.post(path, { subject: ada.subject, roleId: 'metrics-reader' });
    expect(other.body.data).toMatchObject({ subject: ada.subject, roleId: 'metrics-reader' });
    expect((await root.get(path)).body).toEqual((await root.collaborators('tenant', world.tenant.id)).body);
    expect(await root.put(path, { subject: ada.subject, roleId: 'metrics-reader' })).toMatchObject({ status: 200 });
    expect(await rolesOf(ada)).toEqual(['metrics-reader']);
    expect(await root.remove(path, { subject: ada.subject })).toEqual({ status: 200, body: {} });
    expect(await rolesOf(ada)).toEqual([]);
    expect((await root.get('/api/svc/v1/authorize/permissions')).body.data).toContain('tenant:AssignRole');
  });

  test.each([
    { subject: 'ada@example.com', says: /Bad subject/ },
    { subject: 'group:platform', says: /Bad subject/ },
    { subject: 'user:nobody', says: /Bad subject/ },
    { subject: 'user:nobody@example.com', says: /There is no user:nobody@example.com/ },
    { subject: 'team:no-such', says: /There is no team:no-such/ },
    { subject: 'serviceaccount:ci-bot', says: /There is no virtualaccount:ci-bot/ },
    { subject: 'virtualaccount:ci-bot', says: /There is no virtualaccount:ci-bot/ },
    { subject: 'agent:bot', says: /There is no agent:bot/ },
    { subject: 'external-identity:gh', says: /There is no external-identity:gh/ },
  ])('$subject is refused by name', async ({ subject, says }) => {
    const { status, body } = await root.collaborate(subject, 'metrics-reader');
    expect({ status, message: body.message }).toEqual({ status: 422, message: expect.stringMatching(says) });
  });

  test.each([
    { role: 'no-such-role', on: TENANT, says: /There is no role no-such-role/ },
    { role: 'team-manager', on: TENANT, says: /on a team, not on a tenant/ },
    { role: 'team-member', on: TENANT, says: /comes with a membership/ },
    { role: 'secret-group-admin', on: TENANT, says: /on a secret-group/ },
    { role: 'tenant-member', on: { resourceType: 'workspace', resourceId: 'x' }, says: /not supported: workspace/ },
  ])('$role on $on.resourceType is refused by name', async ({ role, on, says }) => {
    const { status, body } = await root.collaborate(ada.subject, role, on);
    expect({ status, message: body.message }).toEqual({ status: 422, message: expect.stringMatching(says) });
  });
});

describe('a collaborator of a team', () => {
  test('is who manages it, and manages it at once', async () => {
    expect((await root.collaborate(ada.subject, 'team-manager', onTeam)).body.data).toMatchObject({
      ...{ subject: ada.subject, roleId: 'team-manager', resourceType: 'team', resourceId: team.id },
    });
    expect(await ada.canI('team:ManageTeam', `team/${team.id}`)).toBe(true);
    expect(await root.collaborate(ada.subject, 'team-manager', onTeam)).toMatchObject({ status: 409 });
    expect((await ada.collaborators('team', team.id)).body.data).toHaveLength(1);
    expect(await root.uncollaborate(ada.subject, onTeam)).toEqual({ status: 200, body: {} });
    expect(await ada.canI('team:ManageTeam', `team/${team.id}`)).toBe(false);
    expect(await root.uncollaborate(ada.subject, onTeam)).toMatchObject({ status: 404 });
  });

  test('makes others managers of the same team, and of no other, nor gives anything on the tenant', async () => {
    const bob = await somebody(world, 'bob', 'tenant-member');
    const other = await teamOf(world, root.caller, 'other');
    await root.collaborate(ada.subject, 'team-manager', onTeam);
    expect(await ada.collaborate(bob.subject, 'team-manager', onTeam)).toMatchObject({ status: 200 });
    for (const on of [TENANT, { resourceType: 'team', resourceId: other.id }]) {
      const role = on === TENANT ? 'metrics-reader' : 'team-manager';
      expect(await ada.collaborate(bob.subject, role, on)).toMatchObject({ status: 403 });
    }
    expect(await ada.collaborators('tenant', 'default')).toMatchObject({ status: 403 });
  });

  test('a member stays one when they manage it no more', async () => {
    const belongs = { isMember: true, isManager: false };
    const mine = await teamOf(world, ada.caller, 'mine', belongs);
    const on = { resourceType: 'team', resourceId: mine.id };
    await root.collaborate(ada.subject, 'team-manager', on);
    await root.uncollaborate(ada.subject, on);
    expect((await world.deps.store.teams.ofPrincipal(world.tenant.id, ada.caller.principal.id))[0]).toMatchObject(
      belongs,
    );
  });

  test('is a user: neither a team nor another role fits', async () => {
    expect(await root.collaborate('team:platform', 'team-manager', onTeam)).toMatchObject({ status: 422 });
    expect(await root.collaborate(ada.subject, 'tenant-member', onTeam)).toMatchObject({ status: 422 });
  });

  test('of a team that is not there is nobody, and who may not know of one is told the same of both', async () => {
    const absent = { resourceType: 'team', resourceId: 'c00000000000000000000000' };
    expect(await root.collaborate(ada.subject, 'team-manager', absent)).toMatchObject({ status: 404 });
    const [there, not] = await Promise.all([onTeam, absent].map((on) => ada.collaborators('team', on.resourceId)));
    expect(there).toMatchObject({ status: 403 });
    expect(there).toEqual(not);
  });
});

describe('nobody gives more than they hold, nor takes it', () => {
  let giver: Somebody;
  beforeEach(async () => {
    giver = await somebody(world, 'giver');
    await root.createRole('giver', ['tenant:AssignRole', 'user:ManageUsers', 'user:ListUsers']);
    await root.grant(giver.subject, 'giver');
  });

  test('a user manager who may assign roles makes neither themselves nor anybody an administrator', async () => {
    for (const subject of [giver.subject, ada.subject, 'team:everyone', 'team:platform']) {
      expect(await giver.collaborate(subject, 'tenant-admin')).toMatchObject({
        status: 403,
        body: { message: expect.stringMatching(/more than they hold/) },
      });
    }
    expect(
      await giver.put('/api/svc/v1/authorize/tenant/default', { subject: giver.subject, roleId: 'tenant-admin' }),
    ).toMatchObject({ status: 403 });
    expect(await giver.canI('settings:ManageSettings')).toBe(false);
  });

  test('nor takes an administrator’s role away', async () => {
    expect(await giver.uncollaborate(root.subject)).toMatchObject({ status: 403 });
    expect(await rolesOf(root)).toEqual(['tenant-admin']);
  });

  test('but gives what they hold', async () => {
    expect(await giver.collaborate(ada.subject, 'giver')).toMatchObject({ status: 200 });
  });
});

describe('the last administrator', () => {
  test('stays, whichever way they would lose it', async () => {
    const refused = { status: 422, body: { message: expect.stringMatching(/without an active administrator/) } };
    const [grant] = (await root.grants({ subject: root.subject })).body.data;
    expect(await root.uncollaborate(root.subject)).toMatchObject(refused);
    expect(await root.ungrant(grant.id)).toMatchObject(refused);
    const path = '/api/svc/v1/authorize/tenant/default';
    expect(await root.put(path, { subject: root.subject, roleId: 'tenant-member' })).toMatchObject(refused);
    expect(await rolesOf(root)).toEqual(['tenant-admin']);
  });

  test('is one of two who take it from each other at the same moment', async () => {
    const other = await somebody(world, 'other', 'tenant-admin');
    const both = await Promise.all([root.uncollaborate(other.subject), other.uncollaborate(root.subject)]);
    expect(both.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await world.deps.store.grants.anyHolds(world.tenant.id, 'tenant-admin')).toBe(true);
  });
});

test('what others may do is told to who may see it; of oneself, to everybody', async () => {
  expect((await ada.checkAccess(ada.subject, 'user:ListUsers')).body).toEqual({ allowed: true });
  expect(await ada.checkAccess(root.subject, 'user:ListUsers')).toMatchObject({ status: 403 });
  expect(await ada.checkAccess('user:nobody@example.com', 'user:ListUsers')).toMatchObject({ status: 403 });
  expect(await root.checkAccess('user:nobody@example.com', 'user:ListUsers')).toMatchObject({ status: 404 });
  expect(await root.checkAccess(ada.subject, 'no:SuchThing')).toMatchObject({ status: 422 });
});

test('another tenant’s teams, people and tenant are not there', async () => {
  const { person, tenant } = await secondTenant(world);
  const theirs = askingOfRights(world, (await person('eve', 'tenant-admin')).token);
  expect(await theirs.collaborate('user:eve@example.com', 'team-manager', onTeam)).toMatchObject({ status: 404 });
  expect(await theirs.collaborators('tenant', world.tenant.id)).toMatchObject({ status: 404 });
  expect(await root.collaborate('user:eve@example.com', 'metrics-reader')).toMatchObject({ status: 422 });
  expect(await root.collaborators('tenant', tenant.id)).toMatchObject({ status: 404 });
});
