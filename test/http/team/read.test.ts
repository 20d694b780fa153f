import { beforeEach, expect, test } from 'vitest';
import { statementsOf } from '#support/statements.ts';
import { openWorld, type World } from '#support/world.ts';
import { secondTenant } from '../../authz/second-tenant.ts';
import { ABSENT, giveTeam, teaming } from './teaming.ts';

const [ADMIN, ADA, BOB] = ['admin@example.com', 'ada@example.com', 'bob@example.com'];

let world: World;
let admin: ReturnType<typeof teaming>;
let ada: ReturnType<typeof teaming>;
let bob: ReturnType<typeof teaming>;
let nobody: ReturnType<typeof teaming>;
let red: string;
let blue: string;
beforeEach(async () => {
  world = await openWorld();
  const of = async (name: string, role: 'tenant-admin' | 'tenant-member' | 'metrics-reader') =>
    teaming(world, (await world.person(name, role)).token);
  admin = await of('admin', 'tenant-admin');
  [ada, bob] = [await of('ada', 'tenant-member'), await of('bob', 'tenant-member')];
  nobody = await of('nobody', 'tenant-member');
  red = (await admin.put({ name: 'red', members: [ADA, BOB], managers: [ADA] })).body.data.id;
  blue = (await admin.put({ name: 'blue', members: [BOB] })).body.data.id;
});
type Row = { readonly teamName: string };
const namesIn = ({ body }: { readonly body: { readonly data: readonly Row[] } }) =>
  body.data.map((row) => row.teamName);

test('everybody sees their own teams and everyone; who may see all sees all', async () => {
  expect(namesIn(await admin.list())).toEqual(['blue', 'red', 'everyone']);
  expect(namesIn(await bob.list())).toEqual(['blue', 'red', 'everyone']);
  expect(namesIn(await ada.list())).toEqual(['red', 'everyone']);
  expect(namesIn(await nobody.list())).toEqual(['everyone']);
  expect(await ada.listAll()).toEqual(await ada.list());
});

test('pages have all of them, each once, and an offset past the end is an empty page', async () => {
  const pages = [];
  for (const offset of [0, 1, 2, 3, 9]) pages.push(await bob.list(`?limit=1&offset=${offset}`));
  expect(pages.map(namesIn)).toEqual([['blue'], ['red'], ['everyone'], [], []]);
  expect(pages.map(({ body }) => body.pagination.total)).toEqual([3, 3, 3, 3, 3]);
  expect(namesIn(await bob.list('?limit=2'))).toEqual(['blue', 'red']);
  expect(namesIn(await bob.list('?limit=2&offset=1'))).toEqual(['red', 'everyone']);
});

test('only those that one manages are asked for by role; an administrator manages all', async () => {
  expect(namesIn(await ada.list('?role=manager'))).toEqual(['red']);
  expect(namesIn(await bob.list('?role=manager'))).toEqual([]);
  expect(namesIn(await admin.list('?role=manager'))).toEqual(['blue', 'red']);
  expect(await bob.list('?role=member')).toMatchObject({ status: 400 });
  expect(namesIn(await ada.list('?type=team'))).toEqual(['red', 'everyone']);
});

test('a row has who belongs to the team, and a summary of them', async () => {
  const [row] = (await ada.list('?includeMembership=true')).body.data;
  expect(row).toMatchObject({
    ...{ members: [ADA, BOB], manifest: { members: [ADA, BOB], managers: [ADA] } },
    ...{ topMembers: [ADA, BOB], topManagers: [ADA], totalMemberCount: 2, totalManagerCount: 1 },
  });
});

test('without the lists there are summaries of them, of five people at most', async () => {
  const many = Array.from({ length: 7 }, (_, n) => `person${n}@example.com`);
  for (const email of many) await admin.register({ email });
  await admin.put({ name: 'red', members: many, managers: [ADA] });
  const [row] = (await ada.list('?includeMembership=false')).body.data;
  expect(row).toMatchObject({
    topMembers: many.slice(0, 5),
    topManagers: [ADA],
    totalMemberCount: 7,
    totalManagerCount: 1,
  });
  expect(row).not.toHaveProperty('members');
  expect(row.manifest).toEqual({ type: 'team', name: 'red', members: [] });
});

test('without the lists as many rows are read, however many belong to the team', async () => {
  const many = Array.from({ length: 40 }, (_, n) => `person${n}@example.com`);
  for (const email of many) await admin.register({ email });
  const rowsRead = async (query: string) => (await statementsOf(() => ada.list(query))).rows;
  const asked = ['?includeMembership=false', '?attributes=teamName,topMembers'];
  const readOf = async () => Promise.all([await rowsRead(asked[0] as string), await rowsRead(asked[1] as string)]);
  await admin.put({ name: 'red', members: many.slice(0, 10), managers: [ADA] });
  await readOf(); // from here on the credential is remembered
  const before = await readOf();
  await admin.put({ name: 'red', members: many, managers: [ADA] });
  expect(await readOf()).toEqual(before);
});

test.each(['?attributes=teamName&attributes=description', '?attributes=teamName%2Cdescription'])(
  'a row has what was asked for, and its id: %s',
  async (query) => {
    const [row] = (await ada.list(query)).body.data;
    expect(row).toEqual({ id: red, teamName: 'red', description: '' });
  },
);

test('everyone holds all users, keeps no list, and stays as it is', async () => {
  const [row] = (await nobody.list()).body.data;
  expect(row).toMatchObject({
    ...{ id: world.tenant.id, teamName: 'everyone', isEditable: false, totalMemberCount: 4 },
    manifest: { type: 'team', name: 'everyone', members: [] },
  });
  expect(row).not.toHaveProperty('members');
  expect((await nobody.team(world.tenant.id)).body.data).toMatchObject({ id: world.tenant.id, isEditable: false });
  const members = (await nobody.team(world.tenant.id, '/members?limit=3')).body;
  expect([members.data.length, members.pagination.total]).toEqual([3, 4]);
  const filter = encodeURIComponent(JSON.stringify({ column: 'email', op: 'STRING_STARTS_WITH', value: 'ad' }));
  const found = (await nobody.team(world.tenant.id, `/members?filter=${filter}`)).body;
  expect(found.data.map((one: { subjectSlug: string }) => one.subjectSlug).sort()).toEqual([ADA, ADMIN]);
  expect((await nobody.team(world.tenant.id, '/managers')).body.data).toEqual([]);
  const conflict = { status: 409, body: { message: expect.stringContaining('nobody joins or leaves it') } };
  expect(await admin.removeTeam(world.tenant.id)).toMatchObject(conflict);
  expect(await admin.removal(world.tenant.id)).toEqual(ABSENT);
  expect(await admin.join(world.tenant.id, { subject: `user:${BOB}` })).toMatchObject(conflict);
  expect(await admin.take(world.tenant.id, `user:${BOB}`)).toMatchObject(conflict);
  expect(await bob.removeTeam(world.tenant.id)).toEqual(ABSENT);
});

test('who belongs to a team is listed by pages, as the clients name people', async () => {
  const { body } = await bob.team(red, '/members?limit=1&offset=1');
  expect(body).toEqual({
    data: [{ subjectId: expect.any(String), subjectSlug: BOB, subjectType: 'user' }],
    pagination: { total: 2, offset: 1, limit: 1 },
  });
  const managers = (await bob.team(red, '/managers')).body.data;
  expect(managers.map((one: { subjectSlug: string }) => one.subjectSlug)).toEqual([ADA]);
});

test('a filter is asked of the database: as many rows are read as are shown, however many there are', async () => {
  const filter = encodeURIComponent(JSON.stringify({ column: 'email', op: 'STRING_STARTS_WITH', value: 'person' }));
  const rowsRead = async (id: string) =>
    (await statementsOf(() => admin.team(id, `/members?limit=2&filter=${filter}`))).rows;
  const many = Array.from({ length: 20 }, (_, n) => `person${n}@example.com`);
  for (const email of many.slice(0, 5)) await admin.register({ email });
  await admin.put({ name: 'red', members: many.slice(0, 5), managers: [ADA] });
  const asked = async () => [await rowsRead(red), await rowsRead(world.tenant.id)];
  await asked(); // from here on the credential is remembered
  const before = await asked();
  for (const email of many.slice(5)) await admin.register({ email });
  await admin.put({ name: 'red', members: many, managers: [ADA] });
  expect(await asked()).toEqual(before);
});

test('a filter finds among all who belong, before the page is cut; one that is not understood is refused', async () => {
  const leaf = { column: 'email', op: 'STRING_CONTAINS', value: 'BOB' };
  const ask = (filter: string) => ada.team(red, `/members?limit=1&filter=${encodeURIComponent(filter)}`);
  expect((await ask(JSON.stringify(leaf))).body).toMatchObject({
    data: [{ subjectSlug: BOB }],
    pagination: { total: 1 },
  });
  const id = (await ada.team(red, '/members')).body.data[0].subjectId;
  const byId = { type: 'AND', children: [{ column: 'userId', op: 'IN', value: [id] }] };
  expect((await ask(JSON.stringify(byId))).body.data).toMatchObject([{ subjectSlug: ADA }]);
  for (const bad of ['', 'no JSON', '{"column":"password","op":"EQUAL","value":"x"}']) {
    expect(await ask(bad)).toMatchObject({ status: 400, body: { details: [{ field: 'filter' }] } });
  }
});

test('what a team holds is what its members are given, by names and ids', async () => {
  await giveTeam(world, red, 'metrics-reader');
  expect((await bob.team(red, '/permissions')).body.data).toEqual([
    {
      ...{ resourceType: 'tenant', resourceId: world.tenant.id, resourceName: 'default', resourceFqn: 'default' },
      ...{ roleId: 'metrics-reader', roleName: 'metrics-reader', subjectId: red, subjectType: 'team' },
    },
  ]);
  expect((await bob.team(red)).body.data.roles).toEqual(['metrics-reader']);
  expect((await bob.team(world.tenant.id, '/permissions')).body.data).toEqual([]);
});

test.each(['', '/members', '/managers', '/permissions'])(
  'a team of others is as absent as none, and another tenant’s is too: GET /teams/{id}%s',
  async (path) => {
    const { person } = await secondTenant(world);
    const foreign = teaming(world, (await person('mallory', 'tenant-admin')).token);
    expect(await ada.team(red, path)).toMatchObject({ status: 200 });
    expect(await ada.team(blue, path)).toEqual(ABSENT);
    expect(await ada.team('x00000000000000000000000', path)).toEqual(ABSENT);
    expect(await ada.team('no-id', path)).toEqual(ABSENT);
    expect(await foreign.team(red, path)).toEqual(ABSENT);
    expect(await foreign.team(world.tenant.id, path)).toEqual(ABSENT);
    expect(await admin.team(blue, path)).toMatchObject({ status: 200 });
  },
);
