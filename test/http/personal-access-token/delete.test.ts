import { beforeEach, expect, test } from 'vitest';
import { openWorld, type World } from '#support/world.ts';
import { asking, rowNamed, statusOf } from '../asked.ts';

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

test('all its values are refused with the very next request, and it is listed no more', async () => {
  const values = [(await alice.create({ name: 'deploy' })).body.token, (await alice.getOrCreate('deploy')).body.token];
  const standing = () => Promise.all(values.map((value) => statusOf(world, value)));
  expect(await standing()).toEqual([200, 200]);
  expect(await alice.remove((await rowNamed(alice.list, 'deploy')).id)).toEqual({ status: 200, body: {} });
  expect(await standing()).toEqual([401, 401]);
  expect(await rowNamed(alice.list, 'deploy')).toBeUndefined();
});

test('whoever did not hear the answer asks again, and is told the same', async () => {
  await alice.create({ name: 'deploy' });
  const { id } = await rowNamed(alice.list, 'deploy');
  expect([await alice.remove(id), await alice.remove(id)]).toEqual([
    { status: 200, body: {} },
    { status: 200, body: {} },
  ]);
});

test('another’s, an absent one and what can be none are the same, and the other’s stays good', async () => {
  const bob = await world.person('bob', 'tenant-member');
  const { id } = await rowNamed(asking(world, bob.token).list, 'first');
  for (const one of [id, 'a00000000000000000000000', 'unknown', 'first', '..']) {
    expect(await alice.remove(one)).toEqual(ABSENT);
  }
  expect(await world.standing(bob.token)).toBe('ok');
});

test('an admin deletes no token of another by its id', async () => {
  const admin = asking(world, (await world.person('admin', 'tenant-admin')).token);
  expect(await admin.remove((await rowNamed(alice.list, 'first')).id)).toEqual(ABSENT);
});

test('one can delete the token one asks with, and an expired one', async () => {
  await alice.create({ name: 'old', expirationDate: '2026-01-15T10:00:01Z' });
  world.clock.advance(1_000);
  expect((await alice.remove((await rowNamed(alice.list, 'old')).id)).status).toBe(200);
  expect((await alice.remove((await rowNamed(alice.list, 'first')).id)).status).toBe(200);
  expect((await alice.list()).status).toBe(401);
});

test('20 deletes at once are one end', async () => {
  await alice.create({ name: 'deploy' });
  const { id } = await rowNamed(alice.list, 'deploy');
  const answers = await Promise.all(Array.from({ length: 20 }, () => alice.remove(id)));
  expect(answers).toEqual(answers.map(() => ({ status: 200, body: {} })));
});
