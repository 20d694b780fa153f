import { describe, expect, test } from 'vitest';
import { ACTIONS, type Action, allows, compile, type Grant, ROLES, type Role, rightsTo } from './permission.ts';

const grant = (role: Role): Grant => ({ role, resource: '*' });
const ROLE_NAMES = Object.keys(ROLES) as readonly Role[];
/** Whoever is signed in may leave. */
const EVERYBODYS = 'session:End';

describe.each(ROLE_NAMES)('%s', (role) => {
  test.each(ACTIONS)('may %s exactly when its row says so', (action) => {
    const may = action === EVERYBODYS || (ROLES[role] as readonly Action[]).includes(action);
    expect(allows(compile([grant(role)]), action)).toBe(may);
  });
});

test('a member may do to their own what an administrator may, and nothing to others', () => {
  const others: readonly Action[] = [
    ...(['personal-access-token:RevokeAll', 'personal-access-token:CreateForUser'] as const),
    ...(['settings:Read', 'settings:Update', 'user:ManageUsers', 'metrics:Read'] as const),
  ];
  const [admin, member] = [compile([grant('tenant-admin')]), compile([grant('tenant-member')])];
  expect(ACTIONS.filter((action) => allows(admin, action) && !allows(member, action))).toEqual(others);
  expect(ACTIONS.filter((action) => allows(member, action) && !allows(admin, action))).toEqual([]);
});

test('what the program does, and what everybody may who is signed in, is in no role', () => {
  const granted = new Set<string>(ROLE_NAMES.flatMap((role) => ROLES[role]));
  expect(ACTIONS.filter((action) => !granted.has(action))).toEqual([
    ...[
      'user:IssuePasswordLink',
      'session:Create',
      'session:End',
      'signing-key:Rotate',
      'tenant:SetUp',
      'tenant:IssueSetUpLink',
      'invitation:Accept',
    ],
    ...['personal-access-token:Deliver', 'personal-access-token:UseAfterEnd', 'personal-access-token:Purge'],
    ...['job:List', 'job:Retry'],
  ]);
});

test('no grant is no right but to leave', () => {
  const rights = compile([]);
  expect(rights).toEqual({ roles: [], actions: new Set([EVERYBODYS]), listed: [EVERYBODYS] });
  expect(ACTIONS.filter((action) => allows(rights, action))).toEqual([EVERYBODYS]);
});

test('grants add up, in any order and however often; equal ones are one object, others are not', () => {
  const both = compile([grant('tenant-member'), grant('tenant-admin')]);
  expect(both.roles).toEqual(['tenant-admin', 'tenant-member']);
  expect(compile([grant('tenant-admin'), grant('tenant-member'), grant('tenant-admin')])).toBe(both);
  expect(compile([grant('tenant-admin')])).not.toBe(both);
  expect(both.actions).toEqual(compile([grant('tenant-admin')]).actions);
});

test('rights without a role are exactly those', () => {
  const rights = rightsTo(['tenant:SetUp', 'session:Create']);
  expect(rights).toEqual({
    ...{ roles: [], actions: new Set(['session:Create', 'tenant:SetUp']) },
    listed: ['session:Create', 'tenant:SetUp'],
  });
});
