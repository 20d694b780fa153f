import { beforeEach, describe, expect, test } from 'vitest';
import { inviteUser } from '#app/user/invite.ts';
import { registerUser } from '#app/user/register.ts';
import { parseEmail } from '#domain/principal.ts';
import { openWorld } from '#support/world.ts';
import { FROM_HERE } from '../provoked.ts';
import { ACME, AT_ACME, PASSWORDS, type TwoTenants, twoTenants } from './two-tenants.ts';

let world: TwoTenants;
beforeEach(async () => {
  world = await twoTenants();
});

const get = async (path: string, headers: Readonly<Record<string, string>> = {}) => {
  const { status, text } = await world.send({ method: 'GET', path, headers });
  return { status, body: JSON.parse(text) };
};
const MISDIRECTED = {
  ...{ statusCode: 421, code: 'misdirected' },
  message: expect.stringMatching(
    /^No tenant of this server has this address\. .*countersign tenants origin NAME URL\.$/,
  ),
};

/** All that answers for a tenant without a credential, and what it says of acme. */
const ADDRESSED: readonly (readonly [string, object])[] = [
  ['/api/svc/v1/tenant-id', { tenantName: 'acme', tenant_name: 'acme', auth_server_url: ACME }],
  ['/api/env', { TENANT_NAME: 'acme' }],
  ['/api/svc/v1/fe-env', { TENANT_NAME: 'acme' }],
  ['/api/openapi.json', { servers: [{ url: ACME }] }],
];

test.each(ADDRESSED)('%s answers for the tenant whose address was asked at', async (path, told) => {
  for (const host of ['acme.example', 'ACME.example:443']) {
    expect(await get(path, { host })).toMatchObject({ status: 200, body: told });
  }
  const home = await get(path);
  expect(home.status).toBe(200);
  expect(JSON.stringify(home.body)).not.toMatch(/acme/);
});

test('a server on loopback is reached there under any port, but for one that is another tenant’s', async () => {
  const asked = async (host: string) => (await get('/api/env', { host })).status;
  expect([await asked('127.0.0.1'), await asked('localhost:9'), await asked('[::1]:65535')]).toEqual([200, 200, 200]);
  expect(await asked('127.0.0.1.evil.example')).toBe(421);
});

test.each(ADDRESSED)('%s is answered with 421 at an address that is nobody’s', async (path) => {
  for (const host of ['evil.example', 'x.acme.example', 'acme.example:8443', 'acme.example, x', 'a b', '10.0.0.1']) {
    expect({ host, ...(await get(path, { host })) }).toEqual({ host, status: 421, body: MISDIRECTED });
  }
});

test('the tenant of another address is told to whoever names that one, wherever they ask', async () => {
  const named = (hostName: string, headers = {}) =>
    get(`/api/svc/v1/tenant-id?hostName=${encodeURIComponent(hostName)}`, headers);
  const acme = { status: 200, body: { tenantName: 'acme', auth_server_url: ACME } };
  for (const asked of ['acme.example', ACME, `${ACME}/`]) expect(await named(asked)).toMatchObject(acme);
  expect(await named(new URL(world.origin).host, AT_ACME)).toMatchObject({ body: { tenantName: 'default' } });
  expect(await named('evil.example', AT_ACME)).toEqual({ status: 421, body: MISDIRECTED });
  expect(await named('acme.example', { host: 'evil.example' })).toMatchObject(acme);
});

test('what is of no tenant is answered everywhere', async () => {
  const host = 'evil.example';
  for (const path of ['/health', '/', '/set-up', '/api/svc/v1/health', '/api/svc/v1/min-cli-version']) {
    expect((await world.send({ method: 'GET', path, headers: { host } })).status).toBe(200);
  }
});

test('a device login names the address that it was asked at', async () => {
  const sent = { method: 'POST', path: '/api/svc/v1/oauth2/device-authorize', body: '{}' };
  const headers = { 'content-type': 'application/json' };
  const there = await world.send({ ...sent, headers: { ...headers, ...AT_ACME } });
  expect([there.status, JSON.parse(there.text).message]).toEqual([422, expect.stringContaining(`at ${ACME},`)]);
  expect((await world.send({ ...sent, headers: { ...headers, host: 'evil.example' } })).status).toBe(421);
});

test('people of one e-mail address in two tenants are two: each signs in at their own address alone', async () => {
  const { signIn, whoami, ids } = world;
  const [home, acme] = [await signIn(PASSWORDS.default), await signIn(PASSWORDS.acme, AT_ACME)];
  expect([home.status, acme.status]).toEqual([200, 200]);
  expect(await whoami(home.cookie)).toMatchObject({ tenant: { name: 'default' }, principal: { id: ids.default } });
  expect(await whoami(acme.cookie, AT_ACME)).toMatchObject({ tenant: { name: 'acme' }, principal: { id: ids.acme } });
  expect((await signIn(PASSWORDS.acme)).status).toBe(401);
  expect((await signIn(PASSWORDS.default, AT_ACME)).status).toBe(401);
  const nowhere = await signIn(PASSWORDS.default, { host: 'evil.example' });
  expect([nowhere.status, JSON.parse(nowhere.text)]).toEqual([421, MISDIRECTED]);
});

test('guesses at somebody count against nobody of their e-mail address in another tenant', async () => {
  for (let at = 0; at < 10; at++) await world.signIn('wrong, and again', AT_ACME);
  expect((await world.signIn(PASSWORDS.acme, AT_ACME)).status).toBe(429);
  expect((await world.signIn(PASSWORDS.default)).status).toBe(200);
});

test('an invitation is accepted at its tenant’s address alone', async () => {
  const { deps, tenant } = world;
  const admin = await world.user('root', 'tenant-admin');
  const bob = parseEmail('bob@example.com');
  await registerUser(deps, admin, { email: bob, skipIfExists: false, dryRun: false });
  const code = await inviteUser(deps, { ...admin, tenant }, bob);
  const accept = (headers: object) =>
    world.send({
      ...{ method: 'POST', path: '/auth/accept-invitation', headers: { ...FROM_HERE, ...headers } },
      body: JSON.stringify({ code: code.reveal(), password: 'a long new password' }),
    });
  expect([(await accept(AT_ACME)).status, (await accept({ host: 'evil.example' })).status]).toEqual([404, 421]);
  expect((await accept({})).status).toBe(200);
});

describe('with a credential, its tenant alone decides', () => {
  test('whatever the host is called', async () => {
    const acme = await world.signIn(PASSWORDS.acme, AT_ACME);
    for (const host of ['evil.example', 'a b', new URL(world.origin).host]) {
      expect(await world.whoami(acme.cookie, { host })).toMatchObject({ status: 200, tenant: { name: 'acme' } });
    }
  });

  test('links begin with the address of the tenant that they are for, wherever they are asked for', async () => {
    const acme = await world.signIn(PASSWORDS.acme, AT_ACME);
    const post = (path: string, body: object) =>
      world.send({
        ...{ method: 'POST', path, body: JSON.stringify(body) },
        headers: { ...FROM_HERE, cookie: acme.cookie },
      });
    expect((await post('/api/svc/v1/users/register', { email: 'bob@example.com' })).status).toBe(200);
    const { text } = await post('/api/svc/v1/users/invite', {
      ...{ email: 'bob@example.com', acceptInviteClientUrl: 'https://x.example' },
    });
    expect(JSON.parse(text).link).toMatch(/^https:\/\/acme\.example\/invitation#/);
  });
});

describe('behind a proxy', () => {
  const asked = async (trusted: readonly string[], header: 'x-forwarded-for' | 'forwarded', forwarded: string) => {
    const { send, origin } = await openWorld({ proxies: { trusted, header } });
    const named = forwarded.replace('HERE', new URL(origin).host);
    const headers = { host: 'inside.example', 'x-forwarded-host': named };
    return (await send({ method: 'GET', path: '/api/svc/v1/tenant-id', headers })).status;
  };

  test('that puts a host of its own in place, what it forwards counts, and of several the last', async () => {
    expect(await asked(['127.0.0.0/8'], 'x-forwarded-for', 'HERE')).toBe(200);
    expect(await asked(['127.0.0.0/8'], 'x-forwarded-for', 'evil.example, HERE')).toBe(200);
    expect(await asked(['127.0.0.0/8'], 'x-forwarded-for', 'HERE, evil.example')).toBe(421);
  });

  test('nobody else is believed', async () => {
    expect(await asked([], 'x-forwarded-for', 'HERE')).toBe(421);
    expect(await asked(['10.0.0.0/8'], 'x-forwarded-for', 'HERE')).toBe(421);
  });

  test('that speaks the other header, this one is a client’s own', async () => {
    expect(await asked(['127.0.0.0/8'], 'forwarded', 'HERE')).toBe(421);
  });
});
