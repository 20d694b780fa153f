import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { ENTRANCES } from '#contract/entrances.ts';
import { OPERATION_IDS } from '#contract/operations.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { type Answer, openWorld, type Sent, type World } from '#support/world.ts';
import { ENTRANCE_IDS } from '../authz/matrix.ts';
import { FROM_HERE, PATS, post } from './provoked.ts';
import { row } from './rows.ts';

let world: World;
let token: Sensitive;
beforeEach(async () => {
  world = await openWorld();
  ({ token } = await world.person('admin', 'tenant-admin'));
});
const send = (sent: Sent): Promise<Answer> => world.send({ token, ...sent });

describe('there is no second door', () => {
  const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND'];
  const TAKEN = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
  const entrances = ENTRANCE_IDS.map((id) => ENTRANCES[id]).flatMap((one) =>
    ('anyMethod' in one ? TAKEN : [one.method]).map((method) => ({ method, path: one.path })),
  );
  const rows = [...OPERATION_IDS.map((id) => row(id)), ...entrances];
  const served = Map.groupBy(rows, ({ path }) => path.replace(/\{\w+\}/, 'any-name'));

  test('by another method on a known path, which says what it takes: not even a body is read', async () => {
    const before = await world.rows('select count(*) as n from audit_entry');
    for (const [path, there] of served) {
      const methods = there.map(({ method }) => method as string).sort();
      for (const method of METHODS.filter((one) => !methods.includes(one))) {
        const body = method === 'HEAD' ? undefined : '{';
        const sent = { method, path, headers: { ...FROM_HERE, 'content-type': 'x' }, body, token: undefined };
        const { status, headers, text } = await send(sent);
        const allow = methods.join(', ');
        expect({ method, path, status, allow: headers.allow }).toEqual({ method, path, status: 405, allow });
        if (method !== 'HEAD')
          expect(JSON.parse(text).message).toBe(`There is no ${method} at this path. It takes ${allow}.`);
      }
    }
    expect(await world.rows('select count(*) as n from audit_entry')).toEqual(before);
  });

  test.each(['QUERY', 'PROPFIND', 'TRACE', 'M-SEARCH'])(
    'a %s is a 405 where something is, however its path is spelled, and a 404 where nothing is',
    async (method) => {
      const asked = ['/api/v1/%77hoami', '/api/v1/whoami?x=%zz', `${PATS}/%ff`, `${PATS}/%`, '/nowhere', '/%zz'];
      const said = [];
      for (const path of asked) said.push(`${path} ${(await send({ method, path })).status}`);
      expect(said).toEqual(asked.map((path, at) => `${path} ${[405, 405, 400, 400, 404, 400][at]}`));
    },
  );

  test('no method on no path whatsoever is our fault', async () => {
    const part = fc.oneof(
      fc.constantFrom('api', 'v1', 'svc', 'whoami', '', '%', '%2f', '%ff', '%00', '..'),
      fc.string(),
    );
    const path = fc.array(part, { maxLength: 6 }).map((parts) => `/${parts.join('/')}`.replace(/[^!-~]/g, ''));
    const method = fc.constantFrom(...METHODS, 'QUERY', 'M-SEARCH');
    await fc.assert(
      fc.asyncProperty(method, path, async (method, path) => {
        expect((await world.send({ method, path })).status).toBeLessThan(500);
      }),
    );
    expect(world.reported).toEqual([]);
  });

  test('a fragment, which no client sends, ends a path as a query does', async () => {
    for (const path of ['/#/%ff', '/#', '/api/v1/whoami#%ff?x=%zz']) {
      expect((await send({ method: 'POST', path })).status).toBe(405);
    }
    expect(world.reported).toEqual([]);
  });

  test('by another spelling of a path', async () => {
    const paths = ['/nowhere', '/api/svc/v1', '/api/svc/v1/', '//health', '/Health', '/health/', '/api/v1/whoami/x'];
    for (const path of paths) {
      for (const sent of [{ method: 'GET', path }, post(path, {}), { ...post(path, {}), headers: {}, body: '{' }]) {
        const { status, text } = await send(sent);
        expect({ path, status, code: JSON.parse(text).code }).toEqual({ path, status: 404, code: 'not_found' });
      }
    }
  });
});

test('a HEAD of what would reveal neither reveals nor writes', async () => {
  expect((await send({ method: 'HEAD', path: `${PATS}/some-name` })).status).toBe(405);
  expect(await world.rows(`select name from personal_access_token where name = 'some-name'`)).toEqual([]);
});

test('a token goes before a cookie, which browsers send by themselves', async () => {
  const browser = await world.browserOf(await world.user('bob', 'tenant-member'));
  const whoami = { method: 'GET', path: '/api/v1/whoami', headers: browser };
  expect(JSON.parse((await world.send(whoami)).text).credential.kind).toBe('session');
  expect(JSON.parse((await send(whoami)).text).credential.kind).toBe('token');
  const bad = { ...browser, authorization: 'Bearer tfy_pat_no' };
  expect((await world.send({ ...whoami, headers: bad })).status).toBe(401);
});

test('a dry look at a user is asked of the very same door', async () => {
  const body = { email: 'new@example.com', dryRun: true };
  const { token: member } = await world.person('bob', 'tenant-member');
  expect((await send(post('/api/svc/v1/users/register', body))).status).toBe(200);
  expect((await world.send({ ...post('/api/svc/v1/users/register', body), token: member })).status).toBe(403);
});
