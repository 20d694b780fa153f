import { beforeEach, expect, test } from 'vitest';
import { NEVER } from '#contract/wire/date.ts';
import { flushed } from '#support/flushed.ts';
import { openWorld, type World } from '#support/world.ts';
import { asking, rowNamed, type Said, statusOf } from '../asked.ts';

let world: World;
let caller: Awaited<ReturnType<World['person']>>['caller'];
let alice: ReturnType<typeof asking>;
beforeEach(async () => {
  world = await openWorld();
  const person = await world.person('alice', 'tenant-member');
  caller = person.caller;
  alice = asking(world, person.token);
});
const names = ({ body }: Said): readonly string[] => body.data.map(({ name }: { name: string }) => name);

test('a row is the public product’s, whole', async () => {
  world.clock.advance(60_000);
  const { body } = await alice.create({ name: 'ci-pipeline', expirationDate: '2026-09-01' });
  const { data, pagination } = (await alice.list('?limit=10&offset=0&nameSearchQuery=ci-')).body;
  const at = '2026-01-15T10:01:00.000Z';
  const expiry = '2026-09-01T00:00:00.000Z';
  const [{ id, jwtId }] = data;
  expect([id, jwtId]).toEqual([
    expect.stringMatching(/^[a-z][a-z0-9]{23}$/),
    expect.stringMatching(/^[a-z][a-z0-9]{23}$/),
  ]);
  expect(data).toEqual([
    {
      ...{ id, jwtId, name: 'ci-pipeline', type: 'pat', tenantName: 'default', accountId: world.tenant.id },
      manifest: {
        ...{ type: 'virtual-account', name: 'ci-pipeline', permissions: [], expiration_date: expiry },
        ...{ user_fqn: 'user:alice@example.com', token_type: 'opaque' },
      },
      createdBySubject: {
        ...{ subjectId: caller.principal.id, subjectType: 'user' },
        ...{ subjectSlug: 'alice@example.com', subjectDisplayName: 'alice@example.com' },
      },
      ...{ createdAt: at, updatedAt: at, isExpired: false },
      jwts: [
        {
          ...{ id: jwtId, subjectType: 'serviceaccount', subjectId: id, expiry, tokenType: 'opaque' },
          ...{ createdAt: at, updatedAt: at },
        },
      ],
      metadata: { preview: `${body.token.slice(0, 12)}…${body.token.slice(-4)}` },
    },
  ]);
  expect(pagination).toEqual({ total: 1, offset: 0, limit: 10 });
});

test('what never expires has no date in its manifest, and one far away where clients need one', async () => {
  const { manifest, jwts } = await rowNamed(alice.list, 'first');
  expect([manifest.expiration_date, jwts[0].expiry]).toEqual([undefined, NEVER]);
});

test('nobody sees another’s, whatever they may', async () => {
  const admin = asking(world, (await world.person('admin', 'tenant-admin')).token);
  await admin.create({ name: 'of-the-admin' });
  expect(names(await alice.list())).toEqual(['first']);
  expect(names(await admin.list()).toSorted()).toEqual(['first', 'of-the-admin']);
});

test('no answer holds a value, expired ones are listed, revoked ones are not', async () => {
  const made = [];
  for (const name of ['one', 'two']) made.push((await alice.create({ name })).body.token);
  made.push((await alice.getOrCreate('one')).body.token);
  made.push((await alice.create({ name: 'old', expirationDate: '2026-01-15T10:00:01Z' })).body.token);
  await alice.remove((await rowNamed(alice.list, 'two')).id);
  world.clock.advance(1_000);
  const { body } = await alice.list();
  const rows = body.data.map(({ name, isExpired }: Record<string, unknown>) => [name, isExpired]);
  expect(Object.fromEntries(rows)).toEqual({ first: false, one: false, old: true });
  for (const value of made) expect(JSON.stringify(body)).not.toContain(value.slice(12, -4));
});

test('250 made in one instant come once each, page after page until an empty one, as the SDKs ask', async () => {
  for (let n = 0; n < 249; n++) await world.pat(caller, `token-${n}`);
  const seen: string[] = [];
  for (let offset = 0; ; ) {
    const page = await alice.list(`?limit=100&offset=${offset}`);
    expect(page.body.pagination).toEqual({ total: 250, offset, limit: 100 });
    if (page.body.data.length === 0) break;
    seen.push(...names(page));
    offset += page.body.data.length;
  }
  expect(seen.toSorted()).toEqual(['first', ...Array.from({ length: 249 }, (_, n) => `token-${n}`)].sort());
  const all = await alice.list('?limit=1000');
  expect(names(all)).toEqual(seen);
  const ids = all.body.data.map(({ id }: { id: string }) => id);
  expect(ids).toEqual(ids.toSorted()); // what decides where the instant does not
});

test('the newest comes first', async () => {
  for (const name of ['one', 'two', 'three']) {
    world.clock.advance(1);
    await alice.create({ name });
  }
  expect(names(await alice.list())).toEqual(['three', 'two', 'one', 'first']);
});

test('a search is by a part of the name, and its total counts what it finds', async () => {
  for (const name of ['deploy-a', 'deploy-b', 'other']) await alice.create({ name });
  const found = await alice.list('?nameSearchQuery=deploy&limit=1');
  expect([names(found).length, found.body.pagination]).toEqual([1, { total: 2, offset: 0, limit: 1 }]);
});

test('when and where a token was last accepted is shown, once it was written down', async () => {
  const { body } = await alice.create({ name: 'deploy' });
  expect(await rowNamed(alice.list, 'deploy')).not.toHaveProperty('lastAccessedAt');
  world.clock.advance(5_000);
  await statusOf(world, body.token);
  await flushed(world.deps);
  const { lastAccessedAt, metadata } = await rowNamed(alice.list, 'deploy');
  expect({ lastAccessedAt, metadata }).toEqual({
    lastAccessedAt: '2026-01-15T10:00:05.000Z',
    metadata: { preview: expect.any(String), lastUsedSurface: 'rest', lastUsedAddress: '127.0.0.1' },
  });
});
