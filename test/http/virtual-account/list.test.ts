import { beforeEach, expect, test } from 'vitest';
import { openWorld, type World } from '#support/world.ts';
import { secondTenant } from '../../authz/second-tenant.ts';
import { accounting, DAY_MS } from './accounts.ts';

let world: World;
let admin: ReturnType<typeof accounting>;
let member: ReturnType<typeof accounting>;
beforeEach(async () => {
  world = await openWorld();
  admin = accounting(world, (await world.person('admin', 'tenant-admin')).token);
  member = accounting(world, (await world.person('ada', 'tenant-member')).token);
  await admin.make({ name: 'platform' });
  await admin.make({ name: 'ml' });
  const soon = new Date(world.clock.now() + DAY_MS).toISOString();
  for (const manifest of [
    { name: 'ci-gateway', tags: { cost: '42', owner: { team: 'x' } }, ownedBy: { team: 'platform' } },
    { name: 'ci-bot', tags: { cost: '7' }, ownedBy: { team: 'ml' }, expiration_date: soon },
    { name: 'app', tags: { 'a.b': 'ü', live: true } },
  ]) {
    world.clock.advance(1_000);
    await admin.put(manifest);
  }
  world.clock.advance(2 * DAY_MS);
});

const named = async (query: string, by = admin) => {
  const { status, body } = await by.accounts(query);
  return status === 200 ? body.data.map(({ name }: { name: string }) => name) : [status, body.details?.[0].field];
};
const filtered = (tree: unknown) => named(`?filter=${encodeURIComponent(JSON.stringify(tree))}`);
const leaf = (column: string, op: string, value: unknown) => ({ column, op, value });

test.each([
  { query: '', found: ['app', 'ci-bot', 'ci-gateway'] },
  { query: '?nameSearchQuery=ci', found: ['ci-bot', 'ci-gateway'] },
  { query: '?nameSearchQuery=%25', found: [] },
  { query: '?ownedByTeams=platform', found: ['ci-gateway'] },
  { query: '?ownedByTeams=platform,ml', found: ['ci-bot', 'ci-gateway'] },
  { query: '?ownedByTeams=platform&ownedByTeams=ml', found: ['ci-bot', 'ci-gateway'] },
  { query: '?ownedByTeams=no-such', found: [] },
  { query: '?ownedByTeams=%00&ownedByTeams=%F0%9F%98%80', found: [] },
  { query: `?ownedByTeams=${'x,'.repeat(100)}x`, found: [400, 'ownedByTeams'] },
  { query: '?isExpired=true', found: ['ci-bot'] },
  { query: '?isExpired=false', found: ['app', 'ci-gateway'] },
  { query: '?isExpired=false&ownedByTeams=platform,ml&nameSearchQuery=gate', found: ['ci-gateway'] },
  { query: '?limit=2', found: ['app', 'ci-bot'] },
  { query: '?limit=2&offset=2', found: ['ci-gateway'] },
  { query: '?offset=9', found: [] },
  { query: '?limit=1001', found: [400, 'limit'] },
  { query: '?isExpired=perhaps', found: [400, 'isExpired'] },
  { query: '?filter=nothing', found: [400, 'filter'] },
])('$query lists $found, newest first', async ({ query, found }) => {
  expect(await named(query)).toEqual(found);
});

test.each([
  { tree: { type: 'AND', children: [leaf('name', 'STRING_CONTAINS', 'ci')] }, found: ['ci-bot', 'ci-gateway'] },
  { tree: leaf('manifest.tags.cost', 'EQUAL', '42'), found: ['ci-gateway'] },
  { tree: leaf('manifest.tags.a.b', 'EQUAL', 'Ü'), found: ['app'] },
  { tree: leaf('manifest.tags.live', 'EQUAL', true), found: ['app'] },
  {
    tree: { type: 'json_map', key: 'cost', ...leaf('manifest.tags', 'IN', ['7', '42']) },
    found: ['ci-bot', 'ci-gateway'],
  },
  {
    tree: { type: 'OR', children: [leaf('name', 'EQUAL', 'app'), leaf('manifest.tags.cost', 'EQUAL', '7')] },
    found: ['app', 'ci-bot'],
  },
  { tree: leaf('manifest.name', 'EQUAL', 'app'), found: [400, 'filter'] },
  { tree: { type: 'json_map', ...leaf('manifest.tags', 'EQUAL', '7') }, found: [400, 'filter'] },
])('a filter $tree finds $found', async ({ tree, found }) => {
  expect(await filtered(tree)).toEqual(found);
});

test('a filter pages as a list does, and its total counts what it finds', async () => {
  const filter = encodeURIComponent(JSON.stringify(leaf('name', 'STRING_CONTAINS', 'ci')));
  const { body } = await admin.accounts(`?limit=1&offset=1&filter=${filter}`);
  expect({ names: body.data.map(({ name }: { name: string }) => name), pagination: body.pagination }).toEqual({
    ...{ names: ['ci-gateway'], pagination: { total: 2, offset: 1, limit: 1 } },
  });
});

test('our own list is found by name, team and date', async () => {
  const own = async (query: string) =>
    (await admin.ownAccounts(query)).body.data.map(({ name }: { name: string }) => name);
  expect([await own('?name=ci'), await own('?team=ml'), await own('?expired=false')]).toEqual([
    ['ci-bot', 'ci-gateway'],
    ['ci-bot'],
    ['app', 'ci-gateway'],
  ]);
});

test('whoever may see none sees none; whoever is in a team sees what it owns; another tenant’s are nowhere', async () => {
  expect(await named('', member)).toEqual([]);
  const teams = (await admin.list()).body.data;
  const { id } = teams.find((team: { teamName: string }) => team.teamName === 'ml');
  await admin.join(id, { subject: 'user:ada@example.com' });
  expect(await named('', member)).toEqual(['ci-bot']);
  const { person } = await secondTenant(world);
  const foreign = accounting(world, (await person('mallory', 'tenant-admin')).token);
  expect(await named('', foreign)).toEqual([]);
  expect(await foreign.put({ name: 'ci-gateway' })).toMatchObject({ status: 200, body: { token: expect.any(String) } });
  expect(await named('')).toHaveLength(3);
});
