import { beforeEach, expect, test } from 'vitest';
import { openWorld, type World } from '#support/world.ts';
import { rowNamed } from '../asked.ts';
import { teaming } from '../team/teaming.ts';

const BOB = 'bob@example.com';
const OWNED = { account: 'default', team: 'platform' };

let world: World;
let admin: ReturnType<typeof teaming>;
let bob: ReturnType<typeof teaming>;
let pats: Parameters<typeof rowNamed>[0];
beforeEach(async () => {
  world = await openWorld();
  admin = teaming(world, (await world.person('admin', 'tenant-admin')).token);
  bob = teaming(world, (await world.person('bob', 'tenant-member')).token);
  await admin.put({ name: 'platform', members: [BOB] });
  await admin.put({ name: 'managed', managers: [BOB] });
  await admin.put({ name: 'others', members: ['admin@example.com'] });
  pats = bob.tokens;
});
const ownerOf = async (name: string) => (await rowNamed(pats, name)).manifest.ownedBy;
const refused = (team: string) => ({
  status: 400,
  body: {
    ...{ code: 'invalid_request', message: `${BOB} is in no team ${team}. Name a team of theirs, or leave it out.` },
    details: [{ field: 'teamName', problem: expect.any(String) }],
  },
});

test.each(['platform', 'managed'])(
  'a token is put down to a team of its owner’s, and says so: %s',
  async (teamName) => {
    expect(await bob.create({ name: 'deploy', teamName })).toMatchObject({ status: 200 });
    expect(await ownerOf('deploy')).toEqual({ account: 'default', team: teamName });
    await bob.create({ name: 'plain' });
    expect((await rowNamed(pats, 'plain')).manifest).not.toHaveProperty('ownedBy');
  },
);

test.each(['others', 'everyone', 'nowhere', ''])(
  'a team that is not theirs is refused, and nothing is made: "%s"',
  async (team) => {
    expect(await bob.create({ name: 'deploy', teamName: team })).toMatchObject(refused(team));
    expect(await bob.getOrCreate('deploy', `?teamName=${team}`)).toMatchObject(refused(team));
    expect(await admin.createFor({ name: 'deploy', userEmail: BOB, teamName: team })).toMatchObject(refused(team));
    expect(await rowNamed(pats, 'deploy')).toBeUndefined();
  },
);

test('by name a team counts where a token is made, and one that is there keeps its own', async () => {
  const made = await bob.getOrCreate('deploy', '?teamName=platform');
  expect(made.body).toMatchObject({ created: true, data: { manifest: { ownedBy: OWNED } } });
  const got = await bob.getOrCreate('deploy', '?teamName=nowhere');
  expect(got.body).toMatchObject({ created: false, data: { manifest: { ownedBy: OWNED } } });
});

test('made for another, it is a team of theirs that counts, and not of who makes it', async () => {
  expect(await admin.createFor({ name: 'deploy', userEmail: BOB, teamName: 'platform' })).toMatchObject({
    status: 200,
  });
  expect(await ownerOf('deploy')).toEqual(OWNED);
});

test('it gives no rights, and stays as it is when its owner leaves the team', async () => {
  await bob.create({ name: 'deploy', teamName: 'platform' });
  await admin.put({ name: 'platform' });
  expect(await ownerOf('deploy')).toEqual(OWNED);
});
