import type { Caller } from '#domain/caller.ts';
import type { Principal } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import { builtIn, type Role } from '#domain/role.ts';
import type { SubjectRef } from '#domain/subject.ts';
import type { Belonging, TeamId } from '#domain/team.ts';
import type { Transaction } from '#ports/store.ts';
import type { Deps } from '../deps.ts';
import { type Changed, change } from '../doors.ts';
import { Overtaken, untilNotOvertaken } from '../overtaken.ts';
import { weightOf } from '../team/membership.ts';
import { keepAnAdministrator } from '../user/upon.ts';
import { holdAll } from './hold.ts';
import { isThere, teamIn } from './resource.ts';
import { refuseRoles, roleFor, stillWithin } from './role.ts';
import type { ShownGrant } from './show.ts';
import { type Reads, type Subject, subjectNamed, textOf } from './subject.ts';
import type { Turn } from './turn.ts';

type User = Extract<Subject, { readonly kind: 'user' }>;

/** Who manages a team, by their membership: the row that says so is the only one there is. */
export function changeManager(deps: Deps, caller: Caller, turn: Turn): Promise<ShownGrant | undefined> {
  const { resource } = turn;
  const act = { action: 'tenant:AssignRole', resource } as const;
  // Whoever manages a team has all that it holds: to make a manager is to give that, too, and the other way to take it.
  const touched = async (reads: Reads) => [
    { role: builtIn('team-manager'), resource },
    ...(await weightOf(reads, caller, teamIn(resource) as TeamId)),
  ];
  const prepare = async () => {
    if (turn.how !== 'remove') await roleFor(deps.store, caller, turn.role, 'team');
    const user = await userNamed(deps.store, caller, turn.subject);
    await refuseRoles(deps, caller, act, await touched(deps.store));
    return user;
  };
  const locate = () => isThere(deps.store, caller, resource);
  return untilNotOvertaken(() =>
    change(deps, caller, { ...act, locate, prepare }, async (tx, _, user) => {
      const team = teamIn(resource) as TeamId; // there is nothing else to locate
      await tx.tenants.hold(caller.tenant.id);
      await tx.teams.hold(caller.tenant.id, team);
      await holdAll(tx, caller, { subjects: [user], roles: [] });
      if ((await userNamed(tx, caller, turn.subject)).id !== user.id) throw new Overtaken();
      if ((await isThere(tx, caller, resource)) === undefined) throw new Overtaken();
      await stillWithin(tx, caller, await touched(tx));
      return done(tx, caller, turn, { team, user });
    }),
  );
}

type Target = { readonly team: TeamId; readonly user: User };

async function done(
  tx: Transaction,
  caller: Caller,
  { how, resource }: Turn,
  { team, user }: Target,
): Promise<Changed<ShownGrant | undefined>> {
  const { tenant } = caller;
  const all = await tx.teams.ofPrincipal(tenant.id, user.id);
  const before: Belonging = all.find((one) => one.team.id === team) ?? { isMember: false, isManager: false };
  const isManager = how !== 'remove';
  if (before.isManager === isManager && how !== 'replace') throw isManager ? managesIt(user) : managesNot(user);
  await tx.teams.setMembers(tenant.id, team, [{ principal: user.id, isMember: before.isMember, isManager }]);
  if (!isManager) await keepAnAdministrator(tx, caller); // who leaves a team holds no more what it holds
  const details = { subject: user.id, role: 'team-manager' } as const;
  const result = isManager ? managerOf(resource, user) : undefined;
  return { result, details, moved: [{ kind: 'principal', id: user.id }] };
}

/** A membership has no id of its own; on one team its user has no second. */
export const managerOf = (
  resource: ShownGrant['resource'],
  { id, name }: Pick<Principal, 'id' | 'name'>,
): ShownGrant => ({
  ...{ id, resource, type: 'team', binding: undefined },
  ...{ subject: { kind: 'user', id, name }, role: MANAGER },
});
const MANAGER: Pick<Role, 'id' | 'name'> = builtIn('team-manager');

async function userNamed(reads: Reads, caller: Caller, ref: SubjectRef): Promise<User> {
  const subject = await subjectNamed(reads, caller, ref);
  if (subject.kind === 'user') return subject;
  throw new Refusal('unprocessable', 'A team is managed by users.', {
    problems: [{ field: 'subject', problem: 'must be user:<e-mail address>' }],
  });
}

const managesIt = (user: User): Refusal => new Refusal('conflict', `${textOf(user)} manages this team already.`);
const managesNot = (user: User): Refusal =>
  new Refusal('not_found', `${textOf(user)} does not manage this team.`, { isExact: true });
