import { beforeEach, expect, test } from 'vitest';
import { parseEmail } from '#domain/principal.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { JSON_TYPE } from '#support/world.ts';
import { type TwoTenants, twoTenants } from './two-tenants.ts';

const API = '/api/svc/v1';

let world: TwoTenants;
/** Of an administrator in each. */
let tokens: { readonly default: Sensitive; readonly acme: Sensitive };
beforeEach(async () => {
  world = await twoTenants();
  const root = await world.person('root', 'tenant-admin');
  tokens = { default: root.token, acme: await world.tokenOfAcme() };
});
type Of = keyof typeof tokens;

const ask = async (of: Of, method: string, path: string, body?: object) => {
  const sent = body === undefined ? {} : { headers: JSON_TYPE, body: JSON.stringify(body) };
  const { status, text } = await world.send({ method, path: API + path, token: tokens[of], ...sent });
  return { status, body: JSON.parse(text) };
};

test('lists of one tenant name nobody and nothing of another', async () => {
  for (const email of ['bob@example.com', 'carol@example.com'])
    expect((await ask('acme', 'POST', '/users/register', { email })).status).toBe(200);
  const listed = async (of: Of, path: string) => JSON.stringify((await ask(of, 'GET', path)).body.data);
  for (const path of ['/users', '/personal-access-tokens', '/teams']) {
    const [home, acme] = [await listed('default', path), await listed('acme', path)];
    expect(home).not.toMatch(new RegExp(`acme|bob|carol|${world.acme.id}|${world.ids.acme}`));
    expect(acme).not.toMatch(new RegExp(`default|root|${world.tenant.id}|${world.ids.default}`));
  }
});

test('an e-mail address, and the name of a token, can be had in each', async () => {
  for (const of of ['default', 'acme'] as const) {
    expect((await ask(of, 'POST', '/users/register', { email: 'bob@example.com' })).status).toBe(200);
    expect((await ask(of, 'POST', '/personal-access-tokens', { name: 'deploy' })).status).toBe(200);
  }
  const people = await world.rows('select tenant from principal where name = ? order by tenant', 'bob@example.com');
  expect(new Set(people.map(({ tenant }) => tenant))).toEqual(new Set([world.tenant.id, world.acme.id]));
});

test('an id of another tenant is one of nobody: the same bytes, and nothing happens', async () => {
  const absent = 'a'.repeat(24);
  const bob = await world.user('bob', 'tenant-member');
  const before = await world.rows('select * from principal order by id');
  for (const [method, path] of [
    ['GET', '/users/ID'],
    ['DELETE', '/users/ID'],
    ['GET', '/users/ID/teams'],
    ['GET', '/users/ID/permissions'],
    ['DELETE', '/personal-access-tokens/ID'],
  ] as const) {
    const told = (id: string) => ask('acme', method, path.replace('ID', id));
    const [foreign, nobody] = [await told(bob.principal.id), await told(absent)];
    expect({ method, path, ...foreign }).toEqual({ method, path, ...nobody });
    expect(foreign.status).toBeGreaterThanOrEqual(400);
  }
  expect(await world.rows('select * from principal order by id')).toEqual(before);
});

test('nobody is found by an e-mail address that somebody else has in another tenant', async () => {
  await world.user('bob', 'tenant-member');
  const email = parseEmail('bob@example.com');
  expect(
    (await ask('acme', 'POST', '/users/invite', { email, acceptInviteClientUrl: 'https://x.example' })).status,
  ).toBe(404);
  expect((await ask('acme', 'PATCH', '/users/deactivate', { email })).status).toBe(404);
});
