import { beforeEach, describe, expect, test } from 'vitest';
import { rotateSigningKey } from '#app/signing-key/rotate.ts';
import { flushed } from '#support/flushed.ts';
import { openWorld, type World } from '#support/world.ts';
import { secondTenant } from '../../authz/second-tenant.ts';
import { asking, type Said, statusOf } from '../asked.ts';

const DAY_MS = 86_400_000;
const SHOWN_MS = 90 * DAY_MS;

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
const named = async (name: string) => (await alice.ownList(`?name=${name}`)).body.data[0];
const kidOf = (jwt: string): string => JSON.parse(Buffer.from(jwt.split('.')[0] ?? '', 'base64url').toString()).kid;
const at = () => new Date(world.clock.now()).toISOString();

describe('a revoked token', () => {
  test('is shown with who ended it, when and why, and what the others are shown with', async () => {
    const { token } = (await alice.ownCreate({ name: 'deploy' })).body;
    world.clock.advance(1_000);
    await alice.ownRevoke(token.id, { reason: 'leaked' });
    const by = { id: caller.principal.id, name: 'alice@example.com' };
    const { data, pagination } = (await alice.ownList()).body;
    expect(data[0]).toEqual({ ...token, state: 'revoked', revoked: { at: at(), by, reason: 'leaked' } });
    expect(data[1]).toMatchObject({ name: 'first', state: 'live', revoked: null });
    expect(pagination).toEqual({ total: 2, offset: 0, limit: 100 });
  });

  test('is left out where that is asked for, of the total too', async () => {
    const { token } = (await alice.ownCreate({ name: 'deploy' })).body;
    await alice.ownRevoke(token.id);
    const { data, pagination } = (await alice.ownList('?revoked=left-out')).body;
    expect([data.map(({ name }: { name: string }) => name), pagination.total]).toEqual([['first'], 1]);
    expect(names(await alice.ownList('?revoked=included'))).toEqual(expect.arrayContaining(['deploy', 'first']));
  });

  test('is shown for 90 days, to the millisecond, in the list as by itself', async () => {
    const { token } = (await alice.ownCreate({ name: 'deploy' })).body;
    await alice.ownRevoke(token.id);
    world.clock.advance(SHOWN_MS - 1);
    expect((await alice.ownList()).body).toMatchObject({ data: [{}, {}], pagination: { total: 2 } });
    expect((await alice.ownGet(token.id)).status).toBe(200);
    world.clock.advance(1);
    expect((await alice.ownList()).body).toMatchObject({ data: [{ name: 'first' }], pagination: { total: 1 } });
    expect(await alice.ownGet(token.id)).toEqual(await alice.ownGet('a'.repeat(24)));
  });

  test('by an administrator, by the wire, or by one that took its place, says so', async () => {
    const root = await world.person('root', 'tenant-admin');
    await alice.ownCreate({ name: 'by-the-wire' });
    await alice.remove((await named('by-the-wire')).id);
    await alice.ownCreate({ name: 'replaced', expiresAt: '2026-01-15T10:00:01Z' });
    world.clock.advance(1_000);
    await alice.getOrCreate('replaced');
    const reasons = (await alice.ownList()).body.data.flatMap(
      ({ name, revoked }: { name: string; revoked: { reason: string } | null }) =>
        revoked === null ? [] : [[name, revoked.reason]],
    );
    expect(Object.fromEntries(reasons)).toEqual({ 'by-the-wire': 'deleted', replaced: 'superseded' });

    const later = await world.pat(caller, 'later');
    await asking(world, root.token).revokeAll('alice@example.com');
    expect(await statusOf(world, later.reveal())).toBe(401);
    const again = asking(world, await world.pat(caller, 'again'));
    const { data } = (await again.ownList('?name=later')).body;
    const by = { id: root.caller.principal.id, name: 'root@example.com' };
    expect(data).toMatchObject([{ state: 'revoked', revoked: { by, reason: 'revoked_all' } }]);
  });

  test('leaves its name to others, each a row of its own', async () => {
    const ids = [];
    for (const _ of [1, 2, 3]) {
      const { token } = (await alice.ownCreate({ name: 'deploy' })).body;
      ids.push(token.id);
      await alice.ownRevoke(token.id);
      world.clock.advance(1);
    }
    const { data } = (await alice.ownList('?name=deploy')).body;
    expect(data.map(({ id }: { id: string }) => id)).toEqual(ids.toReversed());
  });
});

test('an expired one is shown as such, and again as live where the clock is set back', async () => {
  await alice.ownCreate({ name: 'deploy', expiresAt: '2026-01-15T10:00:01Z' });
  expect((await named('deploy')).state).toBe('live');
  world.clock.advance(1_000);
  expect((await named('deploy')).state).toBe('expired');
  world.clock.advance(-1);
  expect((await named('deploy')).state).toBe('live');
});

test('one that ends by age or idleness says when, and is expired from then on', async () => {
  const root = asking(world, (await world.person('root', 'tenant-admin')).token);
  const { value } = (await alice.ownCreate({ name: 'deploy' })).body;
  await root.putSettings({ ageDaysMax: 30, idleDaysMax: 10 });
  const start = world.clock.now();
  const day = (n: number) => new Date(start + n * DAY_MS).toISOString();
  expect((await named('deploy')).expiresAt).toBe(day(10));
  for (const end of [19, 28, 30]) {
    world.clock.advance(9 * DAY_MS);
    expect([await statusOf(world, value), (await named('deploy')).state]).toEqual([200, 'live']);
    await flushed(world.deps);
    expect((await named('deploy')).expiresAt).toBe(day(end));
  }
  const kept = asking(world, await world.pat(caller, 'kept'));
  world.clock.advance(3 * DAY_MS);
  expect(await statusOf(world, value)).toBe(401);
  expect((await kept.ownList('?name=deploy')).body.data[0]).toMatchObject({ state: 'expired', expiresAt: day(30) });
});

test('how many values stand is told, and when and where any of them was used', async () => {
  const { token } = (await alice.ownCreate({ name: 'deploy' })).body;
  const second = (await alice.getOrCreate('deploy')).body.token;
  world.clock.advance(5_000);
  await statusOf(world, second);
  await flushed(world.deps);
  expect(await named('deploy')).toEqual({
    ...{ ...token, values: 2, preview: `${second.slice(0, 12)}…${second.slice(-4)}` },
    lastUsed: { at: at(), surface: 'rest', address: '127.0.0.1' },
  });
  for (const _ of [3, 4, 5, 6, 7]) await alice.getOrCreate('deploy');
  expect((await named('deploy')).values).toBe(5);
});

describe('the use of a dead token', () => {
  test.each(['opaque', 'jwt'])(
    'of the form %s is shown to its owner, once it was written down (I2)',
    async (format) => {
      const { token, value } = (await alice.ownCreate({ name: 'deploy', format })).body;
      await alice.ownRevoke(token.id);
      expect((await named('deploy')).usedAfterEnd).toBeNull();
      world.clock.advance(5_000);
      expect(await statusOf(world, value)).toBe(401);
      await flushed(world.deps);
      expect(await named('deploy')).toMatchObject({
        ...{ state: 'revoked', lastUsed: null },
        usedAfterEnd: { at: at(), surface: 'rest', address: '127.0.0.1' },
      });
      expect((await world.audit()).at(-1)).toMatchObject({
        action: 'personal-access-token:UseAfterEnd',
        decision: 'denied',
      });
    },
  );

  test('is shown of an expired one too', async () => {
    const { value } = (await alice.ownCreate({ name: 'old', expiresAt: '2026-01-15T10:00:01Z' })).body;
    world.clock.advance(1_000);
    expect(await statusOf(world, value)).toBe(401);
    await flushed(world.deps);
    expect(await named('old')).toMatchObject({ state: 'expired', usedAfterEnd: { at: at() } });
  });

  test('that is a JWT is told from garbage through rotations of the keys, for 90 days after its end', async () => {
    const expiresAt = new Date(world.clock.now() + DAY_MS).toISOString();
    const { value } = (await alice.ownCreate({ name: 'signed', format: 'jwt', expiresAt })).body;
    const used = async () => {
      expect(await statusOf(world, value)).toBe(401);
      await flushed(world.deps);
      return (await named('signed')).usedAfterEnd;
    };
    const rotatedAfter = async (ms: number) => {
      world.clock.advance(ms);
      return rotateSigningKey(world.deps, world.tenant);
    };
    const dropped = [await rotatedAfter(DAY_MS), await rotatedAfter(DAY_MS), await rotatedAfter(SHOWN_MS - DAY_MS - 1)];
    expect(dropped.flatMap((rotated) => rotated.dropped)).not.toContain(kidOf(value));
    const last = { at: at(), surface: 'rest', address: '127.0.0.1' };
    expect(await used()).toEqual(last);
    expect((await rotatedAfter(1)).dropped).toContain(kidOf(value));
    world.clock.advance(DAY_MS);
    expect(await used()).toEqual(last);
  });

  test('is not that of a value that newer ones replaced, before the token itself has ended; after that, it is', async () => {
    const { token, value } = (await alice.ownCreate({ name: 'busy' })).body;
    for (const _ of [2, 3, 4, 5, 6]) await alice.getOrCreate('busy');
    const used = async () => {
      world.clock.advance(3_600_000); // one is noted each hour
      expect(await statusOf(world, value)).toBe(401);
      await flushed(world.deps);
      return named('busy');
    };
    expect(await used()).toMatchObject({ state: 'live', usedAfterEnd: null });
    world.clock.advance(1);
    await alice.ownRevoke(token.id);
    expect(await named('busy')).toMatchObject({ state: 'revoked', usedAfterEnd: null });
    expect((await alice.ownGet(token.id)).body.token.usedAfterEnd).toBeNull();
    expect(await used()).toMatchObject({ state: 'revoked', usedAfterEnd: { at: at(), surface: 'rest' } });
  });

  test('is the last one that is shown, even where they were written in another order', async () => {
    const { token, value } = (await alice.ownCreate({ name: 'deploy' })).body;
    await alice.ownRevoke(token.id);
    for (const _ of [1, 2]) {
      world.clock.advance(3_600_000); // one is noted each hour
      await statusOf(world, value);
    }
    const latest = at();
    await flushed(world.deps);
    world.clock.advance(-2 * 3_600_000);
    await statusOf(world, value);
    await flushed(world.deps);
    expect((await named('deploy')).usedAfterEnd.at).toBe(latest);
  });
});

test('nobody sees another’s, nor another tenant’s, whatever they may', async () => {
  const root = asking(world, (await world.person('root', 'tenant-admin')).token);
  await root.ownCreate({ name: 'of-root' });
  const { person } = await secondTenant(world);
  const foreign = asking(world, (await person('alice', 'tenant-admin', 'foreign')).token);
  expect(names(await alice.ownList())).toEqual(['first']);
  expect(names(await root.ownList()).toSorted()).toEqual(['first', 'of-root']);
  expect(names(await foreign.ownList()).toSorted()).toEqual(['first', 'foreign']);
});

test('250 made in one instant, half of them revoked, come once each, page after page', async () => {
  for (let n = 0; n < 249; n++) await world.pat(caller, `token-${n}`);
  const { data } = (await alice.ownList('?limit=1000')).body;
  const halved = data.filter((_: unknown, n: number) => n % 2 === 0 && data[n].name !== 'first');
  for (const { id } of halved) await alice.ownRevoke(id);
  const seen: string[] = [];
  for (let offset = 0; ; offset += 100) {
    const page = (await alice.ownList(`?limit=100&offset=${offset}`)).body;
    expect(page.pagination).toEqual({ total: 250, offset, limit: 100 });
    if (page.data.length === 0) break;
    seen.push(...page.data.map(({ id }: { id: string }) => id));
  }
  expect(seen).toEqual(data.map(({ id }: { id: string }) => id));
  expect(seen).toEqual(seen.toSorted()); // what decides where the instant does not
  expect((await alice.ownList('?revoked=left-out&limit=1')).body.pagination.total).toBe(250 - halved.length);
});

test('a search is by a part of the name, and its total counts what it finds', async () => {
  for (const name of ['deploy-a', 'deploy-b', 'other']) await alice.ownCreate({ name });
  expect((await alice.ownList('?name=deploy&limit=1')).body).toMatchObject({
    data: [{}],
    pagination: { total: 2, offset: 0, limit: 1 },
  });
  for (const name of ['%25', '_', 'DEPLOY%25']) expect(names(await alice.ownList(`?name=${name}`))).toEqual([]);
  expect(names(await alice.ownList('?name=DEPLOY-A'))).toEqual(['deploy-a']);
});

test.each([
  { query: '?revoked=no', message: 'revoked must be "included" or "left-out".' },
  { query: '?revoked=left-out&revoked=included', message: 'revoked must be "included" or "left-out".' },
  { query: '?limit=0', message: 'limit must be a whole number from 1 to 1000.' },
  { query: '?nameSearchQuery=x', message: 'query unknown: nameSearchQuery.' },
])('$query is refused in words', async ({ query, message }) => {
  const { status, body } = await alice.ownList(query);
  expect({ status, message: body.message }).toEqual({ status: 400, message });
});
