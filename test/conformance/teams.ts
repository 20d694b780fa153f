import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { PERSON_COLUMNS } from '#app/team/get.ts';
import { parseCondition } from '#domain/condition.ts';
import { parseFilter } from '#domain/filter.ts';
import type { PrincipalRecord } from '#domain/principal.ts';
import { parseRoleName } from '#domain/role.ts';
import { parseRoleBindingName } from '#domain/role-binding.ts';
import { parseTeamName, type Team, type TeamMember } from '#domain/team.ts';
import type { Tenant } from '#domain/tenant.ts';
import type { Store, Transaction } from '#ports/store.ts';
import type { Members } from '#ports/teams.ts';
import type { Adapter } from './adapters.ts';
import { insertPat, newBinding, newId, newPat, newRole, newTeam, openWorld, userIn } from './world.ts';

const PAGE = { limit: 100, offset: 0 } as const;
const OF_ONE = ['STRING_CONTAINS', 'STRING_STARTS_WITH', 'STRING_ENDS_WITH', 'EQUAL', 'NOT_EQUAL'] as const;

/** What `Store` promises of teams, custom roles and role bindings, sentence by sentence. */
export function teamConformance(adapter: Adapter): void {
  describe(`${adapter.name} keeps the promises of Store about teams and roles`, () => {
    let store: Store;
    let acme: Tenant;
    let other: Tenant;
    let alice: PrincipalRecord;
    let bob: PrincipalRecord;
    beforeEach(async () => {
      ({ store, acme, other, alice } = await openWorld(adapter));
      bob = await userIn(store, acme.id, 'bob');
    });

    const write = <Result>(body: (tx: Transaction) => Promise<Result>) => store.transact(body);
    const insert = (team: Team, tenant = acme) => write((tx) => tx.teams.insert(tenant.id, team));
    const set = (team: Team, ...members: readonly TeamMember[]) =>
      write((tx) => tx.teams.setMembers(acme.id, team.id, members));
    async function teamOf(name: string, ...members: readonly TeamMember[]): Promise<Team> {
      const team = newTeam(name);
      expect(await insert(team)).toBe(true);
      await set(team, ...members);
      return team;
    }
    const member = ({ id }: PrincipalRecord) => ({ principal: id, isMember: true, isManager: false });
    const manager = ({ id }: PrincipalRecord) => ({ principal: id, isMember: false, isManager: true });
    const who = ({ id, kind, name }: PrincipalRecord) => ({ id, kind, name });
    const page = async (team: Team, own: Partial<Members> = {}) =>
      store.teams.members(acme.id, team.id, { ...PAGE, which: 'members', ...own });

    describe('teams', () => {
      test('are found by id and by name, and named by their ids, in their own tenant', async () => {
        const team = newTeam('Ops-1', {
          ...{ displayName: 'Operations', description: 'Who is called at night.', tags: { cost: '7', 'a b': '"' } },
          ...{ createdBy: alice.id, createdAt: 5, updatedAt: 6 },
        });
        const plain = newTeam('dev');
        expect([await insert(team), await insert(plain)]).toEqual([true, true]);
        expect(await store.teams.get(acme.id, team.id)).toEqual(team);
        expect(await store.teams.byName(acme.id, team.name)).toEqual(team);
        expect(await store.teams.byName(acme.id, parseTeamName('ops-1'))).toBeUndefined();
        expect(await store.teams.get(other.id, team.id)).toBeUndefined();
        expect(await store.teams.byName(other.id, team.name)).toBeUndefined();
        const named = await store.teams.named(acme.id, [plain.id, newId(), team.id]);
        expect(new Set(named)).toEqual(new Set([team, plain]));
        expect(await store.teams.named(acme.id, [])).toEqual([]);
        expect(await store.teams.named(other.id, [team.id])).toEqual([]);
      });

      test('false, and nothing written, when the name is taken; another tenant has names of its own', async () => {
        const [first, second] = [newTeam('ops'), newTeam('ops')];
        expect([await insert(first), await insert(second), await insert(second, other)]).toEqual([true, false, true]);
        expect(await store.teams.get(acme.id, second.id)).toBeUndefined();
        expect(await store.teams.byName(acme.id, first.name)).toEqual(first);
      });

      test('are changed in all but their id, their name and who made them, when', async () => {
        const team = await teamOf('ops');
        const shown = { displayName: 'Ops', description: 'new', tags: { a: 'b' }, updatedAt: 9 };
        const others = { name: parseTeamName('renamed'), createdBy: bob.id, createdAt: 9 };
        await write((tx) => tx.teams.update(acme.id, { ...team, ...shown, ...others }));
        expect(await store.teams.get(acme.id, team.id)).toEqual({ ...team, ...shown });
        await write((tx) => tx.teams.update(acme.id, team));
        expect(await store.teams.get(acme.id, team.id)).toEqual(team);
        await expect(write((tx) => tx.teams.update(acme.id, newTeam('none')))).rejects.toThrow();
        await expect(write((tx) => tx.teams.update(other.id, team))).rejects.toThrow();
      });

      test('are listed by name, a page at a time, with a count past the page', async () => {
        const teams = [await teamOf('c'), await teamOf('a'), await teamOf('B')];
        const list = (own: object) => store.teams.list(acme.id, { ...PAGE, ...own });
        const [c, a, b] = teams;
        expect(await list({})).toEqual({ rows: [b, a, c], total: 3 });
        expect(await list({ limit: 1, offset: 1 })).toEqual({ rows: [a], total: 3 });
        expect(await list({ offset: 3 })).toEqual({ rows: [], total: 3 });
        expect(await store.teams.list(other.id, PAGE)).toEqual({ rows: [], total: 0 });
      });

      test('are listed of somebody: those to which they belong, or which they manage', async () => {
        const [b] = [await teamOf('b', member(alice), member(bob)), await teamOf('none', member(bob))];
        const a = await teamOf('a', manager(alice));
        const c = await teamOf('c', { ...member(alice), isManager: true });
        const of = (isManagedOnly: boolean, own = {}) =>
          store.teams.list(acme.id, { ...PAGE, of: { principal: alice.id, isManagedOnly }, ...own });
        expect(await of(false)).toEqual({ rows: [a, b, c], total: 3 });
        expect(await of(true)).toEqual({ rows: [a, c], total: 2 });
        expect(await of(true, { limit: 1, offset: 1 })).toEqual({ rows: [c], total: 2 });
        expect(await store.teams.ofPrincipal(acme.id, alice.id)).toEqual([
          { team: a, isMember: false, isManager: true },
          { team: b, isMember: true, isManager: false },
          { team: c, isMember: true, isManager: true },
        ]);
        expect(await store.teams.ofPrincipal(other.id, alice.id)).toEqual([]);
      });

      test('are gone with who belongs to them, and no token is put down to them; nobody else’s is touched', async () => {
        const [ops, dev] = [await teamOf('ops', member(alice), manager(bob)), await teamOf('dev', member(alice))];
        const [ofOps, ofDev] = [
          newPat(alice.id, 'of-ops', { team: ops.id }),
          newPat(alice.id, 'of-dev', { team: dev.id }),
        ];
        for (const pat of [ofOps, ofDev]) await insertPat(store, acme.id, pat);
        const teamsOfTokens = () =>
          Promise.all([ofOps, ofDev].map(async ({ id }) => (await store.pats.get(acme.id, alice.id, id))?.team));
        expect(await teamsOfTokens()).toEqual([ops.id, dev.id]);
        await write((tx) => tx.teams.remove(acme.id, ops.id));
        expect(await teamsOfTokens()).toEqual([undefined, dev.id]);
        expect(await store.teams.get(acme.id, ops.id)).toBeUndefined();
        expect(await store.teams.membersOf(acme.id, [ops.id, dev.id])).toMatchObject([{ team: dev.id }]);
        expect(await store.teams.ofPrincipal(acme.id, bob.id)).toEqual([]);
        expect(await insert(newTeam('ops'))).toBe(true);
      });
    });

    describe('members of teams', () => {
      test('are added, made something else, and removed; whoever is not named stays as they are', async () => {
        const carol = await userIn(store, acme.id, 'carol');
        const team = await teamOf('ops', member(alice), manager(bob));
        const belonging = async () =>
          (await store.teams.membersOf(acme.id, [team.id])).map(({ principal, isMember, isManager }) => [
            ...[principal.id, isMember, isManager],
          ]);
        expect(await belonging()).toEqual([
          [alice.id, true, false],
          [bob.id, false, true],
        ]);
        await set(team, manager(alice), member(carol));
        const changed = [
          [alice.id, false, true],
          [bob.id, false, true],
          [carol.id, true, false],
        ];
        expect(await belonging()).toEqual(changed);
        await set(team, { principal: bob.id, isMember: false, isManager: false });
        await set(team, { principal: bob.id, isMember: false, isManager: false });
        await set(team);
        expect(await belonging()).toEqual(changed.filter(([id]) => id !== bob.id));
      });

      test('of several teams come by their addresses, each with their team, and nobody of another', async () => {
        const zoe = await userIn(store, acme.id, 'zoe');
        const [ops, dev] = [await teamOf('ops', member(zoe), manager(bob)), await teamOf('dev', member(alice))];
        await teamOf('others', member(alice), member(bob));
        expect(await store.teams.membersOf(acme.id, [ops.id, newId(), dev.id])).toEqual([
          { team: dev.id, principal: who(alice), isMember: true, isManager: false },
          { team: ops.id, principal: who(bob), isMember: false, isManager: true },
          { team: ops.id, principal: who(zoe), isMember: true, isManager: false },
        ]);
        expect(await store.teams.membersOf(acme.id, [])).toEqual([]);
        expect(await store.teams.membersOf(other.id, [ops.id])).toEqual([]);
      });

      test('are told in short: how many there are, and the first of each by their addresses, of no team of others', async () => {
        const people = [];
        for (const name of ['fay', 'eve', 'dan', 'cat']) people.push(await userIn(store, acme.id, name));
        const [fay, eve, dan, cat] = people as [PrincipalRecord, PrincipalRecord, PrincipalRecord, PrincipalRecord];
        const both = { principal: cat.id, isMember: true, isManager: true };
        const ops = await teamOf('ops', member(fay), member(eve), member(dan), manager(bob), both, manager(alice));
        const [dev, empty] = [await teamOf('dev', manager(fay)), await teamOf('empty')];
        const short = async (firstMax: number) =>
          new Map<unknown, unknown>(
            (await store.teams.summaries(acme.id, [ops.id, dev.id, empty.id], firstMax)).map(
              ({ team, first, ...counts }) => [team, { ...counts, first: first.map(({ principal }) => principal.id) }],
            ),
          );
        const counts = { memberCount: 4, managerCount: 3 };
        const ofDev = [dev.id, { memberCount: 0, managerCount: 1, first: [fay.id] }] as const;
        expect(await short(2)).toEqual(
          new Map<unknown, unknown>([
            [ops.id, { ...counts, first: [alice, bob, cat, dan].map(({ id }) => id) }],
            ofDev,
          ]),
        );
        expect(await short(1)).toEqual(
          new Map<unknown, unknown>([[ops.id, { ...counts, first: [alice.id, cat.id] }], ofDev]),
        );
        expect(await store.teams.summaries(other.id, [ops.id], 2)).toEqual([]);
        expect(await store.teams.summaries(acme.id, [], 2)).toEqual([]);
      });

      test('come a page at a time, as members or as managers, by their addresses', async () => {
        const carol = await userIn(store, acme.id, 'carol');
        const team = await teamOf('ops', member(carol), { ...member(bob), isManager: true }, manager(alice));
        expect(await page(team)).toEqual({ rows: [who(bob), who(carol)], total: 2 });
        expect(await page(team, { which: 'managers' })).toEqual({ rows: [who(alice), who(bob)], total: 2 });
        expect(await page(team, { limit: 1, offset: 1 })).toEqual({ rows: [who(carol)], total: 2 });
        expect(await page(team, { offset: 2 })).toEqual({ rows: [], total: 2 });
        expect(await page(newTeam('none'))).toEqual({ rows: [], total: 0 });
      });

      test.each([
        { contains: 'ali', found: ['alice'] },
        { contains: 'ALI', found: ['alice'] },
        { contains: '@example', found: ['alice', 'a_b', 'a%b', 'axb'] },
        { contains: 'a_b', found: ['a_b'] },
        { contains: 'a%b', found: ['a%b'] },
        { contains: 'a\\b', found: [] },
        { contains: '\0', found: [] },
        { contains: `' or 1=1 --`, found: [] },
      ])('are searched by what their address contains, letter for letter: $contains', async (one) => {
        const found = [
          alice,
          ...(await Promise.all(['a_b', 'a%b', 'axb'].map((name) => userIn(store, acme.id, name)))),
        ];
        const team = await teamOf('ops', ...found.map(member));
        const { rows, total } = await page(team, {
          where: parseCondition(
            JSON.stringify({ column: 'email', op: 'STRING_CONTAINS', value: one.contains }),
            PERSON_COLUMNS,
          ),
        });
        expect([rows.map(({ name }) => name), total]).toEqual([
          one.found.map((name) => `${name}@example.com`).sort(),
          one.found.length,
        ]);
      });

      test('and all users are those of whom any filter is true', async () => {
        const people = [
          alice,
          ...(await Promise.all(['a_b', 'a%b', 'ab'].map((name) => userIn(store, acme.id, name)))),
        ];
        const team = await teamOf('ops', ...people.map(member));
        const columns = fc.constantFrom(...PERSON_COLUMNS);
        const text = fc.oneof(
          fc.constantFrom(...people.flatMap(({ id, name }) => [id, name, name.toUpperCase()])),
          fc.constantFrom('', 'a', 'B@', '%', '_', '\\', '\0', '.com', "'", 'é'),
        );
        const one = fc.record({ column: columns, op: fc.constantFrom(...OF_ONE), value: text });
        const several = fc.record({
          column: columns,
          op: fc.constantFrom('IN', 'NOT_IN'),
          value: fc.array(text, { maxLength: 3 }),
        });
        const { tree } = fc.letrec((tie) => ({
          tree: fc.oneof(
            { maxDepth: 3 },
            one,
            several,
            fc.record({ type: fc.constantFrom('AND', 'OR'), children: fc.array(tie('tree'), { maxLength: 3 }) }),
          ),
        }));
        const isMet = fc.asyncProperty(tree, async (filter) => {
          const asked = JSON.stringify(filter);
          const [matches, where] = [parseFilter(asked, PERSON_COLUMNS), parseCondition(asked, PERSON_COLUMNS)];
          const expected = (among: readonly PrincipalRecord[]) =>
            among
              .filter(({ id: userId, name: email }) => matches({ email, userId }))
              .map(({ id }) => id)
              .sort();
          const users = await store.principals.users(acme.id, {
            ...PAGE,
            emailContains: '',
            isInactiveToo: false,
            where,
          });
          const found = await page(team, { where });
          expect(found.rows.map(({ id }) => id).sort()).toEqual(expected(people));
          expect(users.rows.map(({ id }) => id).sort()).toEqual(expected([...people, bob]));
          expect([found.total, users.total]).toEqual([found.rows.length, users.rows.length]);
        });
        await fc.assert(isMet, { numRuns: 60 });
      });
    });

    describe('custom roles', () => {
      test('are found by id and by name, and listed by name, in their own tenant', async () => {
        const [b, a] = [
          newRole('bbb', { description: 'Reads.', createdBy: alice.id }),
          newRole('aaa', { permissions: [] }),
        ];
        for (const role of [b, a]) expect(await write((tx) => tx.roles.insert(acme.id, role))).toBe(true);
        expect(await store.roles.get(acme.id, b.id)).toEqual(b);
        expect(await store.roles.byName(acme.id, b.name)).toEqual(b);
        expect(await store.roles.list(acme.id)).toEqual([a, b]);
        expect(await store.roles.byName(acme.id, parseRoleName('nothing'))).toBeUndefined();
        expect([await store.roles.get(other.id, b.id), await store.roles.list(other.id)]).toEqual([undefined, []]);
      });

      test('false, and nothing written, when the name is taken', async () => {
        const [first, second] = [newRole('same'), newRole('same')];
        const inserted = (role = first, tenant = acme) => write((tx) => tx.roles.insert(tenant.id, role));
        expect([await inserted(), await inserted(second), await inserted(second, other)]).toEqual([true, false, true]);
        expect(await store.roles.list(acme.id)).toEqual([first]);
      });

      test('are changed in all but their id, their name and who made them, when; and removed', async () => {
        const role = newRole('deployer');
        await write((tx) => tx.roles.insert(acme.id, role));
        const shown = { displayName: 'D', description: 'new', permissions: ['metrics:Read'], updatedAt: 9 } as const;
        const others = { name: parseRoleName('renamed'), createdBy: bob.id, createdAt: 9 };
        await write((tx) => tx.roles.update(acme.id, { ...role, ...shown, ...others }));
        expect(await store.roles.get(acme.id, role.id)).toEqual({ ...role, ...shown });
        await expect(write((tx) => tx.roles.update(other.id, role))).rejects.toThrow();
        await write((tx) => tx.roles.remove(acme.id, role.id));
        expect(await store.roles.list(acme.id)).toEqual([]);
        await expect(write((tx) => tx.roles.update(acme.id, role))).rejects.toThrow();
      });
    });

    describe('role bindings', () => {
      test('are found by id and by name, and listed by name, a page at a time', async () => {
        const [b, a] = [newBinding('bbb'), newBinding('aaa')];
        for (const binding of [b, a]) expect(await write((tx) => tx.roleBindings.insert(acme.id, binding))).toBe(true);
        expect(await store.roleBindings.get(acme.id, b.id)).toEqual(b);
        expect(await store.roleBindings.byName(acme.id, b.name)).toEqual(b);
        expect(await store.roleBindings.byName(acme.id, parseRoleBindingName('nothing'))).toBeUndefined();
        expect(await store.roleBindings.list(acme.id, PAGE)).toEqual({ rows: [a, b], total: 2 });
        expect(await store.roleBindings.list(acme.id, { limit: 1, offset: 1 })).toEqual({ rows: [b], total: 2 });
        expect(await store.roleBindings.list(other.id, PAGE)).toEqual({ rows: [], total: 0 });
        expect(await store.roleBindings.get(other.id, b.id)).toBeUndefined();
      });

      test('false, and nothing written, when the name is taken; touched and removed by id', async () => {
        const [first, second] = [newBinding('same'), newBinding('same')];
        const inserted = (binding = first, tenant = acme) => write((tx) => tx.roleBindings.insert(tenant.id, binding));
        expect([await inserted(), await inserted(second), await inserted(second, other)]).toEqual([true, false, true]);
        await write((tx) => tx.roleBindings.touch(acme.id, first.id, 9));
        expect(await store.roleBindings.get(acme.id, first.id)).toEqual({ ...first, updatedAt: 9 });
        await expect(write((tx) => tx.roleBindings.touch(acme.id, second.id, 9))).rejects.toThrow();
        await write((tx) => tx.roleBindings.remove(acme.id, first.id));
        expect(await store.roleBindings.get(acme.id, first.id)).toBeUndefined();
        expect(await store.roleBindings.get(other.id, second.id)).toEqual(second);
      });
    });
  });
}
