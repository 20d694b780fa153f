import { beforeEach, describe, expect, test } from 'vitest';
import type { PrincipalId, PrincipalRecord } from '#domain/principal.ts';
import type { Tenant } from '#domain/tenant.ts';
import { type PatId, parseTokenName } from '#domain/token.ts';
import type { Store } from '#ports/store.ts';
import type { Adapter } from './adapters.ts';
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
  revoke,
  userIn,
} from './world.ts';

/** What `Store` promises of personal access tokens, sentence by sentence. */
export function patConformance(adapter: Adapter): void {
  describe(`${adapter.name} keeps the promises of Store about personal access tokens`, () => {
    let store: Store;
    let acme: Tenant;
    let alice: PrincipalRecord;
    beforeEach(async () => {
      ({ store, acme, alice } = await openWorld(adapter));
    });
    const held = (name: string, own = {}) => heldBy(store, acme.id, alice.id, name, own);
    const list = (page: object = {}) => store.pats.list(acme.id, alice.id, { ...EVERYTHING, ...page });
    const namesIn = async (page: object = {}) => (await list(page)).rows.map(({ pat }) => pat.name);
    const rename = (id: PatId, name: string, owner = alice.id) =>
      store.transact((tx) => tx.pats.rename(acme.id, owner, id, parseTokenName(name), 9));

    describe('personal access tokens', () => {
      test('false, and nothing written, when the owner has an unrevoked one of that name', async () => {
        const { pat } = await held('deploy');
        const second = newPat(alice.id, 'deploy');
        expect(await insertPat(store, acme.id, second)).toBe(false);
        expect(await store.pats.get(acme.id, alice.id, second.id)).toBeUndefined();
        expect(await store.pats.byName(acme.id, alice.id, pat.name)).toEqual(pat);
      });

      test('of one name belong to different owners, or to the same after a revocation', async () => {
        const { pat } = await held('deploy');
        const bob = await userIn(store, acme.id, 'bob');
        expect(await insertPat(store, acme.id, newPat(bob.id, 'deploy'))).toBe(true);
        await revoke(store, acme.id, alice.id, pat.id);
        const second = newPat(alice.id, 'deploy');
        expect(await insertPat(store, acme.id, second)).toBe(true);
        expect(await store.pats.byName(acme.id, alice.id, pat.name)).toEqual(second);
      });

      test('are inserted under one name once, however many ask at once', async () => {
        const asked = Array.from({ length: 50 }, () => insertPat(store, acme.id, newPat(alice.id, 'same')));
        expect((await Promise.all(asked)).filter((inserted) => inserted)).toHaveLength(1);
        expect(await namesIn()).toEqual(['same']);
      });

      test('are found by their owner alone, those that were revoked too; a name finds what stands', async () => {
        const { pat, view } = await held('deploy');
        const bob = await userIn(store, acme.id, 'bob');
        expect(await store.pats.get(acme.id, alice.id, pat.id)).toEqual(pat);
        expect(await store.pats.view(acme.id, alice.id, pat.id)).toEqual(view);
        expect(await store.pats.get(acme.id, bob.id, pat.id)).toBeUndefined();
        expect(await store.pats.view(acme.id, bob.id, pat.id)).toBeUndefined();
        expect(await store.pats.byName(acme.id, bob.id, pat.name)).toBeUndefined();
        await revoke(store, acme.id, alice.id, pat.id, 5);
        const ended = { ...pat, ended: endedBy(alice.id, 5) };
        expect(await store.pats.get(acme.id, alice.id, pat.id)).toEqual(ended);
        expect(await store.pats.view(acme.id, alice.id, pat.id)).toEqual({ ...view, pat: ended });
        expect(await store.pats.byName(acme.id, alice.id, pat.name)).toBeUndefined();
      });

      test('say who made them, where that is not their owner', async () => {
        const bob = await userIn(store, acme.id, 'bob');
        const { pat } = await held('deploy', { createdBy: bob.id });
        expect((await store.pats.get(acme.id, alice.id, pat.id))?.createdBy).toBe(bob.id);
        expect(await store.pats.get(acme.id, bob.id, pat.id)).toBeUndefined();
      });

      test('of an owner are counted that are neither revoked nor past their own date', async () => {
        const count = (now: number, owner = alice.id) => store.pats.countLive(acme.id, owner, now);
        expect(await count(0)).toBe(0);
        const [one, two] = [await held('one'), await held('two', { expiresAt: 5 })];
        await heldBy(store, acme.id, (await userIn(store, acme.id, 'bob')).id, 'bobs');
        await addValue(store, acme.id, one.pat);
        expect([await count(4), await count(5), await count(6)]).toEqual([2, 1, 1]);
        await revoke(store, acme.id, alice.id, one.pat.id);
        expect([await count(4), await count(5)]).toEqual([1, 0]);
        await revoke(store, acme.id, alice.id, two.pat.id);
        expect(await count(4)).toBe(0);
      });

      test('of an owner are counted however many there are', async () => {
        // More than one statement reads; and where inserting is quick, more ids than one can name.
        const many = adapter.name === 'SQLite' ? 17_000 : 2_500;
        await store.transact(async (tx) => {
          for (let at = 0; at < many; at++) {
            const pat = newPat(alice.id, `token-${at}`);
            await tx.pats.insert(acme.id, pat);
            await tx.tokens.add(acme.id, newToken(pat), newDigest());
          }
        });
        expect(await store.pats.countLive(acme.id, alice.id, 0)).toBe(many);
      });

      test('are renamed by their owner alone, and are as they were but for name and time of change', async () => {
        const { pat, view } = await held('deploy');
        const renamed = { ...view, pat: { ...pat, name: parseTokenName('release'), updatedAt: 9 } };
        expect(await rename(pat.id, 'release')).toBe(true);
        expect(await store.pats.view(acme.id, alice.id, pat.id)).toEqual(renamed);
        expect(await store.pats.byName(acme.id, alice.id, pat.name)).toBeUndefined();
        expect(await rename(pat.id, 'release')).toBe(true); // to what it is called already
        const bob = await userIn(store, acme.id, 'bob');
        await expect(rename(pat.id, 'bobs', bob.id)).rejects.toThrow();
        expect(await namesIn()).toEqual(['release']);
      });

      test('false, and nothing written, when the owner has another unrevoked one of that name', async () => {
        const [one, two] = [await held('one'), await held('two')];
        const bob = await userIn(store, acme.id, 'bob');
        await heldBy(store, acme.id, bob.id, 'bobs');
        expect(await rename(one.pat.id, 'two')).toBe(false);
        expect(await store.pats.get(acme.id, alice.id, one.pat.id)).toEqual(one.pat);
        expect(await rename(one.pat.id, 'bobs')).toBe(true);
        await revoke(store, acme.id, alice.id, two.pat.id);
        expect(await rename(one.pat.id, 'two')).toBe(true);
      });

      test('to one name at the same moment, one is renamed', async () => {
        const ids = [];
        for (let at = 0; at < 20; at++) ids.push((await held(`token-${at}`)).pat.id);
        const renamed = await Promise.all(ids.map((id) => rename(id, 'same')));
        expect(renamed.filter((done) => done)).toHaveLength(1);
        expect((await namesIn()).filter((name) => name === 'same')).toHaveLength(1);
      });

      test('that were revoked, or are not there, are not renamed: it throws, and nothing is written', async () => {
        const { pat } = await held('gone');
        await revoke(store, acme.id, alice.id, pat.id, 5);
        await expect(rename(pat.id, 'back')).rejects.toThrow();
        await expect(rename(newId(), 'none')).rejects.toThrow();
        expect(await store.pats.get(acme.id, alice.id, pat.id)).toEqual({ ...pat, ended: endedBy(alice.id, 5) });
      });

      test('are revoked by their owner alone, and the first end stays', async () => {
        const { pat, digest } = await held('deploy');
        const bob = await userIn(store, acme.id, 'bob');
        const by = (owner: PrincipalId, at: number) => revoke(store, acme.id, owner, pat.id, at);
        expect(await by(bob.id, 5)).toBe(false);
        expect((await store.tokens.byDigest([digest]))?.ended).toBe(false);
        expect([await by(alice.id, 6), await by(alice.id, 7)]).toEqual([true, true]);
        expect(await store.pats.get(acme.id, alice.id, pat.id)).toEqual({ ...pat, ended: endedBy(alice.id, 6) });
        expect((await store.tokens.byDigest([digest]))?.ended).toBe(true);
      });

      test('are all ended at once, those of this owner that stood; it says which', async () => {
        const [one, two, gone] = [await held('one'), await held('two'), await held('gone')];
        const bob = await userIn(store, acme.id, 'bob');
        const bobs = await heldBy(store, acme.id, bob.id, 'one');
        await revoke(store, acme.id, alice.id, gone.pat.id, 5);
        const ended = { at: 6, by: bob.id, reason: 'revoked_all' } as const;
        const which = await store.transact((tx) => tx.pats.revokeAll(acme.id, alice.id, ended));
        expect([[...which.ended].sort(), which.unproved]).toEqual([[one.pat.id, two.pat.id].sort(), []]);
        expect(await list()).toEqual({ rows: [], total: 0 });
        expect(await store.pats.get(acme.id, alice.id, one.pat.id)).toEqual({ ...one.pat, ended });
        expect(await store.pats.get(acme.id, alice.id, gone.pat.id)).toEqual({
          ...gone.pat,
          ended: endedBy(alice.id, 5),
        });
        expect((await store.pats.list(acme.id, bob.id, EVERYTHING)).rows).toEqual([bobs.view]);
        expect(await store.transact((tx) => tx.pats.revokeAll(acme.id, alice.id, ended))).toEqual({
          ended: [],
          unproved: [],
        });
      });

      test('lists what the owner holds and has not revoked, expired ones too, newest first; `total` counts past the page', async () => {
        const old = await held('old-ci', { createdAt: 1, expiresAt: 2 });
        const gone = await held('gone-ci', { createdAt: 2 });
        const young = await held('new-ci', { createdAt: 3 });
        await held('elsewhere', { createdAt: 4 });
        await heldBy(store, acme.id, (await userIn(store, acme.id, 'bob')).id, 'bob-ci');
        await revoke(store, acme.id, alice.id, gone.pat.id, 5);
        const ci = (page: object = {}) => list({ nameContains: '-ci', ...page });
        expect(await ci()).toEqual({ rows: [young.view, old.view], total: 2 });
        expect(await ci({ limit: 1 })).toEqual({ rows: [young.view], total: 2 });
        expect(await ci({ limit: 1, offset: 1 })).toEqual({ rows: [old.view], total: 2 });
        expect(await ci({ offset: 9 })).toEqual({ rows: [], total: 2 });
        expect(await ci({ limit: 0 })).toEqual({ rows: [], total: 2 });
      });

      test('revoked ones are listed too, of those that ended after this instant, in their own place', async () => {
        const [old, gone, young] = [
          await held('old', { createdAt: 1 }),
          await held('gone', { createdAt: 2 }),
          await held('young', { createdAt: 3 }),
        ];
        await revoke(store, acme.id, alice.id, gone.pat.id, 5);
        const shown = { ...gone.view, pat: { ...gone.pat, ended: endedBy(alice.id, 5) } };
        expect(await list({ endedAfter: 4 })).toEqual({ rows: [young.view, shown, old.view], total: 3 });
        expect(await list({ endedAfter: 4, limit: 1, offset: 1 })).toEqual({ rows: [shown], total: 3 });
        expect(await list({ endedAfter: 4, nameContains: 'on' })).toEqual({ rows: [shown], total: 1 });
        expect(await list({ endedAfter: 5 })).toEqual({ rows: [young.view, old.view], total: 2 });
        expect(await list()).toEqual({ rows: [young.view, old.view], total: 2 });
      });

      test('are paged without a gap or a repetition, made in the same instant or not', async () => {
        const names = Array.from({ length: 9 }, (_, at) => `token-${at}`);
        for (const name of names) await held(name, { createdAt: 7 });
        const pages = await Promise.all([0, 4, 8].map((offset) => namesIn({ limit: 4, offset })));
        expect(pages.flat().sort()).toEqual(names);
      });

      test.each(['%', '_', '\\', '%\\', 'dep_oy', 'd%y', '\0', 'deploy\0', '"', `'`])(
        'a name search is literal: %j finds nothing',
        async (nameContains) => {
          await held('deploy');
          expect(await list({ nameContains })).toEqual({ rows: [], total: 0 });
        },
      );

      test('a name search knows no case', async () => {
        await held('deploy');
        expect(await namesIn({ nameContains: 'EPLO' })).toEqual(['deploy']);
      });

      test('more than a thousand come in one page, each with its own values', async () => {
        const pats = Array.from({ length: 1_001 }, (_, at) => newPat(alice.id, `token-${at}`, { createdAt: at }));
        await store.transact(async (tx) => {
          for (const pat of pats) {
            await tx.pats.insert(acme.id, pat);
            await tx.tokens.add(acme.id, newToken(pat), newDigest());
          }
        });
        const { rows, total } = await list();
        expect(rows.map(({ pat }) => pat)).toEqual(pats.toReversed());
        expect(rows.map(({ pat, tokens }) => tokens.map((token) => token.pat === pat.id))).toEqual(
          pats.map(() => [true]),
        );
        expect(total).toBe(1_001);
      });
    });
  });
}
