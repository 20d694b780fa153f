import { beforeEach, describe, expect, test } from 'vitest';
import { newId } from '#app/new-id.ts';
import { METHODS } from '#contract/entrances.ts';
import { PERMISSIONS } from '#domain/permission.ts';
import { newUser, parseEmail } from '#domain/principal.ts';
import { Sensitive } from '#domain/sensitive.ts';
import { flushed } from '#support/flushed.ts';
import { type Answer, openWorld, type World } from '#support/world.ts';
import { formOf } from '../../authz/matrix.ts';
import { secondTenant } from '../../authz/second-tenant.ts';
import { give, roleOf } from '../../authz/things.ts';
import { asking, saidIn } from '../asked.ts';
import { accountOf, basic, INTROSPECT } from './presenting.ts';

const PATH = '/auth/forward-auth';

let world: World;
let alice: Awaited<ReturnType<World['person']>>;
beforeEach(async () => {
  world = await openWorld();
  alice = await world.person('alice', 'tenant-member');
});

const get = (path = PATH, token: Sensitive | undefined = alice.token, headers = {}): Promise<Answer> =>
  world.send({ method: 'GET', path, token, headers });
const NAMES = ['x-forwarded-user', 'x-forwarded-email', 'x-tenant-name', 'x-auth-subject-type', 'x-auth-subject-id'];
const told = ({ headers }: Answer) => Object.fromEntries(NAMES.map((name) => [name, headers[name]]));
const ofAlice = () => ({
  ...{ 'x-forwarded-user': 'alice@example.com', 'x-forwarded-email': 'alice@example.com', 'x-tenant-name': 'default' },
  ...{ 'x-auth-subject-type': 'user', 'x-auth-subject-id': alice.caller.principal.id },
});

describe('whoever has a good token', () => {
  test('passes, and the gateway is told who they are; no cache keeps it', async () => {
    const answer = await get();
    expect([answer.status, answer.text, answer.headers['cache-control']]).toEqual([200, '{}', 'no-store']);
    expect(told(answer)).toEqual(ofAlice());
  });

  test.each(METHODS)('passes by %s, with and without a body, of whatever type, and below as above', async (method) => {
    const bodies = [undefined, '', 'x', '{"broken":', '\0'.repeat(100_000)];
    for (const path of [PATH, `${PATH}/`, `${PATH}/app/one?require=x&y=%41`, `${PATH}/%E4%BD%A0/..`]) {
      for (const body of method === 'GET' ? [undefined] : bodies) {
        const headers = body === undefined ? {} : { 'content-type': 'text/x-anything' };
        const answer = await world.send({ method, path, token: alice.token, headers, body });
        expect([method, path, answer.status]).toEqual([method, path, 200]);
        expect(told(answer)).toEqual(ofAlice());
      }
    }
  });

  test('as nginx, Traefik and Envoy ask', async () => {
    const nginx = { 'x-original-uri': '/app?a=b', 'x-forwarded-user': 'root@example.com', 'content-length': '0' };
    const traefik = {
      ...{ 'x-forwarded-method': 'POST', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'app.example.com' },
      ...{ 'x-forwarded-uri': '/app?a=b', 'x-forwarded-for': '203.0.113.9', 'content-type': 'application/json' },
    };
    const envoy = { host: 'app.example.com', 'content-length': '0', 'x-envoy-internal': 'true' };
    for (const headers of [nginx, traefik]) expect(told(await get(PATH, alice.token, headers))).toEqual(ofAlice());
    for (const method of METHODS) {
      const asked = { method, path: `${PATH}/app/tenant-admin?a=b`, token: alice.token, headers: envoy };
      expect(told(await world.send(asked))).toEqual(ofAlice());
    }
  });

  test('of a virtual account is told of without an address, and so that none of a client’s own is left', async () => {
    const { id, value } = await accountOf(world, 'robot');
    expect(told(await get(PATH, value))).toEqual({
      ...{ 'x-forwarded-user': 'robot', 'x-forwarded-email': '', 'x-tenant-name': 'default' },
      ...{ 'x-auth-subject-type': 'virtualaccount', 'x-auth-subject-id': id },
    });
  });

  test('is known to have used it there, from where the gateway is believed to say', async () => {
    await get();
    await flushed(world.deps);
    const { data } = (await asking(world, alice.token).ownList()).body;
    expect(data[0]).toMatchObject({ lastUsed: { surface: 'forward-auth', address: '127.0.0.1' } });
  });

  test('is told of in characters that neither end nor divide a header, two names never as one', async () => {
    const names = [
      'müller@example.com',
      'a%b@example.com',
      'a,b@example.com',
      'm%c3%bcller@example.com',
      '你@例.example',
    ];
    const said: unknown[] = [];
    for (const name of names) {
      const person = newUser(newId(world.deps), parseEmail(name), world.clock.now());
      await world.deps.store.transact((tx) => tx.principals.insert(world.tenant.id, person));
      const member = await world.user(`as-${said.length}`, 'tenant-member');
      const token = await world.pat({ ...member, principal: person }, 'first');
      const answer = await get(PATH, token);
      expect(answer.headers['x-forwarded-email']).toBe(answer.headers['x-forwarded-user']);
      said.push(answer.headers['x-forwarded-user']);
    }
    expect(said).toEqual([
      ...['m%C3%BCller@example.com', 'a%25b@example.com', 'a%2Cb@example.com', 'm%25c3%25bcller@example.com'],
      '%E4%BD%A0@%E4%BE%8B.example',
    ]);
    expect(said.map((text) => decodeURIComponent(String(text)))).toEqual(names);
  });
});

describe('whoever has none', () => {
  test.each<[string, Record<string, string>]>([
    ['sends nothing', {}],
    ['sends a token that was never issued', { authorization: 'Bearer tfy_pat_no' }],
    ['sends it as HTTP Basic', basic('x', 'tfy_pat_no')],
    ['sends it as a key of another name', { 'x-api-key': 'tfy_pat_no' }],
  ])('%s: 401 with the challenge, and nothing of anybody', async (_, headers) => {
    const answer = await world.send({ method: 'GET', path: PATH, headers });
    const presented = 'authorization' in headers && headers.authorization.startsWith('Bearer');
    expect([answer.status, answer.headers['www-authenticate'], answer.headers['cache-control']]).toEqual([
      ...[401, presented ? 'Bearer error="invalid_token"' : 'Bearer', 'no-store'],
    ]);
    expect(Object.values(told(answer))).toEqual(NAMES.map(() => undefined));
  });

  test('a session is none: its browser did not choose to send it', async () => {
    const headers = await world.browserOf(alice.caller);
    expect((await world.send({ method: 'GET', path: PATH, headers })).status).toBe(401);
  });

  test('neither HEAD nor OPTIONS is served', async () => {
    for (const method of ['HEAD', 'OPTIONS']) {
      for (const path of [PATH, `${PATH}/x`, `${PATH}/tenant-admin`]) {
        const { status, headers } = await world.send({ method, path, token: alice.token });
        expect([status, headers.allow]).toEqual([405, 'DELETE, GET, PATCH, POST, PUT']);
      }
    }
  });
});

describe('what is required besides', () => {
  const asked = async (query: string, headers = {}) => {
    const { status, body } = saidIn(await get(`${PATH}${query}`, alice.token, headers));
    return [status, body.message];
  };

  test('a permission that the caller holds lets them pass, one that they lack is a denial on the record', async () => {
    expect(await asked('?require=user:ListUsers')).toEqual([200, undefined]);
    expect(await asked('?require=user%3AListUsers&require=role:ListRoles')).toEqual([200, undefined]);
    expect(await asked('?require=metrics:Read')).toEqual([403, 'This needs metrics:Read.']);
    expect((await world.audit()).at(-1)).toMatchObject({
      ...{ action: 'metrics:Read', resource: `tenant/${world.tenant.id}`, decision: 'denied' },
      surface: 'forward-auth',
    });
    expect(await asked('?require=user:ListUsers&require=metrics:Read')).toEqual([403, 'This needs metrics:Read.']);
  });

  test('by a header, for a gateway that cannot say it in the URL; both count, and a client can only demand more', async () => {
    const header = (permission: string) => ({ 'x-auth-require': permission });
    expect(await asked('', header('user:ListUsers'))).toEqual([200, undefined]);
    expect(await asked('/any/path?require=metrics:Read', header('user:ListUsers'))).toEqual([200, undefined]);
    expect(await asked('/any/path', header('metrics:Read'))).toEqual([403, 'This needs metrics:Read.']);
    expect(await asked('?require=metrics:Read', header('user:ListUsers'))).toEqual([403, 'This needs metrics:Read.']);
  });

  test('a tenant, where there are several: whoever is of another is as unknown as nobody', async () => {
    const { token: theirs } = await (await secondTenant(world)).person('bob', 'tenant-admin');
    const nobody = await get(PATH, new Sensitive('tfy_pat_no'));
    const comparable = ({ status, text, headers }: Answer) => [status, text, headers['www-authenticate']];
    for (const [query, headers] of [
      ['?tenant=default', {}],
      ['/app', { 'x-auth-require-tenant': 'default' }],
    ] as const) {
      expect((await get(`${PATH}${query}`, alice.token, headers)).status).toBe(200);
      expect(comparable(await get(`${PATH}${query}`, theirs, headers))).toEqual(comparable(nobody));
    }
    expect((await get(PATH, theirs)).headers['x-tenant-name']).toBe('other');
    expect((await get(`${PATH}?tenant=default&tenant=other`)).status).toBe(401);
  });

  test('what is no permission, and what nobody knows, is a mistake of whoever set the gateway up', async () => {
    const message = 'require names a permission, as GET /role/actions lists them.';
    for (const bad of ['?require=', '?require=user:listUsers', '?require=session:End'])
      expect(await asked(bad)).toEqual([400, message]);
    expect(await asked('', { 'x-auth-require': 'user:ListUsers, role:ListRoles' })).toEqual([400, message]);
    expect(await asked('?requires=user:ListUsers')).toEqual([
      400,
      'Nothing but require and tenant is taken from the query.',
    ]);
    expect((await asked('?require=%zz'))[0]).toBe(400);
  });

  test('everything in the tenant, where an administrator is asked for', async () => {
    const admin = await world.person('root', 'tenant-admin');
    const path = `${PATH}/tenant-admin`;
    expect((await get(path, admin.token)).status).toBe(200);
    for (const below of ['', '/', '/app', '/app/%2e%2e/x', '//'])
      expect([below, (await get(path + below)).status]).toEqual([below, 403]); // as Envoy asks: nothing below it demands less
    expect((await get(`${path}/app?require=x`, admin.token)).status).toBe(200);
    const almost = await world.user('almost', 'tenant-member');
    const all = PERMISSIONS.filter((one) => one !== 'metrics:Read');
    await give(world, almost, await roleOf(world, almost, 'almost', all));
    const token = await world.pat(almost, 'first');
    expect(saidIn(await get(path, token)).body.message).toBe('This needs metrics:Read.');
  });
});

test('what one token may ask is bounded as anywhere, here and by introspection', async () => {
  const none = { perAddressMax: 0, perPrincipalMax: 0, perTenantMax: 0 };
  const limited = await openWorld({ requests: { ...none, perTokenMax: 2 } });
  const { token } = await limited.person('root', 'tenant-admin');
  const asks: Record<string, () => Promise<Answer>> = {
    forward: () => limited.send({ method: 'POST', path: `${PATH}/app`, token, body: 'x' }),
    introspect: () => limited.send({ method: 'POST', path: INTROSPECT, token, ...formOf({ token: 'x' }) }),
  };
  for (const ask of Object.values(asks)) {
    expect([(await ask()).status, (await ask()).status, (await ask()).status]).toEqual([200, 200, 429]);
    limited.clock.advance(10_000);
  }
});

test('a revoke is heard at once, and an outage is 503 and no bad credential (I8)', async () => {
  const spare = await world.pat(alice.caller, 'spare');
  expect((await get(PATH, spare)).status).toBe(200);
  await asking(world, alice.token).revokeAll('x@example.com');
  const { data } = (await asking(world, alice.token).list()).body;
  await asking(world, alice.token).remove(data.find(({ name }: { name: string }) => name === 'spare').id);
  expect((await get(PATH, spare)).status).toBe(401);
  const other = await world.pat(alice.caller, 'other');
  await world.deps.store.close();
  const answer = await get(PATH, other);
  expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1']);
});
