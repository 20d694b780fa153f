import type { Caller } from '#domain/caller.ts';
import { TENANT_WIDE } from '#domain/grant.ts';
import type { Email } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import { builtIn, type RoleId } from '#domain/role.ts';
import type { Team, TeamId, TeamMember } from '#domain/team.ts';
import type { Moved } from '#ports/changes.ts';
import type { Transaction } from '#ports/store.ts';
import type { Deps } from '../deps.ts';
import { made, viewOne } from '../doors.ts';
import { rolesIn, type Weight } from '../grant/role.ts';
import type { Reads } from '../grant/subject.ts';
import { Overtaken } from '../overtaken.ts';
import { keepAnAdministrator } from '../user/upon.ts';
import { everyoneStays } from './everyone.ts';
import type { Person } from './view.ts';

/*
 * Who belongs to a team has all that the team holds, and so whoever takes somebody in gives it, and whoever takes them out acts upon it. Managers belong to their
 * team themselves: they give what they hold, and are trusted with exactly that, now and when the team is given more. Whoever
 * manages teams by a role on the tenant, and is neither in this one nor an administrator, may hold less than it does.
 */

export type WantedPeople = { readonly members: readonly Email[]; readonly managers: readonly Email[] };

/** By e-mail address, each once. */
export async function peopleWith(
  { principals }: Reads,
  caller: Caller,
  wanted: WantedPeople,
): Promise<readonly Person[]> {
  const emails = [...new Set([...wanted.members, ...wanted.managers])].sort();
  const users = await principals.usersByEmail(caller.tenant.id, emails);
  const found = new Map(users.map(({ id, kind, name }) => [name, { id, kind, name }]));
  const [members, managers] = [new Set<string>(wanted.members), new Set<string>(wanted.managers)];
  const people = emails.flatMap((email) => {
    const principal = found.get(email);
    return principal === undefined ? [] : [{ principal, isMember: members.has(email), isManager: managers.has(email) }];
  });
  if (people.length < emails.length) {
    throw noSuchUsers(
      emails.filter((email) => !found.has(email)),
      members,
    );
  }
  return people;
}

const NAMED_MAX = 10;

function noSuchUsers(emails: readonly Email[], members: ReadonlySet<string>): Refusal {
  const named = emails.slice(0, NAMED_MAX);
  const more = emails.length > NAMED_MAX ? ` and ${emails.length - NAMED_MAX} more` : '';
  return new Refusal('unprocessable', `There is no user ${named.join(', ')}${more}. Register them first.`, {
    problems: named.map((email) => ({
      field: members.has(email) ? 'members' : 'managers',
      problem: `${email} is no user`,
    })),
  });
}

/** What makes these of those: of who leaves both are false. */
export function changesTo(standing: readonly Person[], wanted: readonly Person[]): readonly TeamMember[] {
  const before = new Map(standing.map((one) => [one.principal.id, one]));
  const after = new Set(wanted.map(({ principal }) => principal.id));
  const leaving = standing.filter(({ principal }) => !after.has(principal.id));
  const changed = wanted.filter(({ principal, isMember, isManager }) => {
    const now = before.get(principal.id);
    return now?.isMember !== isMember || now.isManager !== isManager;
  });
  return [
    ...leaving.map(({ principal }) => ({ principal: principal.id, isMember: false, isManager: false })),
    ...changed.map(({ principal, isMember, isManager }) => ({ principal: principal.id, isMember, isManager })),
  ];
}

/** All that a team holds, and that belonging to it gives. */
export async function weightOf(reads: Reads, caller: Caller, team: TeamId): Promise<readonly TeamWeight[]> {
  const grants = await reads.grants.ofSubjects(caller.tenant.id, [team]);
  const roles = await rolesIn(
    reads,
    caller,
    grants.map(({ role }) => role),
  );
  return grants.map(({ role, resource }) => ({ id: role, role: roles.get(role), resource }));
}
export type TeamWeight = Weight & { readonly id: RoleId };

/** What changes of who belongs to a team give or take: all that it holds, and to be its member, or its manager. */
export async function weightOfChanges(
  reads: Reads,
  caller: Caller,
  team: TeamId,
  { standing, changes }: { readonly standing: readonly Person[]; readonly changes: readonly TeamMember[] },
): Promise<readonly Weight[]> {
  if (changes.length === 0) return [];
  const before = new Map(standing.map((one) => [one.principal.id, one]));
  const isChanged = (what: 'isMember' | 'isManager') =>
    changes.some((one) => one[what] !== (before.get(one.principal)?.[what] ?? false));
  const roles = [...(isChanged('isMember') ? [MEMBER] : []), ...(isChanged('isManager') ? [MANAGER] : [])];
  const belonging = roles.map((role) => ({ role, resource: `team/${team}` as const }));
  return [...(await weightOf(reads, caller, team)), ...belonging];
}
const [MEMBER, MANAGER] = [builtIn('team-member'), builtIn('team-manager')];

/** In the transaction: holds the tenant, whose last administrator may be in it, and the team, which is to be there still. */
export async function heldTeam(tx: Transaction, { tenant }: Caller, id: TeamId): Promise<Team> {
  await tx.tenants.hold(tenant.id);
  await tx.teams.hold(tenant.id, id);
  const team = await tx.teams.get(tenant.id, id);
  if (team === undefined) throw new Overtaken();
  return team;
}

/** In the transaction, of a team that is held; that the caller may give what it holds was asked before. */
export async function writeMembership(
  tx: Transaction,
  caller: Caller,
  team: TeamId,
  changes: readonly TeamMember[],
): Promise<readonly Moved[]> {
  const { tenant } = caller;
  const weight = await weightOf(tx, caller, team);
  for (const one of changes.toSorted((a, b) => (a.principal < b.principal ? -1 : 1))) {
    await tx.principals.hold(tenant.id, one.principal);
    const user = await tx.principals.get(tenant.id, one.principal);
    if (joins(one) && (user === undefined || user.removedAt !== undefined)) throw new Overtaken();
  }
  await tx.teams.setMembers(tenant.id, team, changes);
  await keepAdministrators(tx, caller, weight);
  return changes.map(({ principal }) => ({ kind: 'principal', id: principal }));
}

export const joins = ({ isMember, isManager }: TeamMember): boolean => isMember || isManager;

/** Where the team made its members administrators, one is to be left. */
export async function keepAdministrators(
  tx: Transaction,
  caller: Caller,
  weight: readonly TeamWeight[],
): Promise<void> {
  if (weight.some(({ id, resource }) => id === 'tenant-admin' && resource === TENANT_WIDE)) {
    await keepAnAdministrator(tx, caller);
  }
}

/** After the decision, as any other team's would be. */
export async function refuseEveryone(
  deps: Deps,
  caller: Caller,
  action: 'team:ManageTeam' | 'team:DeleteTeam',
): Promise<never> {
  await viewOne(deps, caller, { action, resource: `team/${caller.tenant.id}`, locate: made });
  throw everyoneStays();
}
