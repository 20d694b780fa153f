import { beforeEach, describe, expect, test } from 'vitest';
import type { AuditEntry } from '#domain/audit.ts';
import { compile } from '#domain/permission.ts';
import { type PrincipalId, type PrincipalRecord, parseEmail } from '#domain/principal.ts';
import { parseTenantName, type Tenant } from '#domain/tenant.ts';
import { parseTokenName } from '#domain/token.ts';
import type { Moved } from '#ports/changes.ts';
import type { KeyPlace } from '#ports/key-wrapper.ts';
import type { WrappedKey } from '#ports/keys.ts';
import type { Store } from '#ports/store.ts';
import type { Adapter, Raw } from './adapters.ts';
import {
  addValue,
  EVERYTHING,
  endedBy,
  fixedMacs,
  heldBy,
  insertPat,
  invitationFor,
  newDigest,
  newId,
  newPat,
  newToken,
  newUser,
  openWorld,
  random,
  revoke,
  sessionOf,
  tenantIn,
  userIn,
} from './world.ts';

const onPurpose = new Error('on purpose');

/** What `Store` promises, sentence by sentence. */
export function storeConformance(adapter: Adapter): void {
  describe(`${adapter.name} keeps the promises of Store`, () => {
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

    describe('tenants', () => {
      test('are found by name, and listed by name', async () => {
        const early = await tenantIn(store, 'aaa');
        expect(await store.tenants.byName(acme.name)).toEqual(acme);
        expect(await store.tenants.byName(parseTenantName('nobody'))).toBeUndefined();
        expect(await store.tenants.list()).toEqual([early, acme, other]);
      });

      test('false, and nothing written, when the name is taken', async () => {
        expect(await store.transact((tx) => tx.tenants.insert({ id: newId(), name: acme.name }))).toBe(false);
        expect(await store.tenants.list()).toEqual([acme, other]);
      });
    });

    describe('principals', () => {
      test('are found by id, and users by the address they sign in with', async () => {
        expect(await store.principals.get(acme.id, alice.id)).toEqual(alice);
        expect(await store.principals.userByEmail(acme.id, parseEmail(alice.name))).toEqual(alice);
        expect(await store.principals.get(acme.id, newId())).toBeUndefined();
        expect(await store.principals.userByEmail(acme.id, parseEmail('nobody@example.com'))).toBeUndefined();
      });

      test('false, and nothing written, when there is one of that kind and name', async () => {
        const [same, account] = [newUser('alice'), newUser('alice', { kind: 'virtual_account' })];
        const insert = (one: PrincipalRecord) => store.transact((tx) => tx.principals.insert(acme.id, one));
        expect([await insert(same), await insert(account)]).toEqual([false, true]);
        expect(await store.principals.get(acme.id, same.id)).toBeUndefined();
        expect(await store.principals.userByEmail(acme.id, parseEmail(alice.name))).toEqual(alice);
        expect(await store.principals.get(acme.id, account.id)).toEqual(account);
      });

      test('have the password that was set last, or none', async () => {
        expect(await store.principals.passwordOf(acme.id, alice.id)).toBeUndefined();
        for (const hash of ['$first', '$second']) {
          await store.transact((tx) => tx.principals.setPassword(acme.id, alice.id, hash, 3));
        }
        expect(await store.principals.passwordOf(acme.id, alice.id)).toBe('$second');
      });

      test('hold the roles they were granted, once each, and nobody else’s', async () => {
        const anyHolds = () =>
          Promise.all([
            store.principals.anyHolds(acme.id, 'tenant-member'),
            store.principals.anyHolds(acme.id, 'tenant-admin'),
            store.principals.anyHolds(other.id, 'tenant-member'),
          ]);
        expect(await anyHolds()).toEqual([true, false, false]);
        const { digest } = await held('deploy');
        for (const role of ['tenant-admin', 'tenant-admin'] as const) {
          await store.transact((tx) => tx.principals.addGrant(acme.id, newId(), alice.id, { role, resource: '*' }));
        }
        expect(await anyHolds()).toEqual([true, true, false]);
        const roles = ['tenant-admin', 'tenant-member'];
        expect((await store.tokens.byDigest([digest]))?.rights.roles).toEqual(roles);
        const bob = await userIn(store, acme.id, 'bob');
        const { digest: bobs } = await heldBy(store, acme.id, bob.id, 'deploy');
        expect((await store.tokens.byDigest([bobs]))?.rights).toEqual(compile([]));
      });
    });

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

      test('are found by their owner alone, those that were revoked too; a view or a name finds what stands', async () => {
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
        expect(await store.pats.view(acme.id, alice.id, pat.id)).toBeUndefined();
        expect(await store.pats.byName(acme.id, alice.id, pat.name)).toBeUndefined();
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
        expect([...which].sort()).toEqual([one.pat.id, two.pat.id].sort());
        expect(await list()).toEqual({ rows: [], total: 0 });
        expect(await store.pats.get(acme.id, alice.id, one.pat.id)).toEqual({ ...one.pat, ended });
        expect(await store.pats.get(acme.id, alice.id, gone.pat.id)).toEqual({
          ...gone.pat,
          ended: endedBy(alice.id, 5),
        });
        expect((await store.pats.list(acme.id, bob.id, EVERYTHING)).rows).toEqual([bobs.view]);
        expect(await store.transact((tx) => tx.pats.revokeAll(acme.id, alice.id, ended))).toEqual([]);
      });

      test('lists what the owner holds and has not revoked, expired ones too, newest first; `total` counts past the page', async () => {
        const old = await held('old-ci', { createdAt: 1, expiresAt: 2 });
        const gone = await held('gone-ci', { createdAt: 2 });
        const young = await held('new-ci', { createdAt: 3 });
        await held('elsewhere', { createdAt: 4 });
        await heldBy(store, acme.id, (await userIn(store, acme.id, 'bob')).id, 'bob-ci');
        await revoke(store, acme.id, alice.id, gone.pat.id);
        const ci = (page: object = {}) => list({ nameContains: '-ci', ...page });
        expect(await ci()).toEqual({ rows: [young.view, old.view], total: 2 });
        expect(await ci({ limit: 1 })).toEqual({ rows: [young.view], total: 2 });
        expect(await ci({ limit: 1, offset: 1 })).toEqual({ rows: [old.view], total: 2 });
        expect(await ci({ offset: 9 })).toEqual({ rows: [], total: 2 });
        expect(await ci({ limit: 0 })).toEqual({ rows: [], total: 2 });
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

    describe('values of personal access tokens', () => {
      test('are found by digest under any pepper in use, with all that accepting one needs', async () => {
        const { pat, token, digest } = await held('deploy');
        const known = {
          ...{ tenant: acme, principal: { id: alice.id, kind: 'user', name: alice.name } },
          ...{ rights: compile([{ role: 'tenant-member', resource: '*' }]), expiresAt: undefined, ended: false },
          credential: {
            ...{ kind: 'token', id: token.id, pat: pat.id, name: pat.name },
            ...{ preview: token.preview, expiresAt: undefined },
          },
          restsOn: [token.id, pat.id, alice.id, acme.id],
        };
        expect(await store.tokens.byDigest([digest])).toEqual(known);
        expect(await store.tokens.byDigest([random.bytes(32), digest])).toEqual(known);
        expect(await store.tokens.byDigest([random.bytes(32)])).toBeUndefined();
        expect(await store.tokens.byId(acme.id, token.id)).toEqual(known);
        expect(await store.tokens.byId(acme.id, newId())).toBeUndefined();
      });

      test('are found by id as by digest, whatever their standing, and in a transaction as they stand there', async () => {
        const { pat, token, digest } = await held('deploy', { expiresAt: 9 });
        const within = await store.transact(async (tx) => {
          await tx.pats.revoke(acme.id, alice.id, pat.id, endedBy(alice.id, 5));
          return tx.tokens.byId(acme.id, token.id);
        });
        const known = await store.tokens.byDigest([digest]);
        expect([within, await store.tokens.byId(acme.id, token.id)]).toEqual([known, known]);
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

      test('are ended with themselves, their token, their principal, or when token and value have different owners', async () => {
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
        const { digest } = await addValue(store, acme.id, pat, { subject: (await userIn(store, acme.id, 'bob')).id });
        expect(await ended(digest)).toBe(true);
      });

      test('are numbered from 1, and numbers only grow, whatever has ended', async () => {
        const { pat } = await held('deploy');
        await addValue(store, acme.id, pat);
        await store.transact((tx) => tx.tokens.endOldest(acme.id, pat.id, 0, endedBy(alice.id, 5)));
        const { token } = await addValue(store, acme.id, pat);
        expect(token.generation).toBe(3);
        expect((await store.pats.view(acme.id, alice.id, pat.id))?.tokens).toEqual([token]);
        expect((await held('another')).token.generation).toBe(1);
      });

      test('beyond `keep` the oldest end, and it says which; ended ones do not count', async () => {
        const { pat, token: first } = await held('deploy');
        const later = [];
        for (let at = 0; at < 3; at++) later.push((await addValue(store, acme.id, pat)).token);
        const [second, third, fourth] = later;
        const keep = (kept: number) =>
          store.transact((tx) => tx.tokens.endOldest(acme.id, pat.id, kept, endedBy(alice.id, 5)));
        const standing = async () => (await store.pats.view(acme.id, alice.id, pat.id))?.tokens;
        expect(await keep(4)).toEqual([]);
        expect([...(await keep(2))].sort()).toEqual([first.id, second?.id].sort());
        expect(await standing()).toEqual([fourth, third]);
        expect(await keep(1)).toEqual([third?.id]);
        expect(await standing()).toEqual([fourth]);
      });

      test('a digest is remembered once', async () => {
        const { pat } = await held('deploy');
        const digest = newDigest();
        const add = () => store.transact((tx) => tx.tokens.add(acme.id, newToken(pat), digest));
        await add();
        await expect(add()).rejects.toThrow();
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
    });

    describe('sessions', () => {
      test('are found by the digest of their cookie, with all that accepting one needs', async () => {
        const { session, digest } = await sessionOf(store, acme.id, alice.id);
        expect(await store.sessions.byDigest([random.bytes(32), digest])).toEqual({
          ...{ tenant: acme, principal: { id: alice.id, kind: 'user', name: alice.name } },
          ...{ rights: compile([{ role: 'tenant-member', resource: '*' }]), expiresAt: 1_000, ended: false },
          ...{ credential: { kind: 'session', id: session.id, expiresAt: 1_000 } },
          restsOn: [session.id, alice.id, acme.id],
        });
        expect(await store.sessions.byDigest([random.bytes(32)])).toBeUndefined();
      });

      test('are found by id as by digest, whatever their standing, and in a transaction as they stand there', async () => {
        const { session, digest } = await sessionOf(store, acme.id, alice.id);
        const byId = () => store.sessions.byId(acme.id, session.id);
        expect(await byId()).toEqual(await store.sessions.byDigest([digest]));
        expect(await store.sessions.byId(acme.id, newId())).toBeUndefined();
        const within = await store.transact(async (tx) => {
          await tx.sessions.end(acme.id, session.id, 5);
          return tx.sessions.byId(acme.id, session.id);
        });
        expect([await byId(), within?.ended]).toEqual([within, true]);
      });

      test('end alone or with all of their principal, and the first instant stays', async () => {
        const [one, two] = [await sessionOf(store, acme.id, alice.id), await sessionOf(store, acme.id, alice.id)];
        const bobs = await sessionOf(store, acme.id, (await userIn(store, acme.id, 'bob')).id);
        const ended = () =>
          Promise.all([one, two, bobs].map(async ({ digest }) => (await store.sessions.byDigest([digest]))?.ended));
        await store.transact((tx) => tx.sessions.end(acme.id, one.session.id, 5));
        expect(await ended()).toEqual([true, false, false]);
        await store.transact((tx) => tx.sessions.end(acme.id, one.session.id, 6));
        await store.transact((tx) => tx.sessions.endAll(acme.id, alice.id, 7));
        expect(await ended()).toEqual([true, true, false]);
        const instants = await raw.all('select ended_at from session order by ended_at');
        expect(instants.map(({ ended_at }) => ended_at)).toEqual([null, 5, 7]);
      });

      test('of a deactivated principal are ended', async () => {
        const gone = await userIn(store, acme.id, 'gone', [], { active: false });
        const { digest } = await sessionOf(store, acme.id, gone.id);
        expect((await store.sessions.byDigest([digest]))?.ended).toBe(true);
      });
    });

    describe('invitations', () => {
      test('are found by the digest of their code, whatever their standing', async () => {
        const { invitation, digest } = await invitationFor(store, acme.id, alice.id);
        const find = () => store.invitations.byDigest([random.bytes(32), digest]);
        expect(await find()).toEqual({ tenant: acme.id, invitation });
        expect(await store.invitations.byDigest([random.bytes(32)])).toBeUndefined();
        await store.transact((tx) => tx.invitations.use(acme.id, invitation.id, 5));
        expect(await find()).toEqual({ tenant: acme.id, invitation: { ...invitation, usedAt: 5 } });
      });

      test('true for the first who uses it, false for everybody after', async () => {
        const { invitation } = await invitationFor(store, acme.id, undefined);
        const use = () => store.transact((tx) => tx.invitations.use(acme.id, invitation.id, 5));
        const answers = await Promise.all(Array.from({ length: 20 }, use));
        expect(answers.filter((first) => first)).toHaveLength(1);
        expect(await use()).toBe(false);
        expect(await store.transact((tx) => tx.invitations.use(acme.id, newId(), 5))).toBe(false);
      });

      test('are all used up for one principal, or for the first administrator, so that only a newer one counts', async () => {
        const bob = await userIn(store, acme.id, 'bob');
        const [alices, bobs, first] = [
          await invitationFor(store, acme.id, alice.id),
          await invitationFor(store, acme.id, bob.id),
          await invitationFor(store, acme.id, undefined),
        ];
        const usedAt = () =>
          Promise.all(
            [alices, bobs, first].map(
              async ({ digest }) => (await store.invitations.byDigest([digest]))?.invitation.usedAt,
            ),
          );
        await store.transact((tx) => tx.invitations.voidAll(acme.id, alice.id, 5));
        expect(await usedAt()).toEqual([5, undefined, undefined]);
        await store.transact((tx) => tx.invitations.voidAll(acme.id, undefined, 6));
        expect(await usedAt()).toEqual([5, undefined, 6]);
        await store.transact((tx) => tx.invitations.voidAll(acme.id, alice.id, 7));
        expect(await usedAt()).toEqual([5, undefined, 6]);
      });
    });

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

      test('are numbered in commit order, those rolled back not at all', async () => {
        expect(await store.changes.latest()).toBe(0);
        const [first, second] = [newId(), newId()];
        await append({ kind: 'token', id: first }, { kind: 'principal', id: alice.id });
        const failed = store.transact(async (tx) => {
          await tx.changes.append([{ kind: 'token', id: newId() }]);
          throw onPurpose;
        });
        await Promise.all([expect(failed).rejects.toBe(onPurpose), append({ kind: 'pat', id: second })]);
        const [one, two, three, ...rest] = await store.changes.since(0);
        expect([one, two]).toEqual(
          expect.arrayContaining([
            { sequence: 1, moved: { kind: 'token', id: first } },
            { sequence: 1, moved: { kind: 'principal', id: alice.id } },
          ]),
        );
        expect([three, ...rest]).toEqual([{ sequence: 2, moved: { kind: 'pat', id: second } }]);
        expect(await store.changes.since(1)).toEqual([three]);
        expect(await store.changes.since(2)).toEqual([]);
        expect(await store.changes.latest()).toBe(2);
      });

      test('their number is the answer; nothing that moved takes no number, and is 0', async () => {
        expect(await append()).toBe(0);
        expect(await store.changes.latest()).toBe(0);
        const one = (): Moved => ({ kind: 'token', id: newId() });
        const numbers = [await append(one()), await append(one(), one()), await append(), await append(one())];
        expect([numbers, await store.changes.latest()]).toEqual([[1, 2, 0, 3], 3]);
      });

      test('of bodies that commit together stand in the order of the bodies', async () => {
        const ids = Array.from({ length: 40 }, () => newId());
        await Promise.all(ids.map((id) => append({ kind: 'session', id })));
        expect((await store.changes.since(0)).map(({ sequence, moved }) => [sequence, moved.id])).toEqual(
          ids.map((id, at) => [at + 1, id]),
        );
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
        const { digest } = await held('deploy');
        const twice = store.transact(async (tx) => {
          const pat = newPat(alice.id, 'twice');
          await tx.pats.insert(acme.id, pat);
          await tx.tokens.add(acme.id, newToken(pat), { digest, pepper: newId() });
        });
        await expect(twice).rejects.not.toMatchObject({ code: 'unavailable' });
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

      test('reads inside see their own writes and those of the bodies before', async () => {
        const totals = await Promise.all(
          ['one', 'two', 'three'].map((name) =>
            store.transact(async (tx) => {
              await tx.pats.insert(acme.id, newPat(alice.id, name));
              return (await tx.pats.list(acme.id, alice.id, EVERYTHING)).total;
            }),
          ),
        );
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
        const second = again().store(fixedMacs());
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
      const { pat, token, digest } = await held('deploy');
      const session = await sessionOf(store, acme.id, alice.id);
      const invitation = await invitationFor(store, acme.id, alice.id);
      const delivery = { token: token.id, pat: pat.id, sealed: random.bytes(40) };
      await store.transact((tx) => tx.deliveries.insert(acme.id, delivery));
      await store.transact((tx) => tx.principals.setPassword(acme.id, alice.id, '$hash', 1));
      const there = other.id;

      expect(await store.principals.get(there, alice.id)).toBeUndefined();
      expect(await store.principals.userByEmail(there, parseEmail(alice.name))).toBeUndefined();
      expect(await store.principals.passwordOf(there, alice.id)).toBeUndefined();
      expect(await store.pats.get(there, alice.id, pat.id)).toBeUndefined();
      expect(await store.pats.view(there, alice.id, pat.id)).toBeUndefined();
      expect(await store.pats.byName(there, alice.id, pat.name)).toBeUndefined();
      expect(await store.pats.list(there, alice.id, EVERYTHING)).toEqual({ rows: [], total: 0 });
      expect(await store.deliveries.pending(there)).toBeUndefined();
      expect(await store.tokens.byId(there, token.id)).toBeUndefined();
      expect(await store.sessions.byId(there, session.session.id)).toBeUndefined();

      expect(await revoke(store, there, alice.id, pat.id)).toBe(false);
      const ended = endedBy(alice.id, 5);
      expect(await store.transact((tx) => tx.pats.revokeAll(there, alice.id, ended))).toEqual([]);
      expect(await store.transact((tx) => tx.tokens.endOldest(there, pat.id, 0, ended))).toEqual([]);
      expect(await store.transact((tx) => tx.invitations.use(there, invitation.invitation.id, 5))).toBe(false);
      await store.transact(async (tx) => {
        await tx.sessions.end(there, session.session.id, 5);
        await tx.sessions.endAll(there, alice.id, 5);
        await tx.invitations.voidAll(there, alice.id, 5);
        await tx.deliveries.markDelivered(there, token.id, 5);
      });
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
      expect(await Promise.all([acme, other].map(({ id }) => store.tokens.byId(id, token.id)))).toEqual(known);
      const used = (tenant: Tenant) => store.pats.view(tenant.id, alice.id, pat.id);
      expect([(await used(acme))?.lastUse?.at, (await used(other))?.lastUse]).toEqual([5, undefined]);
      expect((await used(other))?.pat.name).toBe(parseTokenName('deploy'));
    });
  });
}

/** What `KeyShelves` and `KeyWrites` promise. */
export function keyShelfConformance(adapter: Adapter): void {
  describe(`${adapter.name} keeps the promises of the key shelf`, () => {
    const key = (createdAt: number, own: Partial<KeyPlace> = {}): WrappedKey => ({
      ...{ id: newId(), purpose: 'row-mac', tenant: undefined, ...own },
      ...{ wrapped: Buffer.from(random.bytes(77)), createdAt },
    });
    const plain = (keys: readonly WrappedKey[] = []) => keys.map((k) => ({ ...k, wrapped: Buffer.from(k.wrapped) }));

    test('a database that was never begun has none; the first one stays, and is the answer', async () => {
      const { database } = await adapter.open();
      const { keys } = database;
      expect(await keys.read()).toBeUndefined();
      const [old, young] = [key(1), key(2, { purpose: 'token-pepper' })];
      const first = await keys.begin({ fingerprint: 'first', keys: [young, old] });
      expect([first.fingerprint, plain(first.keys)]).toEqual(['first', [old, young]]);
      expect(await keys.begin({ fingerprint: 'second', keys: [key(3)] })).toEqual(first);
      expect(await keys.read()).toEqual(first);
      database.close();
    });

    test('those who begin at once get one shelf', async () => {
      const { database, again } = await adapter.open();
      const neighbour = again();
      const shelf = (fingerprint: string) => ({ fingerprint, keys: [key(1)] });
      const answers = await Promise.all([
        database.keys.begin(shelf('a')),
        database.keys.begin(shelf('b')),
        neighbour.keys.begin(shelf('c')),
      ]);
      expect(answers.every((answer) => answer.fingerprint === answers[0]?.fingerprint)).toBe(true);
      expect(answers.map(({ keys }) => keys)).toEqual([answers[0]?.keys, answers[0]?.keys, answers[0]?.keys]);
      for (const one of [database, neighbour]) one.close();
    });

    test('a key that a transaction adds is found by the next start, the newest last', async () => {
      const { database, again } = await adapter.open();
      await database.keys.begin({ fingerprint: 'f', keys: [key(1)] });
      const store = database.store(fixedMacs());
      const kek = key(2, { purpose: 'tenant-kek', tenant: newId() });
      await store.transact((tx) => tx.keys.insert(kek));
      await store.close();
      const next = again();
      expect(plain((await next.keys.read())?.keys).at(-1)).toEqual(kek);
      next.close();
    });
  });
}
