import { beforeEach, describe, expect, test } from 'vitest';
import type { PrincipalRecord } from '#domain/principal.ts';
import type { Tenant } from '#domain/tenant.ts';
import { parseVirtualAccountName, type VirtualAccount } from '#domain/virtual-account.ts';
import type { Store } from '#ports/store.ts';
import type { VirtualAccountPage } from '#ports/virtual-accounts.ts';
import type { Adapter } from './adapters.ts';
import { accountIn, EVERYTHING, newAccount, newId, newTeam, newUser, openWorld, random } from './world.ts';

/** What `Store` promises of virtual accounts, sentence by sentence. */
export function virtualAccountConformance(adapter: Adapter): void {
  describe(`${adapter.name} keeps the promises of Store about virtual accounts`, () => {
    let store: Store;
    let acme: Tenant;
    let other: Tenant;
    let alice: PrincipalRecord;
    beforeEach(async () => {
      ({ store, acme, other, alice } = await openWorld(adapter));
    });
    const made = (name: string, own: Partial<VirtualAccount> = {}, tenant = acme) =>
      accountIn(store, tenant.id, name, own);
    const get = (id: VirtualAccount['id'], tenant = acme) => store.virtualAccounts.get(tenant.id, id);
    const list = (page: Partial<VirtualAccountPage> = {}, tenant = acme) =>
      store.virtualAccounts.list(tenant.id, { ...EVERYTHING, ...page });
    const namesIn = async (page: Partial<VirtualAccountPage> = {}) => (await list(page)).rows.map(({ name }) => name);
    const update = (account: VirtualAccount, tenant = acme) =>
      store.transact((tx) => tx.virtualAccounts.update(tenant.id, account));
    const removed = async (account: VirtualAccount, tenant = acme) =>
      store.transact(async (tx) => {
        await tx.virtualAccounts.remove(tenant.id, account.id);
        await tx.principals.remove(tenant.id, account.id, 5);
      });
    const robotIn = (tenant: Tenant) => store.virtualAccounts.byName(tenant.id, parseVirtualAccountName('robot'));

    describe('virtual accounts', () => {
      const FULL: Partial<VirtualAccount> = {
        ...{ team: newId(), expiresAt: 1_000, format: 'jwt', autoRotate: { intervalDays: 30, graceDays: 7 } },
        ...{ rotatesAt: 500, version: 3, createdAt: 4, updatedAt: 5 },
        tags: { 'équipe 🦊': 'größe ☃', nested: { deep: [1, null, true, '"\\\u0001'] }, '': '' },
      };

      test.each([
        { what: 'with everything that one can have', own: FULL },
        { what: 'with as little as one can have', own: {} },
        { what: 'without a current value', own: { current: undefined } },
      ])('are found as they were written, by id and by name: $what', async ({ own }) => {
        const { account } = await made('robot', own);
        expect(await get(account.id)).toEqual(account);
        expect(await robotIn(acme)).toEqual(account);
        expect(await list()).toEqual({ rows: [account], total: 1 });
      });

      test('bear the name of their principal, and are not found by that of a user, nor a user by theirs', async () => {
        const { account } = await made('robot');
        const namesake = newUser('robot', { name: 'human' });
        await store.transact((tx) => tx.principals.insert(acme.id, namesake));
        expect(await store.virtualAccounts.byName(acme.id, parseVirtualAccountName('human'))).toBeUndefined();
        expect(await get(namesake.id)).toBeUndefined();
        expect(await store.principals.user(acme.id, account.id)).toBeUndefined();
        expect((await store.principals.users(acme.id, USERS)).rows.map(({ id }) => id)).toEqual(
          expect.not.arrayContaining([account.id]),
        );
        expect(await store.principals.usersByEmail(acme.id, ['robot' as never])).toEqual([]);
      });

      test('of one name there is one: the second principal is not written', async () => {
        const { account } = await made('robot');
        const again = newUser('robot', { kind: 'virtual_account', name: account.name });
        expect(await store.transact((tx) => tx.principals.insert(acme.id, again))).toBe(false);
        expect(await store.transact((tx) => tx.principals.insert(other.id, again))).toBe(true);
      });

      test('undefined for one that was removed, in every read; its name is free for another, which has nothing of it', async () => {
        const { account } = await made('robot', { rotatesAt: 5 });
        await store.transact((tx) => tx.virtualAccounts.keepValue(acme.id, account.id, newId(), random.bytes(9)));
        await removed(account);
        expect([await get(account.id), await robotIn(acme)]).toEqual([undefined, undefined]);
        expect(await list()).toEqual({ rows: [], total: 0 });
        expect(await store.virtualAccounts.due(9, 9)).toEqual([]);
        const next = await made('robot');
        expect(await robotIn(acme)).toEqual(next.account);
        expect(await get(account.id)).toBeUndefined();
        await store.transact((tx) => tx.principals.remove(acme.id, next.account.id, 5));
        expect([await get(next.account.id), (await list()).total]).toEqual([undefined, 0]);
      });

      test('are changed in all but name, token and maker', async () => {
        const { account } = await made('robot');
        const wanted = { ...account, ...FULL, current: newId<'Token'>() };
        const foreign = {
          name: parseVirtualAccountName('evil'),
          pat: newId<'PersonalAccessToken'>(),
          createdBy: alice.id,
        };
        await update({ ...wanted, ...foreign, createdAt: 99 });
        expect(await get(account.id)).toEqual({ ...wanted, createdAt: account.createdAt });
        const bare = { ...newAccount('robot'), ...account, current: undefined, updatedAt: 9 };
        await update(bare);
        expect(await get(account.id)).toEqual(bare);
      });

      test('that are not there are not changed: it throws, and nothing is written', async () => {
        const { account } = await made('robot');
        await expect(update(newAccount('nobody'))).rejects.toThrow();
        await expect(update({ ...account, version: 9 }, other)).rejects.toThrow();
        expect(await get(account.id)).toEqual(account);
      });

      test('of a team that goes are nobody’s from then on, those of no other team', async () => {
        const [ops, dev] = [newTeam('ops').id, newTeam('dev').id];
        const [one, two, three] = [
          await made('one', { team: ops, version: 4 }),
          await made('two', { team: ops }),
          await made('three', { team: dev }),
        ];
        const theirs = await made('theirs', { team: ops }, other);
        await store.transact((tx) => tx.virtualAccounts.disown(acme.id, ops, 9));
        expect(await get(one.account.id)).toEqual({ ...one.account, team: undefined, version: 5, updatedAt: 9 });
        expect(await get(two.account.id)).toMatchObject({ team: undefined, version: 2 });
        expect(await get(three.account.id)).toEqual(three.account);
        expect(await get(theirs.account.id, other)).toEqual(theirs.account);
      });
    });

    describe('a list of virtual accounts', () => {
      test('is newest first; `total` counts past the page', async () => {
        const [old, young] = [await made('old', { createdAt: 1 }), await made('young', { createdAt: 3 })];
        await made('theirs', { createdAt: 2 }, other);
        const rows = [young.account, old.account];
        expect(await list()).toEqual({ rows, total: 2 });
        expect(await list({ limit: 1 })).toEqual({ rows: rows.slice(0, 1), total: 2 });
        expect(await list({ limit: 1, offset: 1 })).toEqual({ rows: rows.slice(1), total: 2 });
        expect(await list({ offset: 9 })).toEqual({ rows: [], total: 2 });
        expect(await list({ limit: 0 })).toEqual({ rows: [], total: 2 });
      });

      test('is paged without a gap or a repetition, made in the same instant or not', async () => {
        const names = Array.from({ length: 9 }, (_, at) => `robot-${at}`);
        for (const name of names) await made(name, { createdAt: 7 });
        const pages = await Promise.all([0, 4, 8].map((offset) => namesIn({ limit: 4, offset })));
        expect(pages.flat().sort()).toEqual(names);
      });

      test.each(['%', '_', '\\', 'ro_ot', 'r%t', '\0', '"', `'`])(
        'is searched literally: %j finds nothing',
        async (nameContains) => {
          await made('robot');
          expect(await list({ nameContains })).toEqual({ rows: [], total: 0 });
        },
      );

      test('is searched by a part of the name, which knows no case', async () => {
        await made('robot');
        await made('deployer');
        expect(await namesIn({ nameContains: 'OBO' })).toEqual(['robot']);
      });

      test('is of the teams that are asked for; of none there is nothing', async () => {
        const [ops, dev, none] = [newId<'Team'>(), newId<'Team'>(), newId<'Team'>()];
        await made('ops-robot', { team: ops, createdAt: 3 });
        await made('dev-robot', { team: dev, createdAt: 2 });
        await made('nobodys', { createdAt: 1 });
        const theirs = (...teams: (typeof ops)[]) => namesIn({ teams });
        expect([await theirs(ops), await theirs(dev, ops)]).toEqual([['ops-robot'], ['ops-robot', 'dev-robot']]);
        expect([await theirs(none), await theirs()]).toEqual([[], []]);
        expect(await list({ teams: [] })).toEqual({ rows: [], total: 0 });
      });

      test('is of those that are over at an instant, or those that are not: one dies at the instant it names', async () => {
        await made('ends', { expiresAt: 10, createdAt: 2 });
        await made('endless', { createdAt: 1 });
        const expired = (is: boolean, at: number) => namesIn({ expired: { is, at } });
        expect([await expired(true, 9), await expired(false, 9)]).toEqual([[], ['ends', 'endless']]);
        expect([await expired(true, 10), await expired(false, 10)]).toEqual([['ends'], ['endless']]);
        expect(await list({ expired: { is: true, at: 11 }, limit: 0 })).toEqual({ rows: [], total: 1 });
      });

      test('is of these alone, where these are said; of none there is nothing', async () => {
        const [one, two] = [await made('one', { createdAt: 2 }), await made('two', { createdAt: 1 })];
        const among = (...ids: VirtualAccount['id'][]) => list({ among: ids });
        expect(await among(two.account.id, one.account.id)).toEqual({ rows: [one.account, two.account], total: 2 });
        expect(await among(two.account.id, newId())).toEqual({ rows: [two.account], total: 1 });
        expect(await among()).toEqual({ rows: [], total: 0 });
      });

      test('is of what fits all that is asked', async () => {
        const ops = newId<'Team'>();
        const { account } = await made('ops-ends', { team: ops, expiresAt: 10 });
        await made('ops-endless', { team: ops });
        await made('dev-ends', { expiresAt: 10 });
        const asked = { nameContains: 'ends', teams: [ops], expired: { is: true, at: 10 }, among: [account.id] };
        expect(await list(asked)).toEqual({ rows: [account], total: 1 });
        expect(await list({ ...asked, among: [newId()] })).toEqual({ rows: [], total: 0 });
      });

      test('counts what a team owns', async () => {
        const [ops, dev] = [newId<'Team'>(), newId<'Team'>()];
        await made('one', { team: ops });
        const { account } = await made('two', { team: ops });
        await made('three');
        await made('theirs', { team: ops }, other);
        const count = (team: typeof ops) => store.virtualAccounts.countOfTeam(acme.id, team);
        expect([await count(ops), await count(dev)]).toEqual([2, 0]);
        await removed(account);
        expect(await count(ops)).toBe(1);
      });
    });

    describe('accounts that are due', () => {
      const due = async (now: number, max = 9) =>
        (await store.virtualAccounts.due(now, max)).map(({ tenant, id }) => [tenant, id]);
      const frozen = (id: VirtualAccount['id'], active = false) =>
        store.transact((tx) => tx.principals.setActive(acme.id, id, active, 5));

      test('are those of all tenants whose time has come, that are due for the longest first, so many as are asked for', async () => {
        const second = await made('second', { rotatesAt: 20 });
        const first = await made('first', { rotatesAt: 10 }, other);
        await made('never');
        const ids = [
          [other.id, first.account.id],
          [acme.id, second.account.id],
        ];
        expect([await due(9), await due(10), await due(20), await due(20, 1)]).toEqual([
          [],
          ids.slice(0, 1),
          ids,
          ids.slice(0, 1),
        ]);
      });

      test('in their order whatever they are called and were made in', async () => {
        const ids: VirtualAccount[] = [];
        for (const at of [1, 2, 3, 4]) ids.push((await made(`robot-${at}`, { rotatesAt: at })).account);
        expect(await due(9)).toEqual(ids.map(({ id }) => [acme.id, id]));
        for (const [at, one] of ids.entries()) await update({ ...one, rotatesAt: 9 - at });
        expect(await due(9)).toEqual(ids.toReversed().map(({ id }) => [acme.id, id]));
      });

      test('the next is the first of them, past or not; undefined where none ever is', async () => {
        const next = () => store.virtualAccounts.nextDueAt(5);
        expect(await next()).toBeUndefined();
        const { account } = await made('robot', { rotatesAt: 20 });
        await made('later', { rotatesAt: 30 }, other);
        expect(await next()).toBe(20);
        await update({ ...account, rotatesAt: undefined });
        expect(await next()).toBe(30);
      });

      test('are none that are over, though it was their turn before that', async () => {
        const { account } = await made('robot', { rotatesAt: 10, expiresAt: 20 });
        const next = (now: number) => store.virtualAccounts.nextDueAt(now);
        expect([await due(19), await next(19)]).toEqual([[[acme.id, account.id]], 10]);
        expect([await due(20), await next(20)]).toEqual([[], undefined]);
      });

      test('are none that are frozen, until they are thawed, and none of a tenant that is disabled', async () => {
        const { account } = await made('robot', { rotatesAt: 10 });
        await frozen(account.id);
        expect([await due(10), await store.virtualAccounts.nextDueAt(10)]).toEqual([[], undefined]);
        await frozen(account.id, true);
        expect(await due(10)).toEqual([[acme.id, account.id]]);
        await store.transact((tx) => tx.tenants.setDisabled(acme.id, 5));
        expect([await due(10), await store.virtualAccounts.nextDueAt(10)]).toEqual([[], undefined]);
      });
    });

    describe('values that are kept', () => {
      const keep = (
        account: VirtualAccount['id'],
        token: NonNullable<VirtualAccount['current']>,
        sealed: Uint8Array,
        tenant = acme,
      ) => store.transact((tx) => tx.virtualAccounts.keepValue(tenant.id, account, token, sealed));
      const kept = async (
        account: VirtualAccount['id'],
        token: NonNullable<VirtualAccount['current']>,
        tenant = acme,
      ) => {
        const sealed = await store.virtualAccounts.sealedValue(tenant.id, account, token);
        return sealed && Buffer.from(sealed);
      };
      const [first, second] = [newId<'Token'>(), newId<'Token'>()];
      const bytes = () => Buffer.from(random.bytes(40));

      test('are had as they were kept, of that account and that value alone', async () => {
        const [one, two] = [(await made('one')).account.id, (await made('two')).account.id];
        const sealed = bytes();
        expect(await kept(one, first)).toBeUndefined();
        await keep(one, first, sealed);
        expect(await kept(one, first)).toEqual(sealed);
        expect([await kept(one, second), await kept(two, first), await kept(one, first, other)]).toEqual([
          undefined,
          undefined,
          undefined,
        ]);
      });

      test('take the place of any other of the account’s, and of nobody else’s', async () => {
        const [one, two] = [(await made('one')).account.id, (await made('two')).account.id];
        const [old, next, theirs] = [bytes(), bytes(), bytes()];
        await keep(one, first, old);
        await keep(two, first, theirs);
        await keep(one, second, next);
        expect([await kept(one, first), await kept(one, second), await kept(two, first)]).toEqual([
          undefined,
          next,
          theirs,
        ]);
      });

      test('of an account are shredded, or of all of a tenant; another tenant’s stay', async () => {
        const [one, two] = [(await made('one')).account.id, (await made('two')).account.id];
        const { principal } = await made('theirs', {}, other);
        for (const id of [one, two]) await keep(id, first, bytes());
        const theirs = bytes();
        await keep(principal.id, first, theirs, other);
        const drop = (account?: VirtualAccount['id']) =>
          store.transact((tx) => tx.virtualAccounts.dropValues(acme.id, account));
        await drop(one);
        expect([await kept(one, first), await kept(two, first)]).toEqual([undefined, expect.any(Buffer)]);
        await keep(one, first, bytes());
        await drop();
        expect([await kept(one, first), await kept(two, first)]).toEqual([undefined, undefined]);
        expect(await kept(principal.id, first, other)).toEqual(theirs);
      });

      test('go with their account, and not a byte of them is left', async () => {
        const { raw, store: own, acme: tenant } = await openWorld(adapter);
        const { account } = await accountIn(own, tenant.id, 'robot');
        await own.transact((tx) => tx.virtualAccounts.keepValue(tenant.id, account.id, first, bytes()));
        await own.transact((tx) => tx.virtualAccounts.remove(tenant.id, account.id));
        expect(await raw.all('select token from virtual_account_value')).toEqual([]);
        expect(await own.virtualAccounts.sealedValue(tenant.id, account.id, first)).toBeUndefined();
      });
    });

    test('what one tenant has is not seen, changed or in the way in another, under the same ids and names', async () => {
      const { account, principal } = await made('robot', { team: newId(), rotatesAt: 50 });
      const theirs = { ...account, tags: { whose: 'theirs' }, rotatesAt: 60 };
      expect(await get(account.id, other)).toBeUndefined();
      expect(await robotIn(other)).toBeUndefined();
      expect(await list({ among: [account.id] }, other)).toEqual({ rows: [], total: 0 });
      await store.transact(async (tx) => {
        await tx.principals.insert(other.id, principal);
        await tx.virtualAccounts.insert(other.id, theirs);
      });
      expect([await get(account.id), await get(account.id, other)]).toEqual([account, theirs]);
      await update({ ...theirs, version: 7 }, other);
      await removed(theirs, other);
      expect([await get(account.id), await robotIn(acme)]).toEqual([account, account]);
    });
  });
}

const USERS = { limit: 100, offset: 0, emailContains: '', isInactiveToo: true };
