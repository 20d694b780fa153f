import { beforeEach, describe, expect, test } from 'vitest';
import { type PrincipalRecord, parseEmail, removedName } from '#domain/principal.ts';
import { parseTenantName, parseTenantOrigin, type Tenant } from '#domain/tenant.ts';
import type { UserPage } from '#ports/principals.ts';
import type { Store, Transaction } from '#ports/store.ts';
import type { Adapter } from './adapters.ts';
import { addValue, heldBy, newId, newUser, openWorld, revoke, sessionOf, tenantIn, userIn } from './world.ts';

const PAGE = { limit: 100, offset: 0, emailContains: '', isInactiveToo: false } as const;
const nameOf = ({ name }: { readonly name: string }) => name.replace('@example.com', '');

/** What `Store` promises of users as people list them, of those who leave, and of tenants, sentence by sentence. */
export function userConformance(adapter: Adapter): void {
  describe(`${adapter.name} keeps the promises of Store about users and tenants`, () => {
    let store: Store;
    let acme: Tenant;
    let other: Tenant;
    let alice: PrincipalRecord;
    beforeEach(async () => {
      ({ store, acme, other, alice } = await openWorld(adapter));
    });

    const write = <Result>(body: (tx: Transaction) => Promise<Result>) => store.transact(body);
    const list = (page: Partial<UserPage> = {}) => store.principals.users(acme.id, { ...PAGE, ...page });
    const namesIn = async (page: Partial<UserPage> = {}) => (await list(page)).rows.map(nameOf);

    describe('users', () => {
      test('are listed newest first, a page at a time, with a count past the page, of their own tenant alone', async () => {
        await userIn(store, acme.id, 'bob', [], { createdAt: 3 });
        await userIn(store, acme.id, 'carol', [], { createdAt: 2 });
        await userIn(store, other.id, 'eve', [], { createdAt: 9 });
        await userIn(store, acme.id, 'robot', [], { kind: 'virtual_account' });
        expect(await namesIn()).toEqual(['bob', 'carol', 'alice']);
        expect(await namesIn({ limit: 1, offset: 1 })).toEqual(['carol']);
        expect([(await list({ limit: 1 })).total, await list({ offset: 3 })]).toEqual([3, { rows: [], total: 3 }]);
      });

      test('made at one instant come in one order, each once', async () => {
        for (const name of ['b', 'c', 'd', 'e']) await userIn(store, acme.id, name);
        const all = await namesIn();
        const paged = await Promise.all([0, 1, 2, 3, 4].map((offset) => namesIn({ limit: 1, offset })));
        expect(paged.flat()).toEqual(all);
        expect(new Set(all).size).toBe(5);
      });

      test('are searched by what their address contains, in any case, letter for letter', async () => {
        for (const name of ['a_b', 'axb', 'a%b']) await userIn(store, acme.id, name);
        const found = async (emailContains: string) => {
          const { rows, total } = await list({ emailContains });
          expect(total).toBe(rows.length);
          return rows.map(nameOf).sort();
        };
        expect(await found('ALI')).toEqual(['alice']);
        expect(await found('a_')).toEqual(['a_b']);
        expect(await found('%')).toEqual(['a%b']);
        expect([await found('\0'), await found('\\'), await found(`' or 1=1 --`)]).toEqual([[], [], []]);
      });

      test('who are deactivated are listed where that is asked for, and are somebody even so', async () => {
        const bob = await userIn(store, acme.id, 'bob');
        await write((tx) => tx.principals.setActive(acme.id, bob.id, false, 9));
        expect([await namesIn(), (await list()).total]).toEqual([['alice'], 1]);
        expect((await namesIn({ isInactiveToo: true })).sort()).toEqual(['alice', 'bob']);
        expect(await store.principals.user(acme.id, bob.id)).toMatchObject({ id: bob.id, active: false, updatedAt: 9 });
        await write((tx) => tx.principals.setActive(acme.id, bob.id, true, 10));
        expect(await store.principals.get(acme.id, bob.id)).toEqual({ ...bob, updatedAt: 10 });
        await expect(write((tx) => tx.principals.setActive(acme.id, newId(), true, 10))).rejects.toThrow();
        await expect(write((tx) => tx.principals.setActive(other.id, bob.id, true, 10))).rejects.toThrow();
      });

      test('are shown with whether they can sign in, and when any of their tokens was last accepted', async () => {
        const shown = async () => {
          const { canSignIn, lastUsedAt, ...record } = (await list()).rows[0] ?? {};
          expect(record).toEqual(alice);
          expect(await store.principals.user(acme.id, alice.id)).toEqual({ ...alice, canSignIn, lastUsedAt });
          return [canSignIn, lastUsedAt];
        };
        expect(await shown()).toEqual([false, undefined]);
        await write((tx) => tx.principals.setPassword(acme.id, alice.id, '$hash', 3));
        const [first, second] = [
          await heldBy(store, acme.id, alice.id, 'first'),
          await heldBy(store, acme.id, alice.id, 'second'),
        ];
        const use = (token: typeof first.token.id, at: number) =>
          write((tx) => tx.tokenUses.note([{ tenant: acme.id, token, at, surface: 'rest', address: undefined }]));
        await use(first.token.id, 50);
        await use(second.token.id, 70);
        expect(await shown()).toEqual([true, 70]);
        const { token } = await addValue(store, acme.id, first.pat);
        await use(token.id, 60);
        expect(await shown()).toEqual([true, 70]);
        await revoke(store, acme.id, alice.id, second.pat.id);
        expect(await shown()).toEqual([true, 60]);
      });

      test('are found by many addresses at once: those that there are', async () => {
        const bob = await userIn(store, acme.id, 'bob', [], { active: false });
        const emails = ['bob', 'nobody', 'alice'].map((name) => parseEmail(`${name}@example.com`));
        const found = await store.principals.usersByEmail(acme.id, emails);
        expect(found.toSorted((one, two) => (one.name < two.name ? -1 : 1))).toEqual([alice, bob]);
        expect(await store.principals.usersByEmail(acme.id, [])).toEqual([]);
        expect(await store.principals.usersByEmail(other.id, emails)).toEqual([]);
      });
    });

    describe('a user who was removed', () => {
      test('is in no list, signs in no more, and is still who did what they did', async () => {
        await write((tx) => tx.principals.setPassword(acme.id, alice.id, '$hash', 3));
        await write((tx) => tx.principals.remove(acme.id, alice.id, 9));
        const gone = { ...alice, name: removedName(alice), active: false, updatedAt: 9, removedAt: 9 };
        expect(await store.principals.get(acme.id, alice.id)).toEqual(gone);
        expect(await store.principals.named(acme.id, [alice.id])).toMatchObject([{ id: alice.id, name: gone.name }]);
        expect(await list({ isInactiveToo: true })).toEqual({ rows: [], total: 0 });
        expect(await store.principals.user(acme.id, alice.id)).toBeUndefined();
        expect(await store.principals.userByEmail(acme.id, parseEmail(alice.name))).toBeUndefined();
        expect(await store.principals.passwordOf(acme.id, alice.id)).toBeUndefined();
      });

      test('leaves their address to somebody else, who is another', async () => {
        for (const at of [9, 10, 11]) {
          const [now] = await store.principals.usersByEmail(acme.id, [parseEmail(alice.name)]);
          await write((tx) => tx.principals.remove(acme.id, (now as PrincipalRecord).id, at));
          const next = newUser('alice');
          expect(await write((tx) => tx.principals.insert(acme.id, next))).toBe(true);
          expect(await store.principals.userByEmail(acme.id, parseEmail(alice.name))).toEqual(next);
        }
        expect(await namesIn({ isInactiveToo: true })).toEqual(['alice']);
      });

      test('has no credential that is accepted', async () => {
        const { digest } = await heldBy(store, acme.id, alice.id, 'deploy');
        const { digest: cookie } = await sessionOf(store, acme.id, alice.id);
        await write((tx) => tx.principals.remove(acme.id, alice.id, 9));
        expect(await store.tokens.byDigest([digest])).toMatchObject({ ended: true });
        expect(await store.sessions.byDigest([cookie])).toMatchObject({ ended: true });
        await expect(write((tx) => tx.principals.remove(other.id, alice.id, 9))).rejects.toThrow();
      });
    });

    describe('tenants', () => {
      const origin = (host: string) => parseTenantOrigin(`https://${host}.example`);
      const addOrigin = (tenant: Tenant, host: string) => write((tx) => tx.tenants.addOrigin(tenant.id, origin(host)));
      const addAlias = (tenant: Tenant, name: string) =>
        write((tx) => tx.tenants.addAlias(tenant.id, parseTenantName(name)));

      test('that are disabled accept no credential of theirs, until they are enabled again; no other tenant notices', async () => {
        const { digest } = await heldBy(store, acme.id, alice.id, 'deploy');
        const { digest: cookie } = await sessionOf(store, acme.id, alice.id);
        const eve = await userIn(store, other.id, 'eve');
        const theirs = await heldBy(store, other.id, eve.id, 'deploy');
        const ended = async () => [
          ...(await Promise.all([digest, theirs.digest].map((one) => store.tokens.byDigest([one])))),
          await store.sessions.byDigest([cookie]),
        ];
        const isEnded = async () => (await ended()).map((known) => known?.ended);
        await write((tx) => tx.tenants.setDisabled(acme.id, 5));
        expect(await isEnded()).toEqual([true, false, true]);
        expect(await store.tenants.byName(acme.name)).toEqual({ ...acme, disabledAt: 5 });
        expect((await store.tenants.list()).map(({ disabledAt }) => disabledAt)).toEqual([5, undefined]);
        await write((tx) => tx.tenants.setDisabled(acme.id, undefined));
        expect(await isEnded()).toEqual([false, false, false]);
        expect(await store.tenants.byName(acme.name)).toEqual({ ...acme, disabledAt: undefined });
        await expect(write((tx) => tx.tenants.setDisabled(newId(), 5))).rejects.toThrow();
      });

      test('are found by their addresses, which are nobody else’s', async () => {
        expect([await addOrigin(acme, 'b'), await addOrigin(acme, 'a'), await addOrigin(acme, 'a')]).toEqual([
          ...[true, true, true],
        ]);
        expect(await addOrigin(other, 'a')).toBe(false);
        expect(await store.tenants.originsOf(acme.id)).toEqual([origin('a'), origin('b')]);
        expect(await store.tenants.byOrigin(origin('a'))).toMatchObject(acme);
        expect(await store.tenants.byOrigin(origin('c'))).toBeUndefined();
        const remove = (tenant: Tenant) => write((tx) => tx.tenants.removeOrigin(tenant.id, origin('a')));
        expect([await remove(other), await remove(acme), await remove(acme)]).toEqual([false, true, false]);
        expect(await store.tenants.byOrigin(origin('a'))).toBeUndefined();
        expect(await addOrigin(other, 'a')).toBe(true);
        expect(await store.tenants.byOrigin(origin('a'))).toMatchObject(other);
      });

      test('are found by other names than their own, too; one name is one tenant’s, whichever kind of name it is', async () => {
        expect([await addAlias(acme, 'old-name'), await addAlias(acme, 'old-name')]).toEqual([true, true]);
        expect([await addAlias(other, 'old-name'), await addAlias(other, acme.name)]).toEqual([false, false]);
        expect(await addAlias(acme, acme.name)).toBe(false);
        const named = (name: string) => ({ id: newId<'Tenant'>(), name: parseTenantName(name) });
        expect(await write((tx) => tx.tenants.insert(named('old-name')))).toBe(false);
        const { tenants } = store;
        const [alias] = await tenants.aliasesOf(acme.id);
        expect(await tenants.byNameOrAlias(alias as Tenant['name'])).toMatchObject(acme);
        expect(await tenants.byNameOrAlias(acme.name)).toMatchObject(acme);
        expect(await tenants.byName(alias as Tenant['name'])).toBeUndefined();
        expect(await tenants.byNameOrAlias(parseTenantName('nobody'))).toBeUndefined();
        const remove = (tenant: Tenant) => write((tx) => tx.tenants.removeAlias(tenant.id, alias as Tenant['name']));
        expect([await remove(other), await remove(acme), await remove(acme)]).toEqual([false, true, false]);
        expect([await tenants.aliasesOf(acme.id), (await tenantIn(store, 'old-name')).name]).toEqual([[], 'old-name']);
      });

      test('two that ask at once for one name, as its own and as another’s alias, do not both get it', async () => {
        for (let round = 0; round < 10; round += 1) {
          const name = parseTenantName(`name-${round}`);
          const asked = [
            write((tx) => tx.tenants.insert({ id: newId(), name })),
            write((tx) => tx.tenants.addAlias(acme.id, name)),
            write((tx) => tx.tenants.addAlias(other.id, name)),
          ];
          expect((await Promise.all(asked)).filter((isTheirs) => isTheirs)).toHaveLength(1);
        }
      });
    });
  });
}
