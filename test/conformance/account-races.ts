import { beforeEach, describe, expect, test } from 'vitest';
import type { Deps } from '#app/deps.ts';
import { removeTeam } from '#app/team/remove.ts';
import { VerifiedCredentials } from '#app/token/verified-credentials.ts';
import { applyAccount, createAccount } from '#app/virtual-account/apply.ts';
import { endValue } from '#app/virtual-account/end-value.ts';
import { freezeAccount } from '#app/virtual-account/freeze.ts';
import { getAccount } from '#app/virtual-account/list.ts';
import { regenerateToken } from '#app/virtual-account/regenerate.ts';
import { removeAccount } from '#app/virtual-account/remove.ts';
import { putAccountRules } from '#app/virtual-account/rules.ts';
import { updateAccount } from '#app/virtual-account/update.ts';
import { readAccountToken } from '#app/virtual-account/value.ts';
import type { Caller } from '#domain/caller.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { ACCOUNT_RULES } from '#domain/virtual-account.ts';
import { accountWith, permitted, teamOf, wanting } from '#support/accounts.ts';
import { nodeBeside } from '#support/beside.ts';
import { type Core, openCore } from '#support/core.ts';
import type { Adapter } from './adapters.ts';
import { outcomesOf } from './races.ts';

const AT_ONCE = 12;
/** Each of two at once is a question of who is first: asked again and again. */
const ROUNDS = 8;
const MINUTE_MS = 60_000;

/** What two processes do to a virtual account at the same moment is as if one had done it after the other. */
export function accountRaceConformance(adapter: Adapter): void {
  describe(`${adapter.name}: of what two nodes do to virtual accounts at the same moment`, () => {
    let core: Core;
    let nodes: readonly [Deps, Deps];
    let root: Caller;
    beforeEach(async () => {
      core = await openCore();
      nodes = [core.deps, await nodeBeside(core)];
      root = await core.user('root', 'tenant-admin');
    });

    /** By each node in turn, all at once. */
    const raced = <Result>(count: number, act: (node: Deps, at: number) => Promise<Result>) =>
      Promise.allSettled(Array.from({ length: count }, (_, at) => act(nodes[at % 2] as Deps, at)));
    const rows = (table: string, where = 'true') => core.rows(`select * from ${table} where ${where}`);
    /** As a process says that remembers nothing. */
    const standing = (value: Sensitive) =>
      core.standing(value, { ...core.deps, verified: new VerifiedCredentials('fresh', 0) });
    const account = async (name: string, own = {}) => (await accountWith(core, root, name, own)).view.account.id;

    test('many creates of one name, one makes it, with one value', async () => {
      const wanted = wanting('robot', { permissions: permitted(core, 'tenant-member') });
      const settled = await raced(AT_ONCE, (node) => createAccount(node, root, wanted));
      expect(outcomesOf(settled)).toEqual({ done: 1, conflict: AT_ONCE - 1 });
      const counts = await Promise.all([rows('virtual_account'), rows('token'), rows('virtual_account_value')]);
      expect(counts.map(({ length }) => length)).toEqual([1, 1, 1]);
    });

    test('two that apply one name, both are done: one account, one value, and what the later says', async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const name = `robot-${round}`;
        const settled = await raced(2, (node, at) =>
          applyAccount(node, root, wanting(name, { tags: { at }, permissions: permitted(core, 'tenant-member') })),
        );
        expect(outcomesOf(settled)).toEqual({ done: 2 });
        const values = settled.flatMap((one) => (one.status === 'fulfilled' ? (one.value.value ?? []) : []));
        expect(values).toHaveLength(1);
        const [view] = settled.flatMap((one) => (one.status === 'fulfilled' ? one.value.view : []));
        const {
          account: after,
          grants,
          values: standing,
        } = await getAccount(core.deps, root, view?.account.id as never);
        expect([after.version, grants.length, standing.length]).toEqual([2, 1, 1]);
      }
    });

    test('many regenerations without a grace, each answered: one value works, which is the current and the one kept', async () => {
      const id = await account('robot');
      const settled = await raced(AT_ONCE, (node) => regenerateToken(node, root, id, 0));
      const values = settled.flatMap((one) => (one.status === 'fulfilled' ? one.value.value : []));
      const { done = 0, ...others } = outcomesOf(settled);
      expect(others).toEqual(done === AT_ONCE ? {} : { unavailable: AT_ONCE - done }); // told that nothing was done
      const works = await Promise.all(values.map(standing));
      expect(works.filter((one) => one === 'ok')).toHaveLength(1);
      expect((await rows('token')).length).toBe(1 + done);
      const { values: shown, current } = await getAccount(core.deps, root, id);
      expect(shown.map((one) => one.id)).toEqual([current?.id]);
      const kept = await readAccountToken(core.deps, root, id);
      expect(await standing(kept)).toBe('ok');
    });

    test('two regenerations with a grace, both work, one is current, and each has a number of its own', async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const id = await account(`robot-${round}`);
        const settled = await raced(2, (node) => regenerateToken(node, root, id, MINUTE_MS));
        expect(outcomesOf(settled)).toEqual({ done: 2 });
        const { values, current } = await getAccount(core.deps, root, id);
        expect([values.map(({ generation }) => generation), current?.generation]).toEqual([[3, 2, 1], 3]);
        const made = settled.flatMap((one) => (one.status === 'fulfilled' ? one.value.value : []));
        expect(await Promise.all(made.map(standing))).toEqual(['ok', 'ok']);
      }
    });

    test('a regeneration and a removal, nothing of the account works and nothing is left of it', async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const id = await account(`robot-${round}`);
        const settled = await raced<unknown>(2, (node, at) =>
          at === round % 2 ? removeAccount(node, root, id) : regenerateToken(node, root, id, MINUTE_MS),
        );
        expect(outcomesOf(settled)).toBeOneOf([{ done: 2 }, { done: 1, not_found: 1 }]);
        const made = settled.flatMap((one) =>
          one.status === 'fulfilled' ? ((one.value as { value?: Sensitive })?.value ?? []) : [],
        );
        expect(await Promise.all(made.map(standing))).toEqual(made.map(() => 'revoked'));
        const left = await Promise.all([
          rows('virtual_account', `id = '${id}'`),
          rows('virtual_account_value', `account = '${id}'`),
          rows('role_grant', `subject = '${id}'`),
          rows('personal_access_token', `owner = '${id}' and ended_at is null`),
        ]);
        expect(left.flat()).toEqual([]);
      }
    });

    test('a regeneration and an end of the current value, what is said to be current works', async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const { view } = await accountWith(core, root, `robot-${round}`);
        const { id } = view.account;
        const settled = await raced<unknown>(2, (node, at) =>
          at === round % 2
            ? endValue(node, root, id, view.current?.id as never)
            : regenerateToken(node, root, id, MINUTE_MS),
        );
        expect(outcomesOf(settled)).toEqual({ done: 2 });
        const { current, values } = await getAccount(core.deps, root, id);
        expect([current?.generation, values.length]).toEqual([2, 1]);
        expect(await standing(await readAccountToken(core.deps, root, id))).toBe('ok');
      }
    });

    test('regenerations and a decision that none can be read, nothing that is kept is left', async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const ids = [await account(`one-${round}`), await account(`two-${round}`)];
        const settled = await raced<unknown>(3, (node, at) =>
          at === round % 3
            ? putAccountRules(node, root, { ...ACCOUNT_RULES, isReadable: false })
            : regenerateToken(node, root, ids[at % 2] as never, MINUTE_MS),
        );
        expect(outcomesOf(settled)).toEqual({ done: 3 });
        expect(await rows('virtual_account_value')).toEqual([]);
        await putAccountRules(core.deps, root, ACCOUNT_RULES);
      }
    });

    test('creates and a decision that none can be read, nothing that is kept is left', async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const settled = await raced<unknown>(4, (node, at) =>
          at === round % 4
            ? putAccountRules(node, root, { ...ACCOUNT_RULES, isReadable: false })
            : createAccount(node, root, wanting(`robot-${round}-${at}`)),
        );
        expect(outcomesOf(settled)).toEqual({ done: 4 });
        expect(await rows('virtual_account_value')).toEqual([]);
        await putAccountRules(core.deps, root, ACCOUNT_RULES);
      }
    });

    test('two changes of the version that both have seen, one is done, and the other told', async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const name = `robot-${round}`;
        const id = await account(name);
        const settled = await raced(2, (node, at) =>
          updateAccount(node, root, id, wanting(name, { tags: { at } }), { version: 1 }),
        );
        expect(outcomesOf(settled)).toEqual({ done: 1, precondition_failed: 1 });
        expect((await getAccount(core.deps, root, id)).account.version).toBe(2);
      }
    });

    test('a freeze and a regeneration, the account is frozen, and the new value with it', async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const id = await account(`robot-${round}`);
        const settled = await raced<unknown>(2, (node, at) =>
          at === round % 2 ? freezeAccount(node, root, id) : regenerateToken(node, root, id, 0),
        );
        expect(outcomesOf(settled)).toEqual({ done: 2 });
        const value = await readAccountToken(core.deps, root, id);
        expect(await standing(value)).toBe('revoked');
      }
    });

    test('an account that is made for a team, and the team’s removal, no team that is gone owns one', async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const team = await teamOf(core, `team-${round}`);
        const wanted = wanting(`robot-${round}`, { team: team.name });
        const settled = await raced<unknown>(2, (node, at) =>
          at === round % 2 ? removeTeam(node, root, team.id) : createAccount(node, root, wanted),
        );
        expect(outcomesOf(settled)).toBeOneOf([{ done: 2 }, { done: 1, unprocessable: 1 }]);
        const owned = [
          ...(await rows('virtual_account', `team = '${team.id}'`)),
          ...(await rows('role_grant', `subject = '${team.id}'`)),
        ];
        expect(owned).toEqual([]);
      }
    });
  });
}
