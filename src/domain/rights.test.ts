import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ANYBODYS, everything, heldIn, idOf, MODEL, type Model, may, PLACES } from '#support/rights-model.ts';
import type { Holding } from './grant.ts';
import { ACTIONS, type Action, PERMISSIONS, parsePermissions } from './permission.ts';
import {
  allHoldings,
  allows,
  compile,
  deciding,
  exceeding,
  holdingsOf,
  lacking,
  rightsTo,
  tenantWide,
} from './rights.ts';
import { BUILT_IN, type BuiltInRoleId, builtIn, type Role } from './role.ts';

const RUNS = { numRuns: 300 };
const wide = (...ids: readonly BuiltInRoleId[]) => compile(tenantWide(...ids.map(builtIn)));
const permitted = (rights: ReturnType<typeof compile>) => ACTIONS.filter((action) => allows(rights, action));

describe.each(BUILT_IN.map(({ id }) => id))('%s', (id) => {
  test.each(ACTIONS)('on the tenant may %s exactly when its row says so, on all that is in it', (action) => {
    const says = ANYBODYS.includes(action) || (builtIn(id).permissions as readonly Action[]).includes(action);
    for (const place of PLACES) expect(allows(wide(id), action, place)).toBe(says);
  });

  test('on one thing gives nothing on the tenant or on another thing', () => {
    const there = compile([{ role: builtIn(id), resource: 'team/one' }]);
    expect(permitted(there).sort()).toEqual([...ANYBODYS]);
    expect(ACTIONS.filter((action) => allows(there, action, 'team/other')).sort()).toEqual([...ANYBODYS]);
    const here = ACTIONS.filter((action) => allows(there, action, 'team/one'));
    expect(here.sort()).toEqual([...new Set([...builtIn(id).permissions, ...ANYBODYS])].sort());
    expect(there.roles).toEqual([]);
  });
});

test('an administrator may all that can be granted; a member what is their own, and to see who is there', () => {
  expect(permitted(wide('tenant-admin')).sort()).toEqual([...PERMISSIONS, ...ANYBODYS].sort());
  expect(permitted(wide('tenant-member')).sort()).toEqual([
    ...['personal-access-token:Create', 'personal-access-token:List', 'personal-access-token:Rename'],
    ...['personal-access-token:Revoke', 'role:ListRoles', ...ANYBODYS, 'user:ListUsers', 'workspace:ListWorkspaces'],
  ]);
});

test('what the program does, and what everybody may who is signed in, is in no role and cannot be put in one', () => {
  const granted = new Set<string>(BUILT_IN.flatMap(({ permissions }) => permissions));
  const programs = ACTIONS.filter((action) => !granted.has(action));
  expect(programs.toSorted()).toEqual(
    [
      ...['personal-access-token:Deliver', 'personal-access-token:UseAfterEnd', 'personal-access-token:Purge'],
      ...['user:IssuePasswordLink', 'user:ChangePassword', 'session:Create', 'session:End', 'invitation:Accept'],
      ...['virtual-account:Rotate', 'virtual-account:UseAfterRetirement', 'virtual-account:Contain'],
      ...['signing-key:Rotate', 'token:RevokeItself', 'tenant:SetUp', 'tenant:IssueSetUpLink', 'job:List', 'job:Retry'],
      ...['tenant:List', 'tenant:Create', 'tenant:Disable', 'tenant:Enable', 'tenant:NameOrigin', 'tenant:NameAlias'],
    ].sort(),
  );
  for (const action of programs) expect(() => parsePermissions([action])).toThrow(/as GET \/role\/actions lists them/);
});

test('permissions of a role are in order, each once; what there is not is named, and not more than ten of it', () => {
  expect(parsePermissions(['team:ReadTeam', 'metrics:Read', 'team:ReadTeam'])).toEqual([
    'metrics:Read',
    'team:ReadTeam',
  ]);
  expect(parsePermissions([])).toEqual([]);
  expect(parsePermissions(PERMISSIONS)).toEqual([...PERMISSIONS].sort());
  const unknown = ['team:readTeam', 'ReadTeam', 'team:*', '*', '', ' team:ReadTeam', '__proto__'];
  for (const one of unknown) {
    const problems = [{ field: 'permissions', problem: `${one} is no permission` }];
    const refused = expect.objectContaining({ code: 'unprocessable', problems });
    expect(() => parsePermissions(['metrics:Read', one])).toThrow(refused);
  }
  const many = Array.from({ length: 50 }, () => 'x'.repeat(1_000));
  const problems = Array.from({ length: 10 }, () => ({
    field: 'permissions',
    problem: `${'x'.repeat(100)} is no permission`,
  }));
  expect(() => parsePermissions(many)).toThrow(expect.objectContaining({ problems }));
});

test('no grant is no right but to leave, and to change one’s password', () => {
  const rights = compile([]);
  expect(rights).toEqual({ roles: [], actions: new Set(ANYBODYS), listed: ANYBODYS, on: new Map() });
  expect(permitted(rights).sort()).toEqual([...ANYBODYS]);
});

test('rights without a role are exactly those', () => {
  const rights = rightsTo(['tenant:SetUp', 'session:Create', 'tenant:SetUp']);
  expect(rights).toEqual({
    ...{ roles: [], actions: new Set(['session:Create', 'tenant:SetUp']), on: new Map() },
    listed: ['session:Create', 'tenant:SetUp'],
  });
});

test('who belongs to a team sees it; who manages it says who belongs, whether or not they are a member', () => {
  const team = idOf<'Team'>('team1');
  const here = (isMember: boolean, isManager: boolean) => {
    const rights = compile(holdingsOf({ team, isMember, isManager }));
    expect(permitted(rights).sort()).toEqual([...ANYBODYS]);
    return [...(rights.on.get(`team/${team}`) ?? [])].sort();
  };
  expect(here(true, false)).toEqual(['team:ReadTeam']);
  expect(here(false, true)).toEqual(['team:ManageTeam', 'team:ReadTeam', 'tenant:AssignRole']);
  expect(here(true, true)).toEqual(here(false, true));
});

describe('interning', () => {
  test('grants add up, in any order and however often; who holds the same has the same object', () => {
    const both = wide('tenant-member', 'tenant-admin');
    expect(both.roles).toEqual(['tenant-admin', 'tenant-member']);
    expect(wide('tenant-admin', 'tenant-member', 'tenant-admin')).toBe(both);
    expect(wide('tenant-admin')).not.toBe(both);
    expect(both.actions).toEqual(wide('tenant-admin').actions);
  });

  test('a custom role that was edited is another, by its permissions and by its name', () => {
    const role: Role = { id: idOf('role'), name: 'deployer', permissions: ['metrics:Read'] };
    const edited: Role = { ...role, permissions: ['metrics:Read', 'team:ReadTeam'] };
    expect(allows(compile(tenantWide(role)), 'team:ReadTeam')).toBe(false);
    expect(allows(compile(tenantWide(edited)), 'team:ReadTeam')).toBe(true);
    expect(compile(tenantWide({ ...role }))).toBe(compile(tenantWide(role)));
    expect(compile(tenantWide({ ...role, name: 'other' })).roles).toEqual(['other']);
  });

  test('no two ways to hold rights are taken for each other', () => {
    fc.assert(
      fc.property(MODEL, MODEL, (one, other) => {
        const rights = [one, other].map((model) => model.users.map((user) => compile(holdings(model, user))));
        for (const [at, user] of one.users.entries()) {
          if (rights[0]?.[at] !== rights[1]?.[at]) continue;
          for (const { action, place } of everything())
            expect(may(one, user, action, place)).toBe(may(other, user, action, place));
        }
      }),
      RUNS,
    );
  });
});

const holdings = (model: Model, user: Model['users'][number]): readonly Holding[] => allHoldings(heldIn(model, user));

describe('of people, teams, roles and grants of chance', () => {
  test('what is decided is what the grants say: from what was compiled, and from the grants themselves', () => {
    fc.assert(
      fc.property(MODEL, (model) => {
        for (const user of model.users) {
          const held = holdings(model, user);
          const rights = compile(held);
          for (const { action, place } of everything()) {
            const expected = may(model, user, action, place);
            expect(allows(rights, action, place), `${user.name} ${action} ${place}`).toBe(expected);
            if (!ANYBODYS.includes(action)) expect(deciding(held, action, place) !== undefined).toBe(expected);
          }
        }
      }),
      RUNS,
    );
  });

  test('the grant that decides gives the action there, and one on the tenant comes first', () => {
    fc.assert(
      fc.property(MODEL, (model) => {
        for (const user of model.users) {
          const held = holdings(model, user);
          for (const { action, place } of everything()) {
            const by = deciding(held, action, place);
            if (by === undefined) continue;
            expect(held).toContain(by);
            expect(by.role.permissions).toContain(action);
            const isWide = allows(compile(held.filter(({ resource }) => resource === '*')), action);
            expect(by.resource).toBe(isWide ? '*' : place);
          }
        }
      }),
      RUNS,
    );
  });

  test('what is lacked, and what one may that another may not, is what the grants say', () => {
    fc.assert(
      fc.property(MODEL, (model) => {
        const [one, two] = model.users as [Model['users'][number], Model['users'][number]];
        const [mine, theirs] = [compile(holdings(model, one)), compile(holdings(model, two))];
        const more = everything().filter((each) => mayThere(model, two, each) && !mayThere(model, one, each));
        expect(exceeding(mine, theirs)).toEqual([...new Set(more.map(({ action }) => action))].sort());
        expect(exceeding(mine, mine)).toEqual([]);
        for (const place of PLACES) {
          const lacked = PERMISSIONS.filter((action) => !may(model, one, action, place));
          expect(lacking(mine, PERMISSIONS, place)).toEqual(lacked);
        }
      }),
      RUNS,
    );
  });

  test('in whatever order the grants come, the rights are the same object', () => {
    const shuffled = MODEL.chain((model) => {
      const held = model.users.flatMap((user) => holdings(model, user));
      return fc.tuple(fc.constant(held), fc.shuffledSubarray([...held], { minLength: held.length }));
    });
    fc.assert(
      fc.property(shuffled, ([held, other]) => compile(other) === compile(held)),
      RUNS,
    );
  });
});

const mayThere = (
  model: Model,
  user: Model['users'][number],
  { action, place }: ReturnType<typeof everything>[number],
): boolean => may(model, user, action, place);
