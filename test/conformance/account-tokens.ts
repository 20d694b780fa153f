import { beforeEach, describe, expect, test } from 'vitest';
import type { PrincipalRecord } from '#domain/principal.ts';
import type { Tenant } from '#domain/tenant.ts';
import type { TokenId } from '#domain/token.ts';
import { TOKEN_SETTINGS } from '#domain/token-settings.ts';
import { ACCOUNT_RULES } from '#domain/virtual-account.ts';
import type { Store } from '#ports/store.ts';
import type { Adapter } from './adapters.ts';
import {
  accountIn,
  addValue,
  EVERYTHING,
  endedBy,
  heldBy,
  newId,
  openWorld,
  random,
  revoke,
  standing,
  userIn,
  viewOf,
} from './world.ts';

const DAY_MS = 86_400_000;

/** What `Store` promises of the tokens of virtual accounts, and of one value among several, sentence by sentence. */
export function accountTokenConformance(adapter: Adapter): void {
  describe(`${adapter.name} keeps the promises of Store about tokens of virtual accounts`, () => {
    let store: Store;
    let acme: Tenant;
    let other: Tenant;
    let alice: PrincipalRecord;
    let robot: Awaited<ReturnType<typeof accountIn>>;
    beforeEach(async () => {
      ({ store, acme, other, alice } = await openWorld(adapter));
      robot = await accountIn(store, acme.id, 'robot');
    });
    const stands = async (pat = robot.pat.id, tenant = acme) =>
      (await store.tokens.standing(tenant.id, pat)).map(({ id }) => id);
    const endOne = (token: TokenId, pat = robot.pat.id, tenant = acme) =>
      store.transact((tx) => tx.tokens.endOne(tenant.id, pat, token, endedBy(alice.id, 5)));
    const expireOne = (token: TokenId, at: number, pat = robot.pat.id, tenant = acme) =>
      store.transact((tx) => tx.tokens.expireOne(tenant.id, pat, token, at));
    const shown = (...ids: Parameters<Store['pats']['ofAccounts']>[1]) => store.pats.ofAccounts(acme.id, ids);
    const next = (own = {}) => addValue(store, acme.id, robot.pat, own);

    describe('values of one token', () => {
      test('that were not ended stand, oldest first, those past their date too', async () => {
        const [two, three] = [await next({ expiresAt: 2 }), await next()];
        expect(await store.tokens.standing(acme.id, robot.pat.id)).toEqual([robot.token, two.token, three.token]);
        await endOne(two.token.id);
        expect(await stands()).toEqual([robot.token.id, three.token.id]);
        expect(await stands(robot.pat.id, other)).toEqual([]);
        expect(await stands(newId())).toEqual([]);
      });

      test('one is had by its id, ended or not; undefined for another token’s, or another tenant’s', async () => {
        const bot = await accountIn(store, acme.id, 'bot');
        const value = (token: TokenId, pat = robot.pat.id, tenant = acme) => store.tokens.get(tenant.id, pat, token);
        expect(await value(robot.token.id)).toEqual(robot.token);
        await endOne(robot.token.id);
        expect(await value(robot.token.id)).toEqual({ ...robot.token, ended: endedBy(alice.id, 5) });
        const elsewhere = [value(bot.token.id), value(robot.token.id, robot.pat.id, other), value(newId())];
        expect(await Promise.all(elsewhere)).toEqual([undefined, undefined, undefined]);
      });

      test('one ends and nothing else; false for one that does not stand, or is another token’s', async () => {
        const two = await next();
        const bot = await accountIn(store, acme.id, 'bot');
        expect(await endOne(robot.token.id, bot.pat.id)).toBe(false);
        expect(await endOne(robot.token.id, robot.pat.id, other)).toBe(false);
        expect(await endOne(newId())).toBe(false);
        expect(await stands()).toEqual([robot.token.id, two.token.id]);
        expect([await endOne(robot.token.id), await endOne(robot.token.id)]).toEqual([true, false]);
        expect(await stands()).toEqual([two.token.id]);
        const ended = async (digest: Uint8Array) => (await store.tokens.byDigest([digest]))?.ended;
        expect(await Promise.all([robot, two, bot].map(({ digest }) => ended(digest)))).toEqual([true, false, false]);
      });

      test('the last one that ends leaves the token, which can have another', async () => {
        await endOne(robot.token.id);
        expect(await shown(robot.account.id)).toMatchObject([{ tokens: [], pat: { ended: undefined } }]);
        const two = await next();
        expect(two.token.generation).toBe(2);
        expect((await store.tokens.byDigest([two.digest]))?.ended).toBe(false);
      });

      test('one works until a date and not longer; nothing else is changed', async () => {
        const two = await next();
        await expireOne(robot.token.id, 50);
        expect(await store.tokens.standing(acme.id, robot.pat.id)).toEqual([
          { ...robot.token, expiresAt: 50 },
          two.token,
        ]);
        expect((await store.tokens.byDigest([robot.digest]))?.expiresAt).toBe(50);
        await expireOne(robot.token.id, 40);
        expect((await store.tokens.byDigest([robot.digest]))?.expiresAt).toBe(40);
      });

      test('one that does not stand is given no date: it throws', async () => {
        await endOne(robot.token.id);
        await expect(expireOne(robot.token.id, 50)).rejects.toThrow();
        const bot = await accountIn(store, acme.id, 'bot');
        await expect(expireOne(bot.token.id, 50)).rejects.toThrow();
        await expect(expireOne(bot.token.id, 50, bot.pat.id, other)).rejects.toThrow();
        expect((await store.tokens.byDigest([bot.digest]))?.expiresAt).toBeUndefined();
      });
    });

    describe('the token of a virtual account', () => {
      test('comes with its values, newest first, to whoever asks for accounts; of one that is gone there is none', async () => {
        const [two, bot] = [await next(), await accountIn(store, acme.id, 'bot')];
        const use = { tenant: acme.id, token: two.token.id, at: 7, surface: 'rest', address: '192.0.2.1' };
        const dead = { ...use, pat: robot.pat.id, at: 8 };
        await store.transact(async (tx) => {
          await tx.tokenUses.note([use]);
          await tx.tokenUses.noteDead([dead]);
        });
        const [lastUse, deadUse] = [7, 8].map((at) => ({ at, surface: 'rest', address: '192.0.2.1' }));
        const tokens = [{ ...standing(two.token), lastUse }, standing(robot.token)];
        const robots = { ...viewOf(robot.pat, []), tokens, endsAt: undefined, lastUse, deadUse };
        const found = await shown(robot.account.id, bot.account.id, alice.id, newId());
        expect(found).toHaveLength(2);
        expect(found).toEqual(expect.arrayContaining([robots, bot.view]));
        expect(await shown()).toEqual([]);
        expect(await store.pats.ofAccounts(other.id, [robot.account.id])).toEqual([]);
        await revoke(store, acme.id, robot.account.id, robot.pat.id);
        expect(await shown(robot.account.id, bot.account.id)).toEqual([bot.view]);
      });

      test('of more accounts than one statement names, each with its own', async () => {
        const ids = [robot.account.id, ...Array.from({ length: 1_100 }, () => newId<'Principal'>())];
        expect(await shown(...ids, ...ids)).toEqual(expect.arrayContaining([robot.view]));
      });

      test('is in no list, count or look-up of personal access tokens, not even of the account itself', async () => {
        const owner = robot.account.id;
        const { pats } = store;
        expect(await pats.list(acme.id, owner, EVERYTHING)).toEqual({ rows: [], total: 0 });
        expect(await pats.get(acme.id, owner, robot.pat.id)).toBeUndefined();
        expect(await pats.view(acme.id, owner, robot.pat.id)).toBeUndefined();
        expect(await pats.byName(acme.id, owner, robot.pat.name)).toBeUndefined();
        expect(await pats.countLive(acme.id, owner, 0)).toBe(0);
        await heldBy(store, acme.id, alice.id, 'deploy');
        expect((await pats.list(acme.id, alice.id, EVERYTHING)).total).toBe(1);
        expect(await pats.ofAccounts(acme.id, [alice.id])).toEqual([]);
      });

      test('is not renamed, and not ended with all of its owner’s; it is revoked as what it is', async () => {
        const owner = robot.account.id;
        const rename = store.transact((tx) => tx.pats.rename(acme.id, owner, robot.pat.id, 'other' as never, 5));
        await expect(rename).rejects.toThrow();
        const all = await store.transact((tx) => tx.pats.revokeAll(acme.id, owner, endedBy(alice.id, 5)));
        expect(all).toEqual({ ended: [], unproved: [] });
        expect((await store.tokens.byDigest([robot.digest]))?.ended).toBe(false);
        expect(await revoke(store, acme.id, owner, robot.pat.id)).toBe(true);
        expect((await store.tokens.byDigest([robot.digest]))?.ended).toBe(true);
      });

      test('ends all its values by its own date, which can be put off, taken away, or put forward', async () => {
        const until = async (expiresAt: number | undefined, owner = robot.account.id) => {
          await store.transact((tx) => tx.pats.setExpiry(acme.id, owner, robot.pat.id, expiresAt, 9));
          const [view] = await shown(robot.account.id);
          return [(await store.tokens.byDigest([robot.digest]))?.expiresAt, view?.endsAt, view?.pat.updatedAt];
        };
        expect(await until(50)).toEqual([50, 50, 9]);
        expect(await until(70)).toEqual([70, 70, 9]);
        expect(await until(undefined)).toEqual([undefined, undefined, 9]);
        await expireOne(robot.token.id, 60);
        expect(await until(90)).toEqual([60, 60, 9]);
        await expect(until(99, alice.id)).rejects.toThrow();
        const moved = store.transact((tx) => tx.pats.setExpiry(other.id, robot.account.id, robot.pat.id, 9, 9));
        await expect(moved).rejects.toThrow();
      });

      test('lives by none of the settings that a tenant has for people: not age, idleness or count', async () => {
        const strict = { ...TOKEN_SETTINGS, ageDaysMax: 1, idleDaysMax: 1, countMax: 1, sessionOnly: true };
        const { digest } = await heldBy(store, acme.id, alice.id, 'deploy');
        await store.transact((tx) => tx.tokenSettings.put(acme.id, strict));
        expect((await store.tokens.byDigest([digest]))?.expiresAt).toBe(1 + DAY_MS);
        const known = await store.tokens.byDigest([robot.digest]);
        expect([known?.expiresAt, known?.idle]).toEqual([undefined, undefined]);
        const [view] = await shown(robot.account.id);
        expect([view?.endsAt, view?.tokens[0]?.endsAt]).toEqual([undefined, undefined]);
        const breaks = await store.tokenSettings.breaksUnder(acme.id, { ...strict, ageDaysMax: 2 }, 0, 9);
        expect(breaks.owners.map(({ owner }) => owner.id)).not.toContain(robot.account.id);
        await store.transact((tx) => tx.tokenSettings.put(acme.id, TOKEN_SETTINGS));
        const under = await store.tokenSettings.breaksUnder(acme.id, strict, 9 * DAY_MS, 9);
        expect(under).toMatchObject({ tokens: 1, owners: [{ owner: { id: alice.id }, tokens: 1 }] });
      });

      test('speaks for the account, and ends with it: frozen it is refused, thawed it stands', async () => {
        const known = () => store.tokens.byDigest([robot.digest]);
        const { id, name } = robot.account;
        expect(await known()).toMatchObject({ principal: { id, kind: 'virtual_account', name }, ended: false });
        const turn = (active: boolean) => store.transact((tx) => tx.principals.setActive(acme.id, id, active, 5));
        await turn(false);
        expect((await known())?.ended).toBe(true);
        await turn(true);
        expect((await known())?.ended).toBe(false);
      });

      test('that a key signed ends value by value, so that the account can have another', async () => {
        const signedBy = newId<'Key'>();
        const { token, digest } = await next({ format: 'jwt', signedBy });
        await endOne(robot.token.id);
        const all = await store.transact((tx) => tx.tokens.endSignedBy(signedBy, endedBy(alice.id, 5)));
        expect(all).toEqual({ ended: [{ kind: 'token', id: token.id }], unproved: [] });
        expect((await store.tokens.byDigest([digest]))?.ended).toBe(true);
        expect(await shown(robot.account.id)).toMatchObject([{ pat: { ended: undefined }, tokens: [] }]);
      });

      test('takes what was kept of a value with that value’s end, whatever ends it; what is kept of another stays', async () => {
        const keptOf = async (token: TokenId) =>
          (await store.virtualAccounts.sealedValue(acme.id, robot.account.id, token)) !== undefined;
        const keep = (token: TokenId) =>
          store.transact((tx) => tx.virtualAccounts.keepValue(acme.id, robot.account.id, token, random.bytes(9)));
        const signedBy = newId<'Key'>();
        const signed = await next({ format: 'jwt', signedBy });
        await keep(signed.token.id);
        await endOne(robot.token.id);
        expect(await keptOf(signed.token.id)).toBe(true);
        await store.transact((tx) => tx.tokens.endSignedBy(signedBy, endedBy(alice.id, 5)));
        expect(await keptOf(signed.token.id)).toBe(false);
        const third = await next();
        await keep(third.token.id);
        await endOne(third.token.id);
        expect(await keptOf(third.token.id)).toBe(false);
      });
    });

    test('records of principals are all that is known of them, removed ones too, each once, in no order', async () => {
      const bob = await userIn(store, acme.id, 'bob');
      await store.transact((tx) => tx.principals.remove(acme.id, bob.id, 9));
      const gone = await store.principals.get(acme.id, bob.id);
      const found = await store.principals.records(acme.id, [alice.id, bob.id, robot.account.id, alice.id, newId()]);
      expect(found).toHaveLength(3);
      expect(found).toEqual(expect.arrayContaining([alice, gone, robot.principal]));
      expect(await store.principals.records(other.id, [alice.id])).toEqual([]);
      expect(await store.principals.records(acme.id, [])).toEqual([]);
    });

    describe('the rules of accounts', () => {
      const rules = (tenant = acme) => store.tokenSettings.accountRules(tenant.id);
      const STRICT = { isReadable: false, afterRetirement: 'revoke' } as const;

      test('are the default until a tenant decides otherwise, and of each tenant its own', async () => {
        expect(await rules()).toEqual(ACCOUNT_RULES);
        await store.transact((tx) => tx.tokenSettings.putAccountRules(acme.id, STRICT));
        expect([await rules(), await rules(other)]).toEqual([STRICT, ACCOUNT_RULES]);
        await store.transact((tx) => tx.tokenSettings.putAccountRules(acme.id, ACCOUNT_RULES));
        expect(await rules()).toEqual(ACCOUNT_RULES);
      });

      test('and the settings of tokens leave each other as they are', async () => {
        const settings = { ...TOKEN_SETTINGS, ageDaysMax: 30 };
        await store.transact((tx) => tx.tokenSettings.putAccountRules(acme.id, STRICT));
        await store.transact((tx) => tx.tokenSettings.put(acme.id, settings));
        expect([await rules(), await store.tokenSettings.get(acme.id)]).toEqual([STRICT, settings]);
        await store.transact((tx) => tx.tokenSettings.putAccountRules(acme.id, ACCOUNT_RULES));
        expect(await store.tokenSettings.get(acme.id)).toEqual(settings);
      });
    });
  });
}
