import { beforeEach, describe, expect, test } from 'vitest';
import type { AuditEntry } from '#domain/audit.ts';
import { type PrincipalRecord, parseEmail } from '#domain/principal.ts';
import type { Tenant } from '#domain/tenant.ts';
import { parseTokenName } from '#domain/token.ts';
import { TOKEN_SETTINGS } from '#domain/token-settings.ts';
import type { Moved } from '#ports/changes.ts';
import type { Store } from '#ports/store.ts';
import type { Adapter, Raw } from './adapters.ts';
import {
  EVERYTHING,
  endedBy,
  fixedMacs,
  heldBy,
  invitationFor,
  newDigest,
  newId,
  newPat,
  newToken,
  openWorld,
  random,
  revoke,
  sessionOf,
} from './world.ts';

const onPurpose = new Error('on purpose');

/** What `Store` promises of everything that is written together, sentence by sentence. */
export function storeConformance(adapter: Adapter): void {
  describe(`${adapter.name} keeps the promises of Store about transactions`, () => {
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

    describe('deliveries', () => {
      test('are pending until they are marked, and the sealed token is gone with that', async () => {
        const sealed = Buffer.from(random.bytes(40));
        const delivery = { token: newId<'Token'>(), pat: newId<'PersonalAccessToken'>(), sealed };
        await store.transact((tx) => tx.deliveries.insert(acme.id, delivery));
        const pending = await store.deliveries.pending(acme.id);
        expect({ ...pending, sealed: Buffer.from(pending?.sealed ?? []) }).toEqual(delivery);
        await store.transact((tx) => tx.deliveries.markDelivered(acme.id, newId(), 6));
        expect((await store.deliveries.pending(acme.id))?.token).toBe(delivery.token);
        for (const at of [7, 8]) {
          await store.transact((tx) => tx.deliveries.markDelivered(acme.id, delivery.token, at));
        }
        expect(await store.deliveries.pending(acme.id)).toBeUndefined();
        const kept = await raw.all('select sealed, delivered_at from delivery');
        expect(kept).toEqual([{ sealed: null, delivered_at: 7 }]);
      });
    });

    describe('changes', () => {
      const append = (...moved: Moved[]) => store.transact((tx) => tx.changes.append(moved));

      /** Without their ages, which are the database's. */
      const since = async (sequence: number) =>
        (await store.changes.since(sequence)).map(({ ageMs: _, ...change }) => change);

      test('are numbered in commit order, those rolled back not at all', async () => {
        expect(await store.changes.latest()).toBe(0);
        const [first, second] = [newId(), newId()];
        await append({ kind: 'token', id: first }, { kind: 'principal', id: alice.id });
        const failed = store.transact(async (tx) => {
          await tx.changes.append([{ kind: 'token', id: newId() }]);
          throw onPurpose;
        });
        await Promise.all([expect(failed).rejects.toBe(onPurpose), append({ kind: 'pat', id: second })]);
        const [one, two, three, ...rest] = await since(0);
        expect([one, two]).toEqual(
          expect.arrayContaining([
            { sequence: 1, moved: { kind: 'token', id: first } },
            { sequence: 1, moved: { kind: 'principal', id: alice.id } },
          ]),
        );
        expect([three, ...rest]).toEqual([{ sequence: 2, moved: { kind: 'pat', id: second } }]);
        expect(await since(1)).toEqual([three]);
        expect(await since(2)).toEqual([]);
        expect(await store.changes.latest()).toBe(2);
      });

      test('their number is the answer; nothing that moved takes no number, and is 0', async () => {
        expect(await append()).toBe(0);
        expect(await store.changes.latest()).toBe(0);
        const one = (): Moved => ({ kind: 'token', id: newId() });
        const numbers = [await append(one()), await append(one(), one()), await append(), await append(one())];
        expect([numbers, await store.changes.latest()]).toEqual([[1, 2, 0, 3], 3]);
      });

      test('of bodies that commit together have a number each, without a gap, which is the answer', async () => {
        const ids = Array.from({ length: 40 }, () => newId());
        const numbers = await Promise.all(ids.map((id) => append({ kind: 'session', id })));
        const found = (await since(0)).map(({ sequence, moved }) => [sequence, moved.id]);
        expect(found.map(([sequence]) => sequence)).toEqual(ids.map((_, at) => at + 1));
        expect(new Set(found.map(String))).toEqual(new Set(ids.map((id, at) => `${numbers[at]},${id}`)));
      });
    });

    describe('transactions', () => {
      test('a body that throws leaves nothing, and takes nothing of its neighbours with it', async () => {
        const fail = store.transact(async (tx) => {
          const pat = newPat(alice.id, 'broken');
          await tx.pats.insert(acme.id, pat);
          await tx.tokens.add(acme.id, newToken(pat), newDigest());
          throw onPurpose;
        });
        const neighbours = [held('before'), fail, held('after')];
        expect((await Promise.allSettled(neighbours)).map(({ status }) => status)).toEqual([
          'fulfilled',
          'rejected',
          'fulfilled',
        ]);
        expect((await namesIn()).sort()).toEqual(['after', 'before']);
        expect(await raw.all('select count(*) as n from token')).toEqual([{ n: 2 }]);
      });

      test('a statement that fails leaves nothing of its body either, and is no outage', async () => {
        await held('deploy');
        const ofNothing = store.transact(async (tx) => {
          await tx.pats.insert(acme.id, newPat(alice.id, 'other'));
          await tx.tokens.add(acme.id, newToken(newPat(alice.id, 'never inserted')), newDigest());
        });
        await expect(ofNothing).rejects.not.toMatchObject({ code: 'unavailable' });
        expect(await namesIn()).toEqual(['deploy']);
      });

      test('reads outside see only what is committed', async () => {
        const totals: number[] = [];
        await store.transact(async (tx) => {
          await tx.pats.insert(acme.id, newPat(alice.id, 'deploy'));
          totals.push((await list()).total);
        });
        totals.push((await list()).total);
        expect(totals).toEqual([0, 1]);
      });

      test('reads inside see their own writes and what was committed before', async () => {
        const totals: number[] = [];
        for (const name of ['one', 'two', 'three']) {
          await store.transact(async (tx) => {
            await tx.pats.insert(acme.id, newPat(alice.id, name));
            totals.push((await tx.pats.list(acme.id, alice.id, EVERYTHING)).total);
          });
        }
        expect(totals).toEqual([1, 2, 3]);
      });

      test('a result is the body’s own', async () => {
        const answers = await Promise.all(Array.from({ length: 40 }, (_, at) => store.transact(async () => at)));
        expect(answers).toEqual(Array.from({ length: 40 }, (_, at) => at));
      });

      test('what was committed is there for whoever opens the database next', async () => {
        const { again, store: first, alice: she, acme: tenant } = await openWorld(adapter);
        const { view } = await heldBy(first, tenant.id, she.id, 'deploy');
        await first.close();
        const second = (await again()).store(fixedMacs());
        expect((await second.pats.list(tenant.id, she.id, EVERYTHING)).rows).toEqual([view]);
        await second.close();
      });

      test('a store that is closed is an outage, for reads and for writes', async () => {
        const { digest } = await held('deploy');
        await store.close();
        await expect(store.tokens.byDigest([digest])).rejects.toMatchObject({ code: 'unavailable' });
        await expect(store.transact(async () => 1)).rejects.toMatchObject({ code: 'unavailable' });
      });
    });

    test('an audit entry is kept whole, and where it came from beside it', async () => {
      const entry: AuditEntry = {
        ...{ id: newId<'AuditEntry'>(), at: 5, tenant: acme.id, principal: alice.id, principalKind: 'user' as const },
        ...{ credential: undefined, surface: 'rest' as const, requestId: 'r', resource: 'session/x' },
        ...{ action: 'session:Create' as const, decision: 'allowed' as const, details: { count: 3 } },
      };
      const origins = [
        { address: '192.0.2.1', userAgent: 'curl' },
        { address: undefined, userAgent: undefined },
      ];
      for (const origin of origins) {
        await store.transact((tx) => tx.audit.append({ ...entry, id: newId() }, origin));
      }
      await store.transact((tx) => tx.audit.append(entry, origins[0] as (typeof origins)[0]));
      const rows = await raw.all('select entry, address, user_agent from audit_entry where id = ?', entry.id);
      const kept = { entry: JSON.stringify(entry), address: '192.0.2.1', user_agent: 'curl' };
      expect(rows).toEqual([kept]);
      expect(kept.entry).not.toContain('192.0.2.1');
      expect(await raw.all('select count(*) as n from audit_entry where address is null')).toEqual([{ n: 1 }]);
    });

    test('what one tenant has is not seen, changed or in the way in another', async () => {
      const { pat, token, digest, view } = await held('deploy');
      const session = await sessionOf(store, acme.id, alice.id);
      const invitation = await invitationFor(store, acme.id, alice.id);
      const delivery = { token: token.id, pat: pat.id, sealed: random.bytes(40) };
      await store.transact((tx) => tx.deliveries.insert(acme.id, delivery));
      await store.transact((tx) => tx.principals.setPassword(acme.id, alice.id, '$hash', 1));
      const replay = { id: 'r', asked: 'a', pat: pat.id, owner: alice.id, sealed: random.bytes(9), expiresAt: 9 };
      await store.transact((tx) => tx.replays.insert(acme.id, replay, 1));
      const there = other.id;

      expect(await store.principals.get(there, alice.id)).toBeUndefined();
      expect(await store.principals.userByEmail(there, parseEmail(alice.name))).toBeUndefined();
      expect(await store.principals.passwordOf(there, alice.id)).toBeUndefined();
      expect(await store.pats.get(there, alice.id, pat.id)).toBeUndefined();
      expect(await store.pats.view(there, alice.id, pat.id)).toBeUndefined();
      expect(await store.pats.byName(there, alice.id, pat.name)).toBeUndefined();
      expect(await store.pats.list(there, alice.id, EVERYTHING)).toEqual({ rows: [], total: 0 });
      expect(await store.deliveries.pending(there)).toBeUndefined();
      expect(await store.tokens.byGeneration(there, token.pat, token.generation)).toBeUndefined();
      expect(await store.sessions.byId(there, session.session.id)).toBeUndefined();
      expect(await store.principals.named(there, [alice.id])).toEqual([]);
      expect(await store.pats.countLive(there, alice.id, 0)).toBe(0);
      expect(await store.tokens.lastGeneration(there, pat.id)).toBe(0);
      expect(await store.replays.get(there, replay.id, 0)).toBeUndefined();

      expect(await revoke(store, there, alice.id, pat.id)).toBe(false);
      const rename = store.transact((tx) => tx.pats.rename(there, alice.id, pat.id, parseTokenName('taken'), 5));
      await expect(rename).rejects.toThrow();
      const ended = endedBy(alice.id, 5);
      expect(await store.transact((tx) => tx.pats.revokeAll(there, alice.id, ended))).toEqual({
        ended: [],
        unproved: [],
      });
      expect(await store.transact((tx) => tx.tokens.endOldest(there, pat.id, 0, ended))).toEqual([]);
      expect(await store.transact((tx) => tx.invitations.use(there, invitation.invitation.id, 5))).toBe(false);
      await store.transact(async (tx) => {
        await tx.sessions.end(there, session.session.id, 5);
        await tx.sessions.endAll(there, alice.id, 5);
        await tx.invitations.voidAll(there, alice.id, 5);
        await tx.deliveries.markDelivered(there, token.id, 5);
        await tx.tokenSettings.put(there, { ...TOKEN_SETTINGS, ageDaysMax: 1 });
        const use = { tenant: there, token: token.id, at: 5, surface: 'rest', address: undefined };
        await tx.tokenUses.note([use]);
        await tx.tokenUses.noteDead([{ ...use, pat: token.pat }]);
      });
      expect(await store.tokenSettings.get(acme.id)).toEqual(TOKEN_SETTINGS);
      expect(await store.pats.view(acme.id, alice.id, pat.id)).toEqual(view);
      expect((await store.tokens.byDigest([digest]))?.ended).toBe(false);
      expect((await store.sessions.byDigest([session.digest]))?.ended).toBe(false);
      expect(await store.invitations.byDigest([invitation.digest])).toEqual({
        tenant: acme.id,
        invitation: invitation.invitation,
      });
      expect((await store.deliveries.pending(acme.id))?.token).toBe(token.id);
    });

    test('the same ids and names are free in another tenant, and each finds its own', async () => {
      const { pat, token, digest } = await held('deploy');
      await store.transact((tx) =>
        tx.tokenUses.note([{ tenant: acme.id, token: token.id, at: 5, surface: 'rest', address: undefined }]),
      );
      const theirs = newDigest();
      await store.transact(async (tx) => {
        expect(await tx.principals.insert(other.id, alice)).toBe(true);
        expect(await tx.pats.insert(other.id, pat)).toBe(true);
        await tx.tokens.add(other.id, token, theirs);
      });
      const known = await Promise.all([digest, theirs.digest].map((one) => store.tokens.byDigest([one])));
      expect(known.map((one) => [one?.tenant, one?.rights.roles])).toEqual([
        [acme, ['tenant-member']],
        [other, []],
      ]);
      expect(
        await Promise.all([acme, other].map(({ id }) => store.tokens.byGeneration(id, token.pat, token.generation))),
      ).toEqual(known);
      const used = (tenant: Tenant) => store.pats.view(tenant.id, alice.id, pat.id);
      expect([(await used(acme))?.lastUse?.at, (await used(other))?.lastUse]).toEqual([5, undefined]);
      expect((await used(other))?.pat.name).toBe(parseTokenName('deploy'));
    });
  });
}
