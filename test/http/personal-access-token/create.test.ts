import { beforeEach, expect, test } from 'vitest';
import { openWorld, type World } from '#support/world.ts';
import { asking, rowNamed, statusOf } from '../asked.ts';

const NAME_TAKEN = {
  status: 409,
  body: {
    statusCode: 409,
    code: 'conflict',
    message: 'A token with this name already exists. Use a different name.',
  },
};

let world: World;
let alice: ReturnType<typeof asking>;
beforeEach(async () => {
  world = await openWorld();
  alice = asking(world, (await world.person('alice', 'tenant-member')).token);
});

test('the answer is the value alone: no id and no row', async () => {
  const { status, body } = await alice.create({ name: 'deploy' });
  expect({ status, body }).toEqual({
    status: 200,
    body: { token: expect.stringMatching(/^tfy_pat_[0-9A-Za-z]{49}$/) },
  });
  expect(await statusOf(world, body.token)).toBe(200);
});

test('a token does what its user may, and no more', async () => {
  const { body } = await alice.create({ name: 'deploy' });
  const path = '/api/v1/whoami';
  const headers = { authorization: `Bearer ${body.token}` };
  const { principal, rights, credential } = JSON.parse((await world.send({ method: 'GET', path, headers })).text);
  expect({ principal, rights }).toEqual(pick((await alice.whoami()).body));
  expect(credential).toMatchObject({ kind: 'token', name: 'deploy', expiresAt: null });
});
const pick = ({ principal, rights }: { principal: object; rights: object }) => ({ principal, rights });

test('a name is taken once for each user, and free again after a delete', async () => {
  await alice.create({ name: 'deploy' });
  expect(await alice.create({ name: 'deploy' })).toEqual(NAME_TAKEN);
  const bob = asking(world, (await world.person('bob', 'tenant-member')).token);
  expect((await bob.create({ name: 'deploy' })).status).toBe(200);
  const { id } = await rowNamed(alice.list, 'deploy');
  await alice.remove(id);
  expect((await alice.create({ name: 'deploy' })).status).toBe(200);
  expect((await rowNamed(alice.list, 'deploy')).id).not.toBe(id);
});

test('of 50 that want one name at once, one gets it and 49 are told so', async () => {
  const answers = await Promise.all(Array.from({ length: 50 }, () => alice.create({ name: 'deploy' })));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(answers.filter(({ status }) => status !== 200)).toEqual(Array.from({ length: 49 }, () => NAME_TAKEN));
  expect(await world.rows(`select count(*) as n from personal_access_token where name = 'deploy'`)).toEqual([{ n: 1 }]);
});

test('the expired keep their name until they are deleted', async () => {
  await alice.create({ name: 'deploy', expirationDate: '2026-01-15T10:00:01Z' });
  world.clock.advance(1_000);
  expect(await alice.create({ name: 'deploy' })).toEqual(NAME_TAKEN);
});

test('a token dies at the very instant it names', async () => {
  const { body } = await alice.create({ name: 'deploy', expirationDate: '2026-01-15T10:00:01.500Z' });
  world.clock.advance(1_499);
  expect(await statusOf(world, body.token)).toBe(200);
  expect((await rowNamed(alice.list, 'deploy')).isExpired).toBe(false);
  world.clock.advance(1);
  expect(await statusOf(world, body.token)).toBe(401);
  expect((await rowNamed(alice.list, 'deploy')).isExpired).toBe(true);
});

test('tokenType opaque and the one account there is are taken, as clients send them', async () => {
  expect((await alice.create({ name: 'deploy', tokenType: 'opaque', accountName: 'default' })).status).toBe(200);
});

test('another account is refused rather than ignored: who pays is not what was asked for', async () => {
  const { status, body } = await alice.create({ name: 'deploy', accountName: 'finance' });
  expect({ status, message: body.message }).toEqual({
    status: 400,
    message: 'There is one account on this server, default. Leave accountName out.',
  });
});

test('the act is on the record, with a preview and without the value', async () => {
  const { body } = await alice.create({ name: 'deploy' });
  const { id, metadata } = await rowNamed(alice.list, 'deploy');
  expect((await world.audit()).at(-1)).toMatchObject({
    action: 'personal-access-token:Create',
    resource: `personal-access-token/${id}`,
    decision: 'allowed',
    surface: 'rest',
    requestId: expect.any(String),
    details: { preview: metadata.preview },
  });
  expect(metadata.preview).toBe(`${body.token.slice(0, 12)}…${body.token.slice(-4)}`);
});

test('no row comes of it when the entry cannot be written', async () => {
  const { mended } = await world.breakAudit();
  expect((await alice.create({ name: 'deploy' })).status).toBe(500);
  await mended();
  expect(await rowNamed(alice.list, 'deploy')).toBeUndefined();
});
