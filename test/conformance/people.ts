import { beforeEach, describe, expect, test } from 'vitest';
import { onTenant } from '#domain/grant.ts';
import { type PrincipalRecord, parseEmail } from '#domain/principal.ts';
import { compile, tenantWide } from '#domain/rights.ts';
import { builtIn } from '#domain/role.ts';
import { parseTenantName, type Tenant } from '#domain/tenant.ts';
import type { Store } from '#ports/store.ts';
import type { Adapter, Raw } from './adapters.ts';
import { heldBy, invitationFor, newId, newUser, openWorld, random, sessionOf, tenantIn, userIn } from './world.ts';

/** What `Store` promises of tenants, principals, sessions and invitations, sentence by sentence. */
export function peopleConformance(adapter: Adapter): void {
  describe(`${adapter.name} keeps the promises of Store about people`, () => {
    let store: Store;
    let raw: Raw;
    let acme: Tenant;
    let other: Tenant;
    let alice: PrincipalRecord;
    beforeEach(async () => {
      ({ store, raw, acme, other, alice } = await openWorld(adapter));
    });
    const held = (name: string, own = {}) => heldBy(store, acme.id, alice.id, name, own);

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

      test('of these ids come those that there are, of any kind, and nothing else of them than who they are', async () => {
        const bob = await userIn(store, acme.id, 'bob', [], { active: false });
        const named = await store.principals.named(acme.id, [bob.id, newId(), alice.id, bob.id]);
        const who = ({ id, kind, name }: PrincipalRecord) => ({ id, kind, name });
        expect([...named].sort((a, b) => a.name.localeCompare(b.name))).toEqual([who(alice), who(bob)]);
        expect(await store.principals.named(acme.id, [])).toEqual([]);
        expect(await store.principals.named(other.id, [alice.id])).toEqual([]);
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
            store.grants.anyHolds(acme.id, 'tenant-member'),
            store.grants.anyHolds(acme.id, 'tenant-admin'),
            store.grants.anyHolds(other.id, 'tenant-member'),
          ]);
        expect(await anyHolds()).toEqual([true, false, false]);
        const { digest } = await held('deploy');
        for (const role of ['tenant-admin', 'tenant-admin'] as const) {
          await store.transact((tx) => tx.grants.add(acme.id, onTenant(newId(), alice.id, role)));
        }
        expect(await anyHolds()).toEqual([true, true, false]);
        const roles = ['tenant-admin', 'tenant-member'];
        expect((await store.tokens.byDigest([digest]))?.rights.roles).toEqual(roles);
        const bob = await userIn(store, acme.id, 'bob');
        const { digest: bobs } = await heldBy(store, acme.id, bob.id, 'deploy');
        expect((await store.tokens.byDigest([bobs]))?.rights).toEqual(compile([]));
      });
    });

    describe('sessions', () => {
      test('are found by the digest of their cookie, with all that accepting one needs', async () => {
        const { session, digest } = await sessionOf(store, acme.id, alice.id);
        expect(await store.sessions.byDigest([random.bytes(32), digest])).toEqual({
          ...{ tenant: acme, principal: { id: alice.id, kind: 'user', name: alice.name } },
          ...{ rights: compile(tenantWide(builtIn('tenant-member'))), expiresAt: 1_000, ended: false },
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
        const instants = await raw.all('select ended_at from session order by ended_at is not null, ended_at');
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
  });
}
