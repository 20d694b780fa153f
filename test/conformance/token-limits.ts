import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { PrincipalRecord } from '#domain/principal.ts';
import type { Tenant } from '#domain/tenant.ts';
import type { PatId } from '#domain/token.ts';
import { endOf, TOKEN_SETTINGS, type TokenSettings } from '#domain/token-settings.ts';
import type { Replay } from '#ports/replays.ts';
import type { Store } from '#ports/store.ts';
import type { Breaks } from '#ports/token-settings.ts';
import type { Adapter, Raw } from './adapters.ts';
import {
  addValue,
  endedBy,
  heldBy,
  insertPat,
  newDigest,
  newId,
  newPat,
  newToken,
  openWorld,
  random,
  revoke,
  tenantIn,
  userIn,
} from './world.ts';

const DAY_MS = 86_400_000;
const LIMITED: TokenSettings = {
  ...{ ageDaysMax: 30, countMax: 5, lifeDaysDefault: 7, idleDaysMax: 10 },
  ...{ formatDefault: 'jwt', sessionOnly: true },
};

/** What `Store` promises of what a tenant allows, and of answers that may be asked for again, sentence by sentence. */
export function tokenLimitConformance(adapter: Adapter): void {
  describe(`${adapter.name} keeps the promises of Store about limits and replays`, () => {
    let store: Store;
    let raw: Raw;
    let acme: Tenant;
    let other: Tenant;
    let alice: PrincipalRecord;
    beforeEach(async () => {
      ({ store, raw, acme, other, alice } = await openWorld(adapter));
    });

    const put = (settings: Partial<TokenSettings>, tenant = acme.id) =>
      store.transact((tx) => tx.tokenSettings.put(tenant, { ...TOKEN_SETTINGS, ...settings }));
    const used = (token: Awaited<ReturnType<typeof addValue>>['token'], at: number) =>
      store.transact((tx) =>
        tx.tokenUses.note([{ tenant: acme.id, token: token.id, at, surface: 'rest', address: undefined }]),
      );

    describe('settings', () => {
      test('every tenant has them from its first moment, and they limit nothing', async () => {
        expect(await store.tokenSettings.get(acme.id)).toEqual(TOKEN_SETTINGS);
        expect(await store.tokenSettings.get((await tenantIn(store, 'young')).id)).toEqual(TOKEN_SETTINGS);
      });

      test('are those that were put last, every field of them, and nobody else’s', async () => {
        await put(LIMITED);
        expect(await store.tokenSettings.get(acme.id)).toEqual(LIMITED);
        expect(await store.tokenSettings.get(other.id)).toEqual(TOKEN_SETTINGS);
        await put({});
        expect(await store.tokenSettings.get(acme.id)).toEqual(TOKEN_SETTINGS);
      });

      test('in a transaction are as they stand there', async () => {
        const within = await store.transact(async (tx) => {
          await tx.tokenSettings.put(acme.id, LIMITED);
          return tx.tokenSettings.get(acme.id);
        });
        expect(within).toEqual(LIMITED);
      });

      test('that are missing were taken away: they are no default, for no read and no write', async () => {
        const { digest } = await heldBy(store, acme.id, alice.id, 'deploy');
        await raw.run('delete from token_settings where tenant = ?', acme.id);
        const asked = [store.tokenSettings.get(acme.id), put({}), store.tokens.byDigest([digest])];
        const refused = asked.map(() => ({ status: 'rejected', reason: { code: 'internal' } }));
        expect(await Promise.allSettled(asked)).toMatchObject(refused);
        expect(await store.tokenSettings.get(other.id)).toEqual(TOKEN_SETTINGS);
      });
    });

    describe('the end of a value', () => {
      const endsAt = async (digest: Uint8Array) => (await store.tokens.byDigest([digest]))?.expiresAt;

      test('is its date, its age or its idleness, whichever comes first, for verifying as for showing', async () => {
        const { pat, token, digest } = await heldBy(store, acme.id, alice.id, 'deploy', { createdAt: 1_000 });
        const ends = async () => {
          const view = await store.pats.view(acme.id, alice.id, pat.id);
          return [await endsAt(digest), view?.tokens[0]?.endsAt, view?.endsAt];
        };
        const all = (end: number | undefined) => [end, end, end];
        expect(await ends()).toEqual(all(undefined));
        await put({ ageDaysMax: 3 });
        expect(await ends()).toEqual(all(1_000 + 3 * DAY_MS));
        await put({ ageDaysMax: 3, idleDaysMax: 1 });
        expect(await ends()).toEqual(all(1_000 + DAY_MS));
        await used(token, 1_000 + 2 * DAY_MS - 1);
        expect(await ends()).toEqual(all(1_000 + 3 * DAY_MS - 1));
        await used(token, 1_000 + 2 * DAY_MS + 1);
        expect(await ends()).toEqual(all(1_000 + 3 * DAY_MS));
        await put({});
        expect(await ends()).toEqual(all(undefined));
      });

      test('of a token is that of its last value', async () => {
        const { pat } = await heldBy(store, acme.id, alice.id, 'deploy', { createdAt: 0 });
        await addValue(store, acme.id, pat, { createdAt: 5 });
        await put({ ageDaysMax: 1 });
        expect((await store.pats.view(acme.id, alice.id, pat.id))?.endsAt).toBe(DAY_MS + 5);
      });
    });

    test('tokens are counted until they end by their age or their idleness, and again where those are loosened', async () => {
      const count = (now: number) => store.pats.countLive(acme.id, alice.id, now);
      const { pat, token } = await heldBy(store, acme.id, alice.id, 'deploy', { createdAt: 0 });
      await put({ ageDaysMax: 3 });
      expect([await count(3 * DAY_MS - 1), await count(3 * DAY_MS)]).toEqual([1, 0]);
      await put({ idleDaysMax: 1 });
      expect([await count(DAY_MS - 1), await count(DAY_MS)]).toEqual([1, 0]);
      await used(token, DAY_MS - 1);
      expect([await count(2 * DAY_MS - 2), await count(2 * DAY_MS - 1)]).toEqual([1, 0]);
      await addValue(store, acme.id, pat, { createdAt: 2 * DAY_MS });
      expect([await count(2 * DAY_MS), await count(3 * DAY_MS)]).toEqual([1, 0]);
      await put({});
      expect(await count(9 * DAY_MS)).toBe(1);
    });

    describe('what other settings would break', () => {
      const wanted = { ...TOKEN_SETTINGS, ageDaysMax: 1 };

      test('is counted by owner, the most first, then by name; owners beyond the bound are only counted', async () => {
        const bob = await userIn(store, acme.id, 'bob');
        const carol = await userIn(store, acme.id, 'carol');
        for (const [owner, name] of [
          [bob, 'one'],
          [carol, 'one'],
          [carol, 'two'],
          [alice, 'one'],
        ] as const) {
          await heldBy(store, acme.id, owner.id, name, { createdAt: 0 });
        }
        const who = ({ id, kind, name }: PrincipalRecord, tokens: number) => ({ owner: { id, kind, name }, tokens });
        expect(await store.tokenSettings.breaksUnder(acme.id, wanted, DAY_MS, 2)).toEqual({
          ...{ tokens: 4, ownersTotal: 3 },
          owners: [who(carol, 2), who(alice, 1)],
        });
        const nothing = { tokens: 0, owners: [], ownersTotal: 0 };
        expect(await store.tokenSettings.breaksUnder(acme.id, wanted, DAY_MS - 1, 2)).toEqual(nothing);
        expect(await store.tokenSettings.breaksUnder(other.id, wanted, DAY_MS, 2)).toEqual(nothing);
      });

      /** Of 2500 tokens, 301 have a value that stands: those at the two ends. */
      const manyTokens = () =>
        store.transact(async (tx) => {
          for (let at = 0; at < 2_500; at++) {
            const pat = newPat(alice.id, `token-${at}`, { id: `a${String(at).padStart(23, '0')}` as PatId });
            await tx.pats.insert(acme.id, pat);
            await tx.tokens.add(acme.id, newToken(pat, { createdAt: 0 }), newDigest());
            if (at > 200 && at < 2_400) await tx.tokens.endOldest(acme.id, pat.id, 0, endedBy(alice.id, 1));
          }
        });

      test('is counted over any number of tokens, however many of them in a row have no value that stands', async () => {
        await manyTokens();
        expect(await store.tokenSettings.breaksUnder(acme.id, wanted, DAY_MS, 1)).toMatchObject({ tokens: 301 });
      });

      test('is counted a thousand at a time: whoever else waits has a turn in between', async () => {
        await manyTokens();
        let isOver = false;
        const counted = store.tokenSettings.breaksUnder(acme.id, wanted, DAY_MS, 1).finally(() => {
          isOver = true;
        });
        let turns = 0;
        while (!isOver) {
          await new Promise(setImmediate);
          turns += 1;
        }
        expect(turns).toBeGreaterThanOrEqual(3);
        expect((await counted).tokens).toBe(301);
      });

      test('is what a plain count by `endOf` says, whatever stands, is wanted, ended or was used', async () => {
        await fc.assert(
          fc.asyncProperty(fc.array(PAT, { maxLength: 8 }), SETTINGS, SETTINGS, async (pats, standing, wanted) => {
            const tenant = await tenantIn(store, `t${(made++).toString(36).padStart(4, '0')}`);
            await put({}, tenant.id);
            await written(store, tenant, pats);
            await put(standing, tenant.id);
            const found = await store.tokenSettings.breaksUnder(tenant.id, wanted, NOW, 100);
            expect(plain(found)).toEqual(expected(pats, standing, wanted));
          }),
          { numRuns: 150 },
        );
      }, 60_000);
    });

    describe('replays', () => {
      const replay = (own: Partial<Replay> = {}): Replay => ({
        ...{ id: 'r1', asked: 'a1', pat: newId(), owner: alice.id },
        ...{ sealed: Buffer.from(random.bytes(99)), expiresAt: 10 },
        ...own,
      });
      const insert = (one: Replay, now = 5, tenant = acme.id) =>
        store.transact((tx) => tx.replays.insert(tenant, one, now));
      const get = async (id = 'r1', now = 5, tenant = acme.id) => {
        const found = await store.replays.get(tenant, id, now);
        return found && { ...found, sealed: Buffer.from(found.sealed) };
      };

      test('are found by id as they were kept, until they expire', async () => {
        const one = replay();
        expect(await get()).toBeUndefined();
        expect(await insert(one)).toBe(true);
        expect([await get(), await get('r1', 9), await get('r1', 10)]).toEqual([one, one, undefined]);
        expect(await get('r2')).toBeUndefined();
        expect(await get('r1', 5, other.id)).toBeUndefined();
      });

      test('false, and nothing written, while there is one of that id', async () => {
        const first = replay();
        const answers = await Promise.all([first, replay(), replay()].map((one) => insert(one)));
        expect(answers).toEqual([true, false, false]);
        expect(await get()).toEqual(first);
        expect(await insert(replay({ id: 'r1' }), 5, other.id)).toBe(true);
      });

      test('one that has expired makes room for its id; what others left is not the next one’s to remove', async () => {
        await insert(replay());
        await insert(replay(), 5, other.id);
        await insert(replay({ id: 'r2' }));
        const young = replay({ expiresAt: 20 });
        expect(await insert(young, 10)).toBe(true);
        expect(await get('r1', 10)).toEqual(young);
        const kept = await raw.all('select tenant, id, expires_at from replay');
        expect(kept).toHaveLength(3);
        expect(kept).toContainEqual({ tenant: other.id, id: 'r1', expires_at: 10 });
        expect(kept).toContainEqual({ tenant: acme.id, id: 'r2', expires_at: 10 });
      });
    });
  });
}

const NOW = 100 * DAY_MS;
let made = 0;

type Value = {
  readonly createdAt: number;
  readonly expiresAt: number | undefined;
  readonly usedAt: number | undefined;
};
type Held = {
  readonly owner: number;
  readonly active: boolean;
  readonly expiresAt: number | undefined;
  readonly revoked: boolean;
  /** Oldest first. */
  readonly values: readonly Value[];
  /** How many of them stand: the newest. */
  readonly standing: number;
};

/** Around the bounds, where one millisecond decides. */
const near = fc
  .tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: -1, max: 1 }))
  .map(([days, ms]) => NOW - days * DAY_MS + ms);
const orNever = <Some>(some: fc.Arbitrary<Some>) => fc.option(some, { nil: undefined });
const date = orNever(fc.constantFrom(NOW - 1, NOW, NOW + 1, NOW + DAY_MS));
const days = orNever(fc.integer({ min: 1, max: 6 }));
const VALUE: fc.Arbitrary<Value> = fc.record({ createdAt: near, expiresAt: date, usedAt: orNever(near) });
const PAT: fc.Arbitrary<Held> = fc
  .record({
    ...{ owner: fc.integer({ min: 0, max: 2 }), expiresAt: date, revoked: fc.boolean() },
    ...{ values: fc.array(VALUE, { minLength: 1, maxLength: 3 }), standing: fc.integer({ min: 0, max: 3 }) },
  })
  .map((pat) => ({ ...pat, active: pat.owner !== 2 }));
const SETTINGS: fc.Arbitrary<TokenSettings> = fc
  .record({ ageDaysMax: days, idleDaysMax: days })
  .map((some) => ({ ...TOKEN_SETTINGS, ...some }));

async function written(store: Store, tenant: Tenant, pats: readonly Held[]): Promise<void> {
  const owners = [];
  for (const at of [0, 1, 2]) owners.push(await userIn(store, tenant.id, `user-${at}`, [], { active: at !== 2 }));
  for (const [at, { owner, expiresAt, revoked, values, standing }] of pats.entries()) {
    const by = owners[owner] as PrincipalRecord;
    const pat = newPat(by.id, `token-${at}`, { expiresAt });
    await insertPat(store, tenant.id, pat);
    for (const { usedAt, ...own } of values) {
      const { token } = await addValue(store, tenant.id, pat, own);
      if (usedAt === undefined) continue;
      const use = { tenant: tenant.id, token: token.id, at: usedAt, surface: 'rest', address: undefined };
      await store.transact((tx) => tx.tokenUses.note([use]));
    }
    await store.transact((tx) => tx.tokens.endOldest(tenant.id, pat.id, standing, endedBy(by.id, NOW)));
    if (revoked) await revoke(store, tenant.id, by.id, pat.id);
  }
}

/** The same by the domain's own arithmetic, token by token. */
function expected(pats: readonly Held[], standing: TokenSettings, wanted: TokenSettings) {
  const byOwner: Record<string, number> = {};
  for (const pat of pats) {
    if (pat.revoked || !pat.active) continue;
    const lives = (value: Value, settings: TokenSettings) =>
      [pat.expiresAt, endOf(settings, { ...value, lastUsedAt: value.usedAt })].every((end) => (end ?? Infinity) > NOW);
    const stand = pat.standing === 0 ? [] : pat.values.slice(-pat.standing);
    if (!stand.some((value) => lives(value, standing) && !lives(value, wanted))) continue;
    const name = `user-${pat.owner}@example.com`;
    byOwner[name] = (byOwner[name] ?? 0) + 1;
  }
  const counts = Object.values(byOwner);
  return { tokens: counts.reduce((sum, count) => sum + count, 0), ownersTotal: counts.length, byOwner };
}

const plain = ({ tokens, ownersTotal, owners }: Breaks) => ({
  ...{ tokens, ownersTotal },
  byOwner: Object.fromEntries(owners.map(({ owner, tokens }) => [owner.name, tokens])),
});
