import { beforeEach, expect, test } from 'vitest';
import { Sensitive } from '#domain/sensitive.ts';
import { openWorld, type World } from '#support/world.ts';
import { asking, rowNamed, statusOf } from '../asked.ts';

let world: World;
let alice: ReturnType<typeof asking>;
beforeEach(async () => {
  world = await openWorld();
  alice = asking(world, (await world.person('alice', 'tenant-member')).token);
});

test.each(['opaque', 'jwt'])(
  'a value of the form %s stays good under the new name, which it says at once',
  async (format) => {
    const { token, value } = (await alice.ownCreate({ name: 'deploy', format })).body;
    const by = asking(world, new Sensitive(value));
    expect((await by.whoami()).body.credential.name).toBe('deploy');
    world.clock.advance(1_000);
    expect(await alice.ownRename(token.id, 'release')).toEqual({
      status: 200,
      body: { token: { ...token, name: 'release' } },
    });
    expect((await by.whoami()).body.credential.name).toBe('release');
    const { id, updatedAt } = await rowNamed(alice.list, 'release');
    expect({ id, updatedAt }).toEqual({ id: token.id, updatedAt: '2026-01-15T10:00:01.000Z' });
  },
);

test('a name that is taken is refused, its own is not, and one that was left is free', async () => {
  const { token } = (await alice.ownCreate({ name: 'deploy' })).body;
  expect(await alice.ownRename(token.id, 'first')).toMatchObject({
    status: 409,
    body: { message: 'A token with this name already exists. Use a different name.' },
  });
  expect((await alice.ownRename(token.id, 'deploy')).status).toBe(200);
  expect((await alice.ownRename(token.id, 'release')).status).toBe(200);
  expect((await alice.ownCreate({ name: 'deploy' })).status).toBe(200);
  const bob = asking(world, (await world.person('bob', 'tenant-member')).token);
  expect((await bob.ownCreate({ name: 'release' })).status).toBe(200); // names are each user’s own
});

test('one that was revoked keeps the name that it had, and takes no other', async () => {
  const { token } = (await alice.ownCreate({ name: 'deploy' })).body;
  await alice.ownRevoke(token.id);
  expect(await alice.ownRename(token.id, 'release')).toMatchObject({ status: 404 });
  expect((await alice.ownGet(token.id)).body.token.name).toBe('deploy');
});

test('of 20 that want one name, one gets it, and the others keep theirs', async () => {
  const made = [];
  for (let n = 0; n < 20; n++) made.push((await alice.ownCreate({ name: `token-${n}` })).body.token);
  const answers = await Promise.all(made.map(({ id }) => alice.ownRename(id, 'release')));
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array.from({ length: 19 }, () => 409)]);
  const left = made.filter((_, n) => answers[n]?.status === 409).map(({ name }) => name);
  const names = (await alice.ownList('?name=token-')).body.data.map(({ name }: { name: string }) => name);
  expect(names.toSorted()).toEqual(left.toSorted());
});

test('renames, revokes and creates of one name at once end in one state that all of them agree with', async () => {
  for (let round = 0; round < 10; round++) {
    const { token, value } = (await alice.ownCreate({ name: `from-${round}` })).body;
    const [renamed, revoked, created] = await Promise.all([
      alice.ownRename(token.id, `to-${round}`),
      alice.ownRevoke(token.id),
      alice.ownCreate({ name: `to-${round}` }),
    ]);
    expect(revoked.status).toBe(200);
    expect(await statusOf(world, value)).toBe(401);
    expect([200, 404, 409]).toContain(renamed.status);
    expect([200, 409]).toContain(created.status);
    const shown = (await alice.ownGet(token.id)).body.token;
    expect(shown).toMatchObject({ name: renamed.status === 200 ? `to-${round}` : `from-${round}`, state: 'revoked' });
    const live = (await alice.ownList(`?name=to-${round}&revoked=left-out`)).body.pagination.total;
    expect(live).toBe(created.status === 200 ? 1 : 0);
  }
  expect(world.reported).toEqual([]);
});

test('the act is on the record with its new name, and nothing is renamed without its entry', async () => {
  const { token } = (await alice.ownCreate({ name: 'deploy' })).body;
  await alice.ownRename(token.id, 'release');
  expect((await world.audit()).at(-1)).toMatchObject({
    action: 'personal-access-token:Rename',
    resource: `personal-access-token/${token.id}`,
    ...{ decision: 'allowed', details: { name: 'release' } },
  });
  const { mended } = await world.breakAudit();
  expect((await alice.ownRename(token.id, 'other')).status).toBe(500);
  await mended();
  expect((await alice.ownGet(token.id)).body.token.name).toBe('release');
});

test.each(['ab', '9x', 'Deploy', 'de_ploy', '', 'x'.repeat(37), null, 7, undefined])('%j is no name', async (name) => {
  const { token } = (await alice.ownCreate({ name: 'deploy' })).body;
  expect((await alice.ownRename(token.id, name)).status).toBe(400);
  expect((await alice.ownGet(token.id)).body).toEqual({ token });
});
