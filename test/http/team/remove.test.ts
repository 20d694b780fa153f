import { beforeEach, expect, test } from 'vitest';
import { openWorld, type World } from '#support/world.ts';
import { secondTenant } from '../../authz/second-tenant.ts';
import { ABSENT, giveTeam, teaming } from './teaming.ts';

const [ADA, BOB] = ['ada@example.com', 'bob@example.com'];
const DONE = { status: 200, body: {} };

let world: World;
let admin: ReturnType<typeof teaming>;
let ada: ReturnType<typeof teaming>;
let bob: ReturnType<typeof teaming>;
let id: string;
beforeEach(async () => {
  world = await openWorld();
  const of = async (name: string, role: 'tenant-admin' | 'tenant-member') =>
    teaming(world, (await world.person(name, role)).token);
  admin = await of('admin', 'tenant-admin');
  [ada, bob] = [await of('ada', 'tenant-member'), await of('bob', 'tenant-member')];
  id = (await admin.put({ name: 'platform', members: [BOB], managers: [ADA] })).body.data.id;
  await giveTeam(world, id, 'metrics-reader');
  await giveTeam(world, id, 'tenant-member');
});

test('a team’s removal says first who loses what, and how many tokens are put down to it; it changes nothing', async () => {
  await bob.create({ name: 'deploy', teamName: 'platform' });
  const lost = (role: string, resource = '*') => ({ id: role, name: role, resource });
  const [reader, member] = [lost('metrics-reader'), lost('team-member', `team/${id}`)];
  expect(await admin.removal(id)).toEqual({
    status: 200,
    body: {
      ...{ team: { id, name: 'platform' }, tokens: 1, accounts: 0, pagination: { total: 2, offset: 0, limit: 100 } },
      data: [
        {
          ...{ id: expect.any(String), name: ADA, roles: [reader, member, lost('team-manager', `team/${id}`)] },
          actions: ['metrics:Read', 'team:ManageTeam', 'team:ReadTeam', 'tenant:AssignRole'],
        },
        { id: expect.any(String), name: BOB, roles: [reader, member], actions: ['metrics:Read', 'team:ReadTeam'] },
      ],
    },
  });
  const second = (await admin.removal(id, '?limit=1&offset=1')).body;
  expect(second).toMatchObject({ data: [{ name: BOB }], pagination: { total: 2, offset: 1, limit: 1 } });
  expect((await admin.team(id)).status).toBe(200);
});

test('with it goes all that it holds and all that is held on it, at once, and its tokens are put down to nobody', async () => {
  const { token } = (await bob.create({ name: 'deploy', teamName: 'platform' })).body;
  expect(await bob.roles()).toEqual(['metrics-reader', 'tenant-member']);
  expect(await admin.removeTeam(id)).toEqual(DONE);
  expect(await bob.roles()).toEqual(['tenant-member']);
  expect(await bob.team(id)).toEqual(ABSENT);
  expect(await world.rows('select id from role_grant where subject = ? or resource = ?', id, `team/${id}`)).toEqual([]);
  expect(await world.rows('select team from team_member where team = ?', id)).toEqual([]);
  expect(await world.rows('select team from personal_access_token where name = ?', 'deploy')).toEqual([{ team: null }]);
  expect(typeof token).toBe('string');
});

test('another of the same name inherits nothing', async () => {
  await admin.removeTeam(id);
  const again = (await admin.put({ name: 'platform', members: [BOB] })).body.data;
  expect([again.id === id, again.roles]).toEqual([false, []]);
  expect(await bob.roles()).toEqual(['tenant-member']);
});

test('whoever may not remove it is told that it is not there, and neither sees what its removal takes', async () => {
  const { person } = await secondTenant(world);
  const foreign = teaming(world, (await person('mallory', 'tenant-admin')).token);
  for (const one of [ada, bob, foreign]) {
    expect(await one.removeTeam(id)).toEqual(ABSENT);
    expect(await one.removal(id)).toEqual(ABSENT);
  }
  expect(await admin.removeTeam('x00000000000000000000000')).toEqual(ABSENT);
  expect((await admin.team(id)).status).toBe(200);
});

test('of many removals at once one removes it, while others take people in and put tokens down to it', async () => {
  const removals = Array.from({ length: 4 }, () => admin.removeTeam(id));
  const joins = Array.from({ length: 4 }, () => admin.join(id, { subject: `user:${ADA}` }));
  const tokens = Array.from({ length: 4 }, (_, n) => bob.create({ name: `deploy-${n}`, teamName: 'platform' }));
  const statuses = (await Promise.all(removals)).map(({ status }) => status);
  expect(statuses.sort()).toEqual([200, 404, 404, 404]);
  for (const { status } of await Promise.all(joins)) expect([200, 404]).toContain(status);
  for (const { status } of await Promise.all(tokens)) expect([200, 400]).toContain(status);
  expect(await world.rows('select id from personal_access_token where team is not null')).toEqual([]);
  expect(world.reported).toEqual([]);
});
