import { beforeEach, describe, expect, test } from 'vitest';
import { ENTRANCES } from '#contract/entrances.ts';
import type { Operation } from '#contract/operation.ts';
import { OPERATION_IDS } from '#contract/operations.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { type Answer, JSON_TYPE, openWorld, type Sent, type World } from '#support/world.ts';
import { ENTRANCE_IDS, entryFor, requestFor } from '../authz/matrix.ts';
import { PATS } from './provoked.ts';
import { MANIFEST_FIELDS, NO_KEYS, required, row } from './rows.ts';

let world: World;
let token: Sensitive;
beforeEach(async () => {
  world = await openWorld();
  ({ token } = await world.person('admin', 'tenant-admin'));
});
const send = (sent: Sent): Promise<Answer> => world.send({ token, ...sent });

/** A good request may have a query of its own. */
const asking = (path: string, more: string) => `${path}${path.includes('?') ? '&' : '?'}${more}`;

describe('null is absent on the wire', () => {
  const nullable = OPERATION_IDS.filter((id) => row(id).surface === 'wire' && row(id).input.body);
  test.each(nullable)('%s takes null for whatever it can do without, and misses what it cannot', async (id) => {
    const { headers, body = '{}', ...sent } = requestFor(id);
    const must = required(row(id));
    const all = Object.keys(row(id).input.body?.shape ?? {});
    const kept = [...must, ...(MANIFEST_FIELDS[id] ?? [])];
    const optional = Object.fromEntries(all.filter((name) => !kept.includes(name)).map((name) => [name, null]));
    const without = await send({ ...sent, headers, body });
    const other = await openWorld();
    const { token: again } = await other.person('admin', 'tenant-admin');
    const nulls = JSON.stringify({ ...JSON.parse(body), ...optional });
    expect((await other.send({ ...sent, headers, body: nulls, token: again })).status).toBe(without.status);
    for (const name of must) {
      const { status, text } = await send({
        ...sent,
        headers,
        body: JSON.stringify({ ...JSON.parse(body), [name]: null }),
      });
      expect({ status, message: JSON.parse(text).message }).toEqual({
        status: 400,
        message: expect.stringMatching(new RegExp(`^${name} is missing; give an? (string|array|object)\\.$`)),
      });
    }
  });
});

describe('what a row does not name', () => {
  test.each(OPERATION_IDS.filter((id) => row(id).surface === 'wire'))('%s ignores, wherever it stands', async (id) => {
    const { headers: _, body = '{}', path, method } = requestFor(id);
    const status = (await send({ method, path, headers: JSON_TYPE, body })).status;
    const other = await openWorld();
    const { token: again } = await other.person('admin', 'tenant-admin');
    const more = JSON.stringify({ ...JSON.parse(body), workspaceFqn: 'x', limit: 0 });
    const answer = await other.send({
      method,
      path: asking(path, 'trace=1'),
      headers: JSON_TYPE,
      body: more,
      token: again,
    });
    expect(answer.status).toBe(status);
  });

  test.each(OPERATION_IDS.filter((id) => row(id).surface === 'own'))('%s refuses', async (id) => {
    const { path, ...sent } = requestFor(id);
    const { status, text } = await send({ ...sent, path: asking(path, 'limt=1') });
    expect({ status, ...JSON.parse(text) }).toEqual({
      ...{ status: 400, statusCode: 400, code: 'invalid_request', message: 'query unknown: limt.' },
      details: [{ field: 'query', problem: 'unknown: limt' }],
    });
  });

  test.each(ENTRANCE_IDS.filter((id) => 'body' in ENTRANCES[id]))('%s refuses', async (id) => {
    const { headers, body = '{}', ...sent } = entryFor(id, NO_KEYS);
    const browser = await world.browserOf(await world.user('bob', 'tenant-member'));
    const more = JSON.stringify({ ...JSON.parse(body), passwort: 'x' });
    const { status, text } = await send({ ...sent, headers: { ...headers, ...browser }, body: more });
    expect({ status, message: JSON.parse(text).message }).toEqual({ status: 400, message: 'body unknown: passwort.' });
  });
});

describe('a value is taken from its own place only', () => {
  test.each(OPERATION_IDS.filter((id) => row(id).input.body))('%s takes nothing of its body from a URL', async (id) => {
    const { body = '{}', path, ...sent } = requestFor(id);
    const query = new URLSearchParams(JSON.parse(body)).toString();
    const { status, text } = await send({ ...sent, path: `${path}?${query}`, body: '{}' });
    const fields = JSON.parse(text).details.map(({ field }: { field: string }) => field);
    const unknown = row(id).surface === 'own' ? ['query'] : [];
    expect({ status, fields }).toEqual({
      status: 400,
      fields: [...unknown, ...required(row(id)), ...(MANIFEST_FIELDS[id] ?? [])],
    });
  });

  test.each(ENTRANCE_IDS.filter((id) => required(entranceAsRow(id)).length > 0))(
    '%s takes no key from a URL, where logs would keep it',
    async (id) => {
      const { body: _, path, ...sent } = entryFor(id, NO_KEYS);
      const { status, text } = await send({
        ...sent,
        path: `${path}?email=a@b&password=hunter2hunter2&code=x`,
        body: '{}',
      });
      expect(status).toBe(400);
      expect(text).not.toContain('hunter2');
    },
  );

  test('an id in a query or a body does not stand for the one in the path', async () => {
    await world.person('bob', 'tenant-member');
    const [{ id } = { id: '' }] = JSON.parse((await send({ method: 'GET', path: PATS })).text).data;
    const path = `${PATS}/a00000000000000000000000?id=${id}`;
    expect((await send({ method: 'DELETE', path, headers: JSON_TYPE, body: JSON.stringify({ id }) })).status).toBe(404);
    expect(await world.standing(token)).toBe('ok');
  });
});

function entranceAsRow(id: (typeof ENTRANCE_IDS)[number]): Operation {
  const entrance = ENTRANCES[id];
  return { input: 'body' in entrance ? { body: entrance.body } : {} } as unknown as Operation;
}

test('optional fields are left out of answers, never null', async () => {
  const { text } = await send({ method: 'GET', path: PATS });
  expect(text).not.toContain('null');
  expect((await send({ method: 'GET', path: '/api/svc/v1/session' })).text).not.toContain('null');
});
