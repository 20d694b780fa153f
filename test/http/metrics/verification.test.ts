import { beforeEach, expect, test } from 'vitest';
import { mint } from '#crypto/opaque.ts';
import { EXTERNAL_STEPS, VERIFICATION_RESULTS } from '#domain/counts.ts';
import { Sensitive } from '#domain/sensitive.ts';
import type { Known } from '#domain/verification.ts';
import { GOOD, ONE, PROVIDER, saying } from '#support/hostile-jwts.ts';
import { openWorld, type World } from '#support/world.ts';
import { asking, rowNamed } from '../asked.ts';
import { post } from '../provoked.ts';
import { grownBy, scraped } from './scraped.ts';

const OUTCOMES = ['hit', 'stranger', 'shared', 'read'];

let world: World;
let token: Sensitive;
beforeEach(async () => {
  world = await openWorld();
  ({ token } = await world.person('admin', 'tenant-admin'));
  await scraped(world, token); // from here on in memory
});

const whoami = (by: Sensitive) => world.send({ method: 'GET', path: '/api/v1/whoami', token: by });
const nonZero = (all: readonly (readonly [string, number])[]) => Object.fromEntries(all.filter(([, n]) => n !== 0));

/** What grew, beside the verification of the second look itself. */
async function grown(done: () => Promise<unknown>) {
  const before = await scraped(world, token);
  await done();
  const after = await scraped(world, token);
  const by = (name: string, label: string, values: readonly string[]) =>
    nonZero(values.map((value) => [value, grownBy(before, after, name, { [label]: value })] as const));
  return {
    results: by('countersign_verifications_total', 'result', VERIFICATION_RESULTS),
    outcomes: by('countersign_cache_lookups_total', 'outcome', OUTCOMES),
    after,
  };
}

const unknown = (byte: number) => mint('pat', { bytes: (length) => Buffer.alloc(length, byte) });

test('each verification counts once, by what became of it', async () => {
  const { person, pat, clock } = world;
  const { caller } = await person('bob', 'tenant-member');
  const expiring = await pat(caller, 'expiring', clock.now() + 1);
  const revoked = await pat(caller, 'revoked');
  const byBob = asking(world, revoked);
  const { id } = await rowNamed(byBob.list, 'revoked');
  await byBob.ownRevoke(id);
  clock.advance(1);
  const { results } = await grown(async () => {
    for (let times = 0; times < 3; times += 1) await whoami(token);
    for (let times = 0; times < 2; times += 1) await whoami(expiring);
    await whoami(revoked);
    for (const byte of [3, 4, 5, 6]) await whoami(unknown(byte));
    await whoami(new Sensitive('tfy_pat_of-no-known-form'));
    await world.send({ method: 'GET', path: '/api/v1/whoami' }); // nothing to verify
  });
  expect(results).toEqual({ ok: 3 + 1, expired: 2, revoked: 1, unknown: 4, malformed: 1 });
});

test('a token of an identity provider that is not believed counts by the step that found it out', async () => {
  const { jwksUri: _, ...said } = PROVIDER;
  const made = await world.send({ ...post('/api/v1/identity-providers', { ...said, jwks: ONE }), token });
  expect(made.status).toBe(200);
  const before = await scraped(world, token);
  const expired = saying({ iat: 1, exp: 2 });
  for (const text of [expired, saying({ exp: 3 }), saying({ sub: 7 }), GOOD]) await whoami(new Sensitive(text));
  await whoami(new Sensitive(expired)); // in memory: nothing is looked at again
  const after = await scraped(world, token);
  const grew = (step: string) => grownBy(before, after, 'countersign_external_refusals_total', { step });
  expect(nonZero(EXTERNAL_STEPS.map((step) => [step, grew(step)] as const))).toEqual({ expiry: 2, subject: 1 });
});

test('sessions count as tokens do', async () => {
  const headers = await world.browserOf(await world.user('bob', 'tenant-member'));
  const { results, outcomes } = await grown(async () => {
    for (let times = 0; times < 3; times += 1) await world.send({ method: 'GET', path: '/api/v1/whoami', headers });
  });
  expect({ results, outcomes }).toEqual({ results: { ok: 3 + 1 }, outcomes: { hit: 2 + 1, read: 1 } });
});

test('each look-up counts once, by where its answer came from, and what is remembered shows', async () => {
  const { token: fresh } = await world.person('bob', 'tenant-member');
  const { outcomes, after } = await grown(async () => {
    for (let times = 0; times < 3; times += 1) await whoami(fresh);
    for (let times = 0; times < 4; times += 1) await whoami(unknown(7));
  });
  expect(outcomes).toEqual({ read: 2, hit: 2 + 1, stranger: 3 });
  expect(after.value('countersign_cache_entries', { kind: 'known' })).toBe(2);
  expect(after.value('countersign_cache_entries', { kind: 'strangers' })).toBe(1);
});

test('those who share a read, and a read that a change overtook, are seen', async () => {
  const known = { restsOn: ['moving'] } as unknown as Known;
  const { verified, clock } = world.deps;
  const first = Promise.withResolvers<Known>();
  const answers = [first.promise, Promise.resolve(known)];
  const look = () => answers.shift() ?? Promise.reject(new Error('read too often'));
  const before = await scraped(world, token);
  const asked = [unknown(8), unknown(8)].map((one) => verified.find(one, clock.now(), look));
  verified.applyOwn(1, [{ kind: 'token', id: 'moving' }]);
  first.resolve(known);
  await Promise.all(asked);
  const after = await scraped(world, token);
  expect(grownBy(before, after, 'countersign_cache_overtaken_total')).toBe(1);
  const by = (outcome: string) => grownBy(before, after, 'countersign_cache_lookups_total', { outcome });
  expect({ read: by('read'), shared: by('shared') }).toEqual({ read: 2, shared: 1 });
});

test('too many unknown ones of one place are refused, and counted as that', async () => {
  const { results } = await grown(async () => {
    for (let n = 0; n < 205; n += 1) {
      const byte = { bytes: (length: number) => Buffer.alloc(length, n + 20).fill(n, 0, 2) };
      await whoami(mint('pat', byte));
    }
  });
  expect(results).toEqual({ ok: 1, unknown: 200, refused: 5 });
});

test('a row that does not prove itself is our fault, and an outage is one: neither is a bad token', async () => {
  const [bob, eve] = [await world.person('bob', 'tenant-member'), await world.person('eve', 'tenant-member')];
  const { results } = await grown(async () => {
    const [row] = await world.rows('select id from personal_access_token where owner = ?', bob.caller.principal.id);
    await world.tamper('update token set created_at = created_at + 1 where pat = ?', String(row?.id));
    expect((await whoami(bob.token)).status).toBe(500);
    await world.deps.store.close();
    for (let times = 0; times < 2; times += 1) expect((await whoami(eve.token)).status).toBe(503);
  });
  expect(results).toEqual({ ok: 1, failed: 1, outage: 2 });
});
