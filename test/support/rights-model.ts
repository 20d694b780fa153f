import * as fc from 'fast-check';
import type { Held, Holding, Resource } from '#domain/grant.ts';
import { type Id, parseId } from '#domain/id.ts';
import { ACTIONS, type Action, PERMISSIONS, parsePermissions } from '#domain/permission.ts';
import type { Principal } from '#domain/principal.ts';
import { BUILT_IN, type Role } from '#domain/role.ts';
import type { Membership } from '#domain/team.ts';

/*
 * People, teams, roles and grants of chance; and who may do what among them, as one would say it, with nothing of how it
 * is decided: an oracle for what decides.
 */

export const idOf = <Noun extends string>(what: string): Id<Noun> => parseId(what.padEnd(24, '0'));

const USERS: readonly Principal[] = [
  { id: idOf('user1'), kind: 'user', name: 'one@example.com' },
  { id: idOf('user2'), kind: 'user', name: 'two@example.com' },
  { id: idOf('account'), kind: 'virtual_account', name: 'robot' },
];
const TEAMS = [idOf<'Team'>('team1'), idOf<'Team'>('team2')] as const;
const EVERYBODY = idOf<'Tenant'>('tenant');
const RESOURCES: readonly Resource[] = ['*', ...TEAMS.map((team): Resource => `team/${team}`)];
/** Where something is done: a team of which nobody holds anything is one more. */
export const PLACES: readonly Resource[] = [...RESOURCES, `team/${idOf('team3')}`];
/** Whoever is signed in, whatever they hold. */
export const ANYBODYS: readonly Action[] = ['session:End', 'token:RevokeItself', 'user:ChangePassword'];

type Given = { readonly subject: string; readonly role: Role; readonly resource: Resource };
type Belongs = Membership & { readonly user: string };
export type Model = {
  readonly users: readonly Principal[];
  readonly teams: readonly Id<'Team'>[];
  readonly everybody: Id<'Tenant'>;
  readonly roles: readonly Role[];
  readonly belongs: readonly Belongs[];
  readonly grants: readonly Given[];
};

const permissions = fc.subarray([...PERMISSIONS], { maxLength: 6 }).map(parsePermissions);
const customRoles = fc
  .tuple(permissions, permissions)
  .map((two): readonly Role[] =>
    two.map((held, at) => ({ id: idOf(`role${at}`), name: `role-${at}`, permissions: held })),
  );

/** By everybody, each once at most. */
const belonging = fc
  .uniqueArray(
    fc.record({
      user: fc.constantFrom(...USERS.map(({ id }) => id)),
      team: fc.constantFrom(...TEAMS),
      is: fc.constantFrom(
        { isMember: true, isManager: false },
        { isMember: true, isManager: true },
        { isMember: false, isManager: true },
      ),
    }),
    { selector: ({ user, team }) => `${user} ${team}`, maxLength: 4 },
  )
  .map((all) => all.map(({ is, ...of }): Belongs => ({ ...of, ...is })));

export const MODEL: fc.Arbitrary<Model> = customRoles.chain((roles) =>
  fc
    .record({
      belongs: belonging,
      grants: fc.uniqueArray(
        fc.record({
          subject: fc.constantFrom<string>(...USERS.map(({ id }) => id), ...TEAMS, EVERYBODY),
          role: fc.oneof(fc.constantFrom(...roles), fc.constantFrom<Role>(...BUILT_IN)),
          resource: fc.constantFrom(...RESOURCES),
        }),
        { selector: ({ subject, role, resource }) => `${subject} ${role.id} ${resource}`, maxLength: 6 },
      ),
    })
    .map((rest) => ({ users: USERS, teams: TEAMS, everybody: EVERYBODY, roles, ...rest })),
);

/** Whether a user may do something there. */
export function may(model: Model, user: Principal, action: Action, place: string): boolean {
  const teams = model.belongs.filter(({ user: who }) => who === user.id);
  const reaches = ({ subject }: Given): boolean =>
    subject === user.id ||
    teams.some(({ team }) => team === subject) ||
    (subject === model.everybody && user.kind === 'user');
  const byGrant = model.grants
    .filter(reaches)
    .some(({ role, resource }) => [place, '*'].includes(resource) && role.permissions.some((one) => one === action));
  const here = teams.find(({ team }) => place === `team/${team}`);
  const byTeam = here !== undefined && action === 'team:ReadTeam';
  const byManaging = here?.isManager === true && ['team:ManageTeam', 'tenant:AssignRole'].includes(action);
  return ANYBODYS.includes(action) || byGrant || byTeam || byManaging;
}

/** All that there is to ask of somebody. */
export const everything = (): readonly { readonly action: Action; readonly place: Resource }[] =>
  PLACES.flatMap((place) => ACTIONS.map((action) => ({ action, place })));

/** What a store would say of somebody, for tests that have none. */
export function heldIn(model: Model, user: Principal): Held {
  const memberships = model.belongs.filter(({ user: who }) => who === user.id).map(({ user: _, ...one }) => one);
  const subjects = [
    user.id,
    ...memberships.map(({ team }) => team),
    ...(user.kind === 'user' ? [model.everybody] : []),
  ];
  const holdings = model.grants
    .filter(({ subject }) => (subjects as readonly string[]).includes(subject))
    .map(
      ({ subject, ...one }, at): Holding => ({
        ...{ ...one, id: idOf(`grant${at}`), subject: subject as Holding['subject'], binding: undefined },
      }),
    );
  return { memberships, holdings };
}
