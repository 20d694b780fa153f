import { beforeEach, expect, test } from 'vitest';
import { openWorld, type World } from '#support/world.ts';
import { secondTenant } from '../../authz/second-tenant.ts';
import { asking } from '../asked.ts';

const ABSENT = {
  status: 404,
  body: {
    ...{ statusCode: 404, code: 'not_found' },
    message: 'Token ID not found. List tokens first to find the correct ID.',
  },
};

let world: World;
let alice: ReturnType<typeof asking>;
beforeEach(async () => {
  world = await openWorld();
  alice = asking(world, (await world.person('alice', 'tenant-member')).token);
});

test('one is shown as the list shows it, live or revoked', async () => {
  const { token } = (await alice.ownCreate({ name: 'deploy' })).body;
  expect((await alice.ownGet(token.id)).body).toEqual({ token });
  const [row] = (await alice.ownList('?name=deploy')).body.data;
  expect(row).toEqual(token);
  await alice.ownRevoke(token.id, { reason: 'unused' });
  const [revoked] = (await alice.ownList('?name=deploy')).body.data;
  expect((await alice.ownGet(token.id)).body).toEqual({ token: revoked });
});

test('another’s, another tenant’s, and an id that no token can have are as absent as none, by every operation', async () => {
  const root = asking(world, (await world.person('root', 'tenant-admin')).token);
  const { person } = await secondTenant(world);
  const foreign = asking(world, (await person('root', 'tenant-admin')).token);
  const { token } = (await alice.ownCreate({ name: 'deploy' })).body;
  const impossible = ['a00000000000000000000000', 'x', '%2E%2E', token.id.toUpperCase(), `${token.id}%20`, '__proto__'];
  for (const id of [token.id, ...impossible]) {
    for (const other of [root, foreign, ...(id === token.id ? [] : [alice])]) {
      expect(await other.ownGet(id)).toEqual(ABSENT);
      expect(await other.ownRename(id, 'mine-now')).toEqual(ABSENT);
      expect(await other.ownRevoke(id)).toEqual(ABSENT);
    }
  }
  expect((await alice.ownGet(token.id)).body).toEqual({ token });
});

test.each(['/', '/.', '/%2F', '?id=x', '/value', '/token'])('%s after an id opens nothing', async (rest) => {
  const { token } = (await alice.ownCreate({ name: 'deploy' })).body;
  expect((await alice.ownGet(`${token.id}${rest}`)).status).toBeGreaterThanOrEqual(400);
});

test('an id that is escaped is the same id, decoded once', async () => {
  const { token } = (await alice.ownCreate({ name: 'deploy' })).body;
  const escaped = `%${token.id.charCodeAt(0).toString(16)}${token.id.slice(1)}`;
  expect((await alice.ownGet(escaped)).body).toEqual({ token });
  expect(await alice.ownGet(`%25${escaped.slice(1)}`)).toEqual(ABSENT);
});
