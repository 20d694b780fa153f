import { beforeEach, expect, test } from 'vitest';
import { openWorld, type World } from '#support/world.ts';
import { secondTenant } from '../../authz/second-tenant.ts';
import { teaming } from './teaming.ts';

const [ADA, BOB, CAROL] = ['ada@example.com', 'bob@example.com', 'carol@example.com'];

let world: World;
let admin: ReturnType<typeof teaming>;
let ada: ReturnType<typeof teaming>;
let bob: ReturnType<typeof teaming>;
beforeEach(async () => {
  world = await openWorld();
  const of = async (name: string, role: 'tenant-admin' | 'tenant-member') =>
    teaming(world, (await world.person(name, role)).token);
  admin = await of('admin', 'tenant-admin');
  [ada, bob] = [await of('ada', 'tenant-member'), await of('bob', 'tenant-member')];
  await of('carol', 'tenant-member');
});
const teams = () => world.rows('select name, description from team order by name');

test('a manifest makes a team that is as it says, and says it back', async () => {
  const manifest = {
    ...{ name: 'platform', displayName: 'The platform', description: 'Platform engineering' },
    ...{ members: [BOB, ADA], managers: [ADA], tags: { cost: '42' }, ownedBy: { account: 'default' } },
  };
  const { status, body } = await admin.put(manifest);
  expect({ status, data: body.data }).toEqual({
    status: 200,
    data: {
      ...{
        id: expect.stringMatching(/^[a-z][a-z0-9]{23}$/),
        teamName: 'platform',
        description: 'Platform engineering',
      },
      ...{ tenantName: 'default', accountId: world.tenant.id },
      createdBySubject: expect.objectContaining({ subjectType: 'user', subjectSlug: 'admin@example.com' }),
      ...{ members: [ADA, BOB], createdAt: expect.any(String), updatedAt: expect.any(String) },
      manifest: {
        ...{ type: 'team', name: 'platform', displayName: 'The platform', description: 'Platform engineering' },
        ...{ members: [ADA, BOB], managers: [ADA], tags: { cost: '42' } },
      },
      ...{ isEditable: true, roles: [] },
    },
  });
  expect((await admin.team(body.data.id)).body.data).toEqual(body.data);
});

test('the same name again is the same team, and what the manifest leaves out is left out', async () => {
  const { body } = await admin.put({ name: 'platform', description: 'old', members: [ADA, BOB], managers: [BOB] });
  world.clock.advance(1_000);
  const again = (await admin.put({ name: 'platform', members: [' CAROL@Example.com ', ADA] })).body.data;
  expect(again).toMatchObject({
    id: body.data.id,
    description: '',
    members: [ADA, CAROL],
    createdAt: body.data.createdAt,
  });
  expect(again.manifest).toEqual({ type: 'team', name: 'platform', members: [ADA, CAROL], managers: [] });
  expect(Date.parse(again.updatedAt)).toBe(Date.parse(body.data.updatedAt) + 1_000);
});

test('a manager says who belongs to their team, with the next request; a member does not', async () => {
  expect(await ada.put({ name: 'platform', members: [ADA] })).toMatchObject({ status: 403 });
  await admin.put({ name: 'platform', members: [BOB], managers: [ADA] });
  const refused = {
    status: 403,
    body: { message: expect.stringContaining('only they and its managers can change it') },
  };
  expect(await bob.put({ name: 'platform', members: [BOB, CAROL] })).toMatchObject(refused);
  expect(await ada.put({ name: 'platform', members: [BOB, CAROL], managers: [BOB] })).toMatchObject({ status: 200 });
  expect(await ada.put({ name: 'platform', members: [ADA], managers: [ADA] })).toMatchObject(refused);
  expect(await bob.put({ name: 'platform', members: [], managers: [BOB] })).toMatchObject({ status: 200 });
});

test('who may not is told the same whether or not there is a team of that name, and each is on the record', async () => {
  await admin.put({ name: 'platform', members: [] });
  const before = (await world.audit()).length;
  const [there, not] = [await bob.put({ name: 'platform' }), await bob.put({ name: 'nowhere' })];
  expect(there).toEqual(not);
  const entries = (await world.audit()).slice(before).map(({ action, decision }) => [action, decision]);
  expect(entries).toEqual([
    ['team:ManageTeam', 'denied'],
    ['team:CreateTeam', 'denied'],
  ]);
});

test('a manager makes no team', async () => {
  await admin.put({ name: 'platform', managers: [ADA] });
  expect(await ada.put({ name: 'another' })).toMatchObject({ status: 403 });
  expect(await ada.make({ name: 'another' })).toMatchObject({ status: 403 });
  expect(await teams()).toHaveLength(1);
});

test('a dry run answers the team as it would be, and changes nothing', async () => {
  const made = await admin.put({ name: 'platform', members: [ADA] }, { dryRun: true });
  expect(made).toMatchObject({ status: 200, body: { data: { members: [ADA], manifest: { name: 'platform' } } } });
  expect(await teams()).toEqual([]);
  const { body } = await admin.put({ name: 'platform', description: 'as it is', members: [ADA] });
  const changed = await admin.put({ name: 'platform', description: 'other', members: [BOB] }, { dryRun: true });
  expect(changed.body.data).toMatchObject({ id: body.data.id, description: 'other', members: [BOB] });
  expect((await admin.team(body.data.id)).body.data).toEqual(body.data);
  expect(await bob.put({ name: 'platform' }, { dryRun: true })).toMatchObject({ status: 403 });
  expect(await admin.put({ name: 'x', members: ['nobody@example.com'] }, { dryRun: true })).toMatchObject({
    status: 422,
  });
});

const FORM = 'A team name has at most 24 letters, digits and dashes, and neither begins nor ends with a dash.';
const TAKEN = 'The team everyone is there already, and holds all users.';
const PROVIDER = { identity_provider: 'idp', value: 'x' };

test.each([
  {
    what: 'somebody who is not there',
    also: { members: [ADA, 'nobody@example.com'], managers: ['no@example.com'] },
    ...{
      fields: ['managers', 'members'],
      message: 'There is no user no@example.com, nobody@example.com. Register them first.',
    },
  },
  {
    what: 'no address',
    also: { members: [ADA, 'x'] },
    fields: ['members.1'],
    message: 'No e-mail address: members.1.',
  },
  { what: 'a name of another form', also: { name: '-team-' }, fields: ['name'], message: FORM },
  { what: 'a name that is too long', also: { name: 'x'.repeat(25) }, fields: ['name'], message: FORM },
  { what: 'the team everyone', also: { name: 'everyone' }, fields: ['name'], message: TAKEN },
  { what: 'the team everyone in capitals', also: { name: 'Everyone' }, fields: ['name'], message: TAKEN },
  {
    what: 'another account',
    also: { ownedBy: { account: 'elsewhere' } },
    ...{ fields: ['ownedBy.account'], message: 'ownedBy.account must be default, the one account on this server.' },
  },
  {
    what: 'an identity provider that is not there',
    also: { identity_provider_mapping: [PROVIDER] },
    fields: ['identity_provider_mapping'],
    message: 'There is no identity provider idp.',
  },
])('$what is refused with its name, and nothing is written', async ({ also, fields, message }) => {
  const { status, body } = await admin.put({ name: 'platform', ...also });
  const named = body.details.map(({ field }: { field: string }) => field);
  expect({ status, named, message: body.message }).toEqual({ status: 422, named: fields, message });
  expect(await teams()).toEqual([]);
});

test('null and empty are as good as left out', async () => {
  const nothing = { displayName: null, description: null, managers: null, tags: null, ownedBy: null };
  expect(await admin.put({ name: 'platform', ...nothing, identity_provider_mapping: [] })).toMatchObject({
    status: 200,
  });
});

test('of many at once one makes the team, all succeed, and what stands is what one of them said', async () => {
  const lists = [[ADA], [BOB], [CAROL], [ADA, BOB], [BOB, CAROL], []];
  const answers = await Promise.all(lists.map((members) => admin.put({ name: 'platform', members })));
  expect(answers.map(({ status }) => status)).toEqual(lists.map(() => 200));
  const [id, ...others] = new Set(answers.map(({ body }) => body.data.id));
  expect(others).toEqual([]);
  expect(lists).toContainEqual((await admin.team(String(id))).body.data.members);
});

test('POST makes a team that its maker manages, and refuses a name that is taken', async () => {
  const { status, body } = await admin.make({ name: 'platform', description: 'Platform engineering' });
  expect({ status, data: body.data }).toMatchObject({
    status: 200,
    data: { description: 'Platform engineering', members: [], manifest: { managers: ['admin@example.com'] } },
  });
  expect(await admin.make({ name: 'platform' })).toMatchObject({ status: 409, body: { code: 'conflict' } });
  const many = await Promise.all(Array.from({ length: 8 }, () => admin.make({ name: 'once' })));
  expect(many.map(({ status: one }) => one).sort()).toEqual([200, ...Array.from({ length: 7 }, () => 409)]);
});

test('another tenant’s team of the same name is another, and its people are nobody here', async () => {
  const { person } = await secondTenant(world);
  const foreign = teaming(world, (await person('mallory', 'tenant-admin')).token);
  const ours = (await admin.put({ name: 'platform', members: [ADA] })).body.data;
  const theirs = (await foreign.put({ name: 'platform', members: ['mallory@example.com'] })).body.data;
  expect(theirs.id).not.toBe(ours.id);
  expect((await admin.team(ours.id)).body.data.members).toEqual([ADA]);
  expect(await foreign.put({ name: 'platform', members: [ADA] })).toMatchObject({ status: 422 });
});
