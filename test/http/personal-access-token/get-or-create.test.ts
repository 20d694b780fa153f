import { beforeEach, expect, test } from 'vitest';
import { LIVE_GENERATIONS_MAX } from '#domain/token.ts';
import { openWorld, type World } from '#support/world.ts';
import { asking, rowNamed, statusOf } from '../asked.ts';

let world: World;
let alice: ReturnType<typeof asking>;
beforeEach(async () => {
  world = await openWorld();
  alice = asking(world, (await world.person('alice', 'tenant-member')).token);
});

test('the first time it is made, later it is the same one with a new value, and older values stay good', async () => {
  const [first, second] = [await alice.getOrCreate('deploy'), await alice.getOrCreate('deploy')];
  expect([first.status, first.body.created, second.status, second.body.created]).toEqual([200, true, 200, false]);
  expect(second.body.data.id).toBe(first.body.data.id);
  expect(second.body.token).not.toBe(first.body.token);
  expect([await statusOf(world, first.body.token), await statusOf(world, second.body.token)]).toEqual([200, 200]);
});

test('its row is the list’s, with a record for each value, the newest first', async () => {
  await alice.getOrCreate('deploy');
  const { body } = await alice.getOrCreate('deploy');
  const listed = await rowNamed(alice.list, 'deploy');
  expect(body).toEqual({ data: listed, token: expect.any(String), created: false });
  expect([listed.jwts.length, listed.jwts[0].id]).toEqual([2, listed.jwtId]);
  expect(JSON.stringify(listed)).not.toContain(body.token.slice(12, -4));
});

test('a value of one with a date has that date', async () => {
  await alice.create({ name: 'deploy', expirationDate: '2026-01-15T11:00:00Z' });
  const { body } = await alice.getOrCreate('deploy');
  expect(body.data.jwts.map(({ expiry }: { expiry: string }) => expiry)).toEqual([
    '2026-01-15T11:00:00.000Z',
    '2026-01-15T11:00:00.000Z',
  ]);
  world.clock.advance(3_600_000);
  expect(await statusOf(world, body.token)).toBe(401);
});

test('of an expired one there is no value: a new one takes its name, and the old one has ended by that', async () => {
  await alice.create({ name: 'deploy', expirationDate: '2026-01-15T10:00:01Z' });
  const { id } = await rowNamed(alice.list, 'deploy');
  world.clock.advance(1_000);
  const { status, body } = await alice.getOrCreate('deploy');
  expect({ status, created: body.created, isExpired: body.data.isExpired }).toEqual({
    ...{ status: 200, created: true, isExpired: false },
  });
  expect(body.data.id).not.toBe(id);
  expect(await statusOf(world, body.token)).toBe(200);
  expect((await alice.ownGet(id)).body.token).toMatchObject({ state: 'revoked', revoked: { reason: 'superseded' } });
});

test('20 at once get a value each, of one token that one of them made', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => alice.getOrCreate('deploy')));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(answers.filter(({ body }) => body.created)).toHaveLength(1);
  expect(new Set(answers.map(({ body }) => body.data.id)).size).toBe(1);
  expect(new Set(answers.map(({ body }) => body.token)).size).toBe(20);
  expect(await world.rows(`select count(*) as n from personal_access_token where name = 'deploy'`)).toEqual([{ n: 1 }]);
});

test(`beyond ${LIVE_GENERATIONS_MAX} values the oldest ends, with the very next request`, async () => {
  const values: string[] = [];
  for (let n = 0; n < LIVE_GENERATIONS_MAX; n++) values.push((await alice.getOrCreate('deploy')).body.token);
  const standing = async () => Promise.all(values.map((value) => statusOf(world, value)));
  expect(await standing()).toEqual(values.map(() => 200));
  values.push((await alice.getOrCreate('deploy')).body.token);
  expect(await standing()).toEqual([401, 200, 200, 200, 200, 200]);
});

test('a team counts where one would be made, and is to be one of theirs', async () => {
  expect(await alice.getOrCreate('deploy', '?teamName=platform')).toMatchObject({ status: 400 });
  expect(await rowNamed(alice.list, 'deploy')).toBeUndefined();
  await alice.create({ name: 'deploy' });
  expect(await alice.getOrCreate('deploy', '?teamName=platform')).toMatchObject({
    status: 200,
    body: { created: false },
  });
});

test('the name of a deleted one makes another', async () => {
  const { body } = await alice.getOrCreate('deploy');
  await alice.remove(body.data.id);
  const again = await alice.getOrCreate('deploy');
  expect([again.body.created, again.body.data.id === body.data.id]).toEqual([true, false]);
});

test('a browser gets one for its pages by the session’s cookie, as the public console does', async () => {
  const { caller } = await world.person('bob', 'tenant-member');
  const path = `/api/svc/v1/personal-access-tokens/default-${caller.principal.id}`;
  const { status, text } = await world.send({ method: 'GET', path, headers: await world.browserOf(caller) });
  expect(status).toBe(200);
  expect(await statusOf(world, JSON.parse(text).token)).toBe(200);
});
