import { beforeEach, expect, test } from 'vitest';
import { openWorld, type World } from '#support/world.ts';
import { secondTenant } from '../../authz/second-tenant.ts';
import { give, roleOf } from '../../authz/things.ts';
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
  id = (await admin.put({ name: 'platform', managers: [ADA] })).body.data.id;
});
const people = async () => {
  const { members, manifest } = (await admin.team(id)).body.data;
  return { members, managers: manifest.managers };
};

test('whoever joins has what the team holds with the next request, and whoever leaves has lost it', async () => {
  await giveTeam(world, id, 'metrics-reader');
  expect(await bob.roles()).toEqual(['tenant-member']);
  expect(await ada.join(id, { subject: `user:${BOB}`, role: 'member' })).toEqual(DONE);
  expect(await bob.roles()).toEqual(['metrics-reader', 'tenant-member']);
  expect(await ada.take(id, `user:${BOB}`)).toEqual(DONE);
  expect(await bob.roles()).toEqual(['tenant-member']);
  expect(await bob.team(id)).toEqual(ABSENT);
});

test('a manager who is taken in manages with the next request, and stays the member that they were', async () => {
  await admin.join(id, { subject: `user:${BOB}` });
  expect(await bob.join(id, { subject: `user:${BOB}`, role: 'manager' })).toMatchObject({ status: 403 });
  await ada.join(id, { subject: `user:${BOB}`, role: 'manager' });
  expect(await people()).toEqual({ members: [BOB], managers: [ADA, BOB] });
  expect(await bob.take(id, `user:${ADA}`)).toEqual(DONE);
  expect(await people()).toEqual({ members: [BOB], managers: [BOB] });
  expect(await ada.join(id, { subject: `user:${ADA}` })).toMatchObject({ status: 403 });
});

test('doing it again changes nothing', async () => {
  for (const _ of [1, 2]) expect(await ada.join(id, { subject: `user:${BOB}` })).toEqual(DONE);
  expect(await people()).toEqual({ members: [BOB], managers: [ADA] });
  for (const _ of [1, 2]) expect(await ada.take(id, `user:${BOB}`)).toEqual(DONE);
  expect(await people()).toEqual({ members: [], managers: [ADA] });
});

test.each(['team:platform', 'virtualaccount:ci', 'bob', 'user:', 'user:nobody@example.com', '{subject}'])(
  'only users who are there belong to teams: %s is refused',
  async (subject) => {
    expect(await ada.join(id, { subject })).toMatchObject({ status: 422, body: { code: 'unprocessable' } });
    expect(await ada.take(id, subject)).toMatchObject({ status: 422, body: { code: 'unprocessable' } });
  },
);

test('who manages no team of that id is refused alike, whether or not there is one', async () => {
  const other = (await admin.put({ name: 'other' })).body.data.id;
  const refused = await ada.join('x00000000000000000000000', { subject: `user:${BOB}` });
  expect(refused).toMatchObject({ status: 403 });
  expect(await ada.join(other, { subject: `user:${BOB}` })).toEqual(refused);
  expect(await admin.join('x00000000000000000000000', { subject: `user:${BOB}` })).toEqual(ABSENT);
  expect(await admin.take('no-id', `user:${BOB}`)).toEqual(ABSENT);
});

test('another tenant’s administrator neither takes anybody in nor out', async () => {
  const { person } = await secondTenant(world);
  const foreign = teaming(world, (await person('mallory', 'tenant-admin')).token);
  expect(await foreign.join(id, { subject: 'user:mallory@example.com' })).toEqual(ABSENT);
  expect(await foreign.take(id, `user:${ADA}`)).toEqual(ABSENT);
  expect(await people()).toEqual({ members: [], managers: [ADA] });
});

test('whoever manages all teams, and is no administrator, takes nobody into one that holds more than they do', async () => {
  const clerk = await world.person('clerk', 'tenant-member');
  await give(
    world,
    clerk.caller,
    await roleOf(world, clerk.caller, 'team-clerk', ['team:ManageTeam', 'team:CreateTeam', 'team:ReadTeam']),
  );
  const asked = teaming(world, clerk.token);
  expect(await asked.join(id, { subject: `user:${BOB}` })).toEqual(DONE);
  const managing = { status: 403, body: { message: expect.stringContaining('you lack tenant:AssignRole') } };
  expect(await asked.join(id, { subject: 'user:clerk@example.com', role: 'manager' })).toMatchObject(managing);
  expect(await asked.take(id, `user:${ADA}`)).toMatchObject(managing); // who manages it gives what a clerk does not hold
  expect(await asked.put({ name: 'platform', members: [BOB], managers: [BOB] })).toMatchObject(managing);
  await giveTeam(world, id, 'tenant-admin');
  const refused = { status: 403, body: { message: expect.stringContaining('Nobody gives, or acts upon, more than') } };
  expect(await asked.join(id, { subject: 'user:clerk@example.com' })).toMatchObject(refused);
  expect(await asked.put({ name: 'platform', members: ['clerk@example.com'] })).toMatchObject(refused);
  const dry = await asked.put({ name: 'platform', members: ['clerk@example.com'] }, { dryRun: true });
  expect(dry).toMatchObject(refused);
  expect(await asked.take(id, `user:${BOB}`)).toMatchObject(refused); // who is taken out loses it
});

test('the last administrator is not taken out of the team that makes them one', async () => {
  await world.accepted(ADA);
  await giveTeam(world, id, 'tenant-admin');
  await admin.setRoles('admin@example.com', 'tenant-member');
  const left = { status: 422, body: { message: expect.stringContaining('without an active administrator') } };
  expect(await ada.take(id, `user:${ADA}`)).toMatchObject(left);
  expect(await ada.put({ name: 'platform' })).toMatchObject(left);
  expect(await ada.removeTeam(id)).toMatchObject(left);
  expect(await ada.put({ name: 'platform', members: [ADA, BOB] })).toMatchObject({ status: 200 });
  expect(await ada.take(id, `user:${ADA}`)).toMatchObject(left); // Bob never could sign in
  await world.accepted(BOB);
  expect(await ada.take(id, `user:${ADA}`)).toEqual(DONE);
});
