import { beforeEach, describe, expect, test } from 'vitest';
import type { PrincipalRecord } from '#domain/principal.ts';
import { compile, tenantWide } from '#domain/rights.ts';
import { builtIn } from '#domain/role.ts';
import type { Tenant } from '#domain/tenant.ts';
import { LIVE_GENERATIONS_MAX, type Token, type TokenId } from '#domain/token.ts';
import type { Store } from '#ports/store.ts';
import { statementsOf } from '#support/statements.ts';
import type { Adapter, Raw } from './adapters.ts';
import {
  addValue,
  EVERYTHING,
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
  standing,
  userIn,
  viewOf,
} from './world.ts';

/** What `Store` promises of the values of tokens and their uses, sentence by sentence. */
export function tokenValueConformance(adapter: Adapter): void {
  describe(`${adapter.name} keeps the promises of Store about values of tokens`, () => {
    let store: Store;
    let raw: Raw;
    let acme: Tenant;
    let other: Tenant;
    let alice: PrincipalRecord;
    beforeEach(async () => {
      ({ store, raw, acme, other, alice } = await openWorld(adapter));
    });
    const held = (name: string, own = {}) => heldBy(store, acme.id, alice.id, name, own);
    const list = (page: object = {}) => store.pats.list(acme.id, alice.id, { ...EVERYTHING, ...page });
    const namesIn = async (page: object = {}) => (await list(page)).rows.map(({ pat }) => pat.name);

    describe('values of personal access tokens', () => {
      test('are found by digest under any pepper in use, with all that accepting one needs', async () => {
        const { pat, token, digest } = await held('deploy');
        const known = {
          ...{ tenant: acme, principal: { id: alice.id, kind: 'user', name: alice.name } },
          ...{ rights: compile(tenantWide(builtIn('tenant-member'))), expiresAt: undefined, ended: false },
          issuedAt: token.createdAt,
          credential: {
            ...{ kind: 'token', id: token.id, pat: pat.id, generation: token.generation, name: pat.name },
            ...{ preview: token.preview, expiresAt: undefined },
          },
          restsOn: [token.id, pat.id, alice.id, acme.id],
        };
        expect(await store.tokens.byDigest([digest])).toEqual(known);
        expect(await store.tokens.byDigest([random.bytes(32), digest])).toEqual(known);
        expect(await store.tokens.byDigest([random.bytes(32)])).toBeUndefined();
        expect(await store.tokens.byGeneration(acme.id, token.pat, token.generation)).toEqual(known);
        expect(await store.tokens.byGeneration(acme.id, token.pat, 99)).toBeUndefined();
      });

      test('of another tenant than the one that is asked about were never issued, by the same one statement', async () => {
        const { digest } = await held('deploy');
        const asked = (one: typeof digest, within: Tenant) =>
          statementsOf(() => store.tokens.byDigest([one], within.id));
        expect((await asked(digest, acme)).result).toEqual(await store.tokens.byDigest([digest]));
        const never = await asked(random.bytes(32), other);
        expect(never.statements).toHaveLength(1);
        // Its row is read, or a row whose tenant was changed by hand would be one that was never issued.
        expect(await asked(digest, other)).toEqual({ ...never, rows: 1, result: undefined });
      });

      test('are found by their number as by digest, whatever their standing, and in a transaction as they stand there', async () => {
        const { pat, token, digest } = await held('deploy', { expiresAt: 9 });
        const within = await store.transact(async (tx) => {
          await tx.pats.revoke(acme.id, alice.id, pat.id, endedBy(alice.id, 5));
          return tx.tokens.byGeneration(acme.id, token.pat, token.generation);
        });
        const known = await store.tokens.byDigest([digest]);
        expect([within, await store.tokens.byGeneration(acme.id, token.pat, token.generation)]).toEqual([known, known]);
        expect(known).toMatchObject({ ended: true, expiresAt: 9 });
      });

      test.each([
        { pat: undefined, value: undefined, expected: undefined },
        { pat: 5, value: undefined, expected: 5 },
        { pat: undefined, value: 6, expected: 6 },
        { pat: 5, value: 6, expected: 5 },
        { pat: 6, value: 5, expected: 5 },
      ])('of a token until $pat, itself until $value, is good until $expected', async ({ pat, value, expected }) => {
        const owner = await held('deploy', { expiresAt: pat });
        const { digest } = await addValue(store, acme.id, owner.pat, { expiresAt: value });
        const known = await store.tokens.byDigest([digest]);
        expect([known?.expiresAt, known?.credential.expiresAt]).toEqual([expected, expected]);
      });

      test('are ended with themselves, their token or their principal; none is added for another’s token', async () => {
        const ended = async (digest: Uint8Array) => (await store.tokens.byDigest([digest]))?.ended;
        const own = await held('own');
        const { digest: stands } = await addValue(store, acme.id, own.pat);
        await store.transact((tx) => tx.tokens.endOldest(acme.id, own.pat.id, 1, endedBy(alice.id, 5)));
        expect([await ended(own.digest), await ended(stands)]).toEqual([true, false]);
        await revoke(store, acme.id, alice.id, own.pat.id);
        expect(await ended(stands)).toBe(true);
        const gone = await userIn(store, acme.id, 'gone', [], { active: false });
        expect(await ended((await heldBy(store, acme.id, gone.id, 'deploy')).digest)).toBe(true);
        const { pat } = await held('alices');
        const bob = await userIn(store, acme.id, 'bob');
        await expect(addValue(store, acme.id, pat, { subject: bob.id })).rejects.toThrow();
        expect(await store.tokens.lastGeneration(acme.id, pat.id)).toBe(1);
      });

      test('are numbered from 1, and numbers only grow, whatever has ended', async () => {
        const { pat } = await held('deploy');
        await addValue(store, acme.id, pat);
        await store.transact((tx) => tx.tokens.endOldest(acme.id, pat.id, 0, endedBy(alice.id, 5)));
        expect(await store.tokens.lastGeneration(acme.id, pat.id)).toBe(2);
        const { token } = await addValue(store, acme.id, pat);
        expect(token.generation).toBe(3);
        expect((await store.pats.view(acme.id, alice.id, pat.id))?.tokens).toEqual([standing(token)]);
        const empty = newPat(alice.id, 'empty');
        await insertPat(store, acme.id, empty);
        expect(await store.tokens.lastGeneration(acme.id, empty.id)).toBe(0);
        expect(await store.tokens.lastGeneration(acme.id, newId())).toBe(0);
      });

      test('a generation that is taken undoes the transaction', async () => {
        const { pat } = await held('deploy');
        const twice = store.transact(async (tx) => {
          await tx.pats.insert(acme.id, newPat(alice.id, 'beside'));
          await tx.tokens.add(acme.id, newToken(pat), newDigest());
        });
        await expect(twice).rejects.toThrow();
        expect(await namesIn()).toEqual(['deploy']);
        expect(await store.tokens.lastGeneration(acme.id, pat.id)).toBe(1);
      });

      test('are kept with their format and the key that signed them', async () => {
        const { pat } = await held('deploy');
        const key = newId<'Key'>();
        const { token } = await addValue(store, acme.id, pat, { format: 'jwt', signedBy: key });
        const [young, old] = (await store.pats.view(acme.id, alice.id, pat.id))?.tokens ?? [];
        expect(young).toEqual(standing(token));
        expect([old?.format, old?.signedBy]).toEqual(['opaque', undefined]);
      });

      test('signed by a key live while they and their token are neither ended nor past their date, in whatever tenant', async () => {
        const key = newId<'Key'>();
        const live = (now: number) => store.tokens.anyLivedAfter(key, now);
        const signed = { format: 'jwt', signedBy: key } as const;
        await held('opaque');
        expect(await live(0)).toBe(false);
        const mortal = await held('mortal');
        await addValue(store, acme.id, mortal.pat, { ...signed, expiresAt: 5 });
        expect([await live(4), await live(5)]).toEqual([true, false]);
        const theirs = await heldBy(store, other.id, (await userIn(store, other.id, 'eve')).id, 'theirs');
        await addValue(store, other.id, theirs.pat, signed);
        expect(await live(6)).toBe(true);
        await store.transact((tx) => tx.tokens.endOldest(other.id, theirs.pat.id, 0, endedBy(alice.id, 5)));
        expect(await live(6)).toBe(false);
        const dated = await held('dated', { expiresAt: 8 });
        await addValue(store, acme.id, dated.pat, signed);
        expect([await live(7), await live(8)]).toEqual([true, false]);
        await revoke(store, acme.id, alice.id, dated.pat.id);
        expect(await live(7)).toBe(false);
        expect(await store.tokens.anyLivedAfter(newId(), 0)).toBe(false);
      });

      test('signed by a key end, in any tenant; in place of the last that a token has, the token; it says which', async () => {
        const key = newId<'Key'>();
        const signed = { format: 'jwt', signedBy: key } as const;
        const [mixed, alone] = [await held('mixed'), await held('alone')];
        const one = await addValue(store, acme.id, mixed.pat, signed);
        await store.transact((tx) => tx.tokens.endOldest(acme.id, alone.pat.id, 0, endedBy(alice.id, 4)));
        const [old, last] = [
          await addValue(store, acme.id, alone.pat, signed),
          await addValue(store, acme.id, alone.pat, signed),
        ];
        const theirs = await heldBy(store, other.id, (await userIn(store, other.id, 'eve')).id, 'theirs');
        const foreign = await addValue(store, other.id, theirs.pat, signed);
        const gone = await held('gone');
        await addValue(store, acme.id, gone.pat, signed);
        await revoke(store, acme.id, alice.id, gone.pat.id, 4);
        const end = () => store.transact((tx) => tx.tokens.endSignedBy(key, endedBy(alice.id, 5)));
        const { ended, unproved } = await end();
        expect(unproved).toEqual([]);
        expect([...ended].sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual(
          [
            ...[one, old, foreign].map(({ token }) => ({ kind: 'token', id: token.id })),
            { kind: 'pat', id: alone.pat.id },
          ].sort((a, b) => (a.id < b.id ? -1 : 1)),
        );
        const isEnded = async (digest: Uint8Array) => (await store.tokens.byDigest([digest]))?.ended;
        expect(
          await Promise.all([one, old, last, foreign, mixed, theirs].map(({ digest }) => isEnded(digest))),
        ).toEqual([...[true, true, true, true], ...[false, false]]);
        expect((await store.pats.view(acme.id, alice.id, alone.pat.id))?.tokens).toEqual([standing(last.token)]);
        expect((await store.pats.get(acme.id, alice.id, gone.pat.id))?.ended).toEqual(endedBy(alice.id, 4));
        expect(await end()).toEqual({ ended: [], unproved: [] });
      });

      test('beyond the `keep` newest, ended ones counted, what stands ends, and it says which', async () => {
        const { pat, token: first } = await held('deploy');
        const later = [];
        for (let at = 0; at < 3; at++) later.push((await addValue(store, acme.id, pat)).token);
        const [second, third, fourth] = later;
        const keep = (kept: number) =>
          store.transact((tx) => tx.tokens.endOldest(acme.id, pat.id, kept, endedBy(alice.id, 5)));
        const shown = async () => (await store.pats.view(acme.id, alice.id, pat.id))?.tokens;
        expect(await keep(4)).toEqual([]);
        expect([...(await keep(2))].sort()).toEqual([first.id, second?.id].sort());
        expect(await shown()).toEqual([fourth, third].map((token) => standing(token as Token)));
        expect(await keep(1)).toEqual([third?.id]);
        expect(await shown()).toEqual([standing(fourth as Token)]);
      });

      test('that stand are all shown, also where one between them was ended, and no older one is left alive', async () => {
        const key = newId<'Key'>();
        const { pat, digest } = await held('deploy');
        await addValue(store, acme.id, pat, { format: 'jwt', signedBy: key });
        for (let generation = 3; generation <= LIVE_GENERATIONS_MAX; generation++) await addValue(store, acme.id, pat);
        await store.transact((tx) => tx.tokens.endSignedBy(key, endedBy(alice.id, 4)));
        const shown = async () => (await store.pats.view(acme.id, alice.id, pat.id))?.tokens.length;
        expect(await shown()).toBe(LIVE_GENERATIONS_MAX - 1);
        for (let more = 0; more < 3; more++) {
          await addValue(store, acme.id, pat);
          await store.transact((tx) =>
            tx.tokens.endOldest(acme.id, pat.id, LIVE_GENERATIONS_MAX, endedBy(alice.id, 5)),
          );
          const live = await raw.all('select id from token where pat = ? and ended_at is null', pat.id);
          expect(await shown()).toBe(live.length);
        }
        expect((await store.tokens.byDigest([digest]))?.ended).toBe(true);
      });

      test('a digest is remembered once', async () => {
        const { pat } = await held('deploy');
        const digest = newDigest();
        const add = (generation: number) =>
          store.transact((tx) => tx.tokens.add(acme.id, newToken(pat, { generation }), digest));
        await add(2);
        await expect(add(3)).rejects.toThrow();
      });
    });

    describe('uses', () => {
      test('notes when tokens were last used; an older use never replaces a newer one', async () => {
        const { pat, token } = await held('deploy');
        const note = (at: number, surface = 'rest', address: string | undefined = '192.0.2.1') =>
          store.transact((tx) => tx.tokenUses.note([{ tenant: acme.id, token: token.id, at, surface, address }]));
        const lastUse = async () => (await store.pats.view(acme.id, alice.id, pat.id))?.lastUse;
        await note(5);
        expect(await lastUse()).toEqual({ at: 5, surface: 'rest', address: '192.0.2.1' });
        await note(4, 'browser');
        await note(5, 'browser');
        expect(await lastUse()).toEqual({ at: 5, surface: 'rest', address: '192.0.2.1' });
        await store.transact((tx) =>
          tx.tokenUses.note([{ tenant: acme.id, token: token.id, at: 6, surface: 'browser', address: undefined }]),
        );
        expect(await lastUse()).toEqual({ at: 6, surface: 'browser', address: undefined });
      });

      test('of a personal access token, the last one of any of its values that stand is shown', async () => {
        const { pat, token: first } = await held('deploy');
        const { token: second } = await addValue(store, acme.id, pat);
        const use = { tenant: acme.id, surface: 'rest', address: undefined };
        await store.transact((tx) =>
          tx.tokenUses.note([
            { ...use, token: first.id, at: 9 },
            { ...use, token: second.id, at: 8 },
          ]),
        );
        expect((await store.pats.view(acme.id, alice.id, pat.id))?.lastUse?.at).toBe(9);
        expect((await list()).rows[0]?.lastUse?.at).toBe(9);
      });
      test('after the end are noted likewise, and shown with the token, ended values’ too', async () => {
        const { pat, token: first } = await held('deploy');
        const { token: second } = await addValue(store, acme.id, pat);
        await store.transact((tx) => tx.tokens.endOldest(acme.id, pat.id, 1, endedBy(alice.id, 5)));
        const note = (token: TokenId, at: number, address?: string) =>
          store.transact((tx) =>
            tx.tokenUses.noteDead([{ tenant: acme.id, pat: pat.id, token, at, surface: 'rest', address }]),
          );
        const view = () => store.pats.view(acme.id, alice.id, pat.id);
        expect((await view())?.deadUse).toBeUndefined();
        await note(first.id, 6, '192.0.2.1');
        await note(first.id, 5);
        const dead = { at: 6, surface: 'rest', address: '192.0.2.1' };
        expect(await view()).toEqual({ ...viewOf(pat, [second]), deadUse: dead });
        await revoke(store, acme.id, alice.id, pat.id, 7);
        await note(second.id, 8);
        expect((await view())?.deadUse).toEqual({ at: 8, surface: 'rest', address: undefined });
        expect((await list({ endedAfter: 6 })).rows[0]?.deadUse?.at).toBe(8);
        expect((await view())?.lastUse).toBeUndefined();
      });
    });
  });
}
