import type { Caller } from '#domain/caller.ts';
import type { Email, Principal } from '#domain/principal.ts';
import type { Belonging, TeamId, TeamMember } from '#domain/team.ts';
import type { Store } from '#ports/store.ts';
import type { Deps } from '../deps.ts';
import { change } from '../doors.ts';
import { refuseRoles, stillWithin } from '../grant/role.ts';
import { untilNotOvertaken } from '../overtaken.ts';
import { isEveryone } from './everyone.ts';
import { changesTo, heldTeam, peopleWith, refuseEveryone, weightOfChanges, writeMembership } from './membership.ts';
import type { Person } from './view.ts';

export type Joining = { readonly email: Email; readonly as: 'member' | 'manager' };

/** Whoever is in it already, in the other way, is in it in both. Doing it again changes nothing. */
export function addToTeam(deps: Deps, caller: Caller, id: TeamId, { email, as }: Joining): Promise<void> {
  const next = ({ isMember, isManager }: Belonging) => ({
    ...{ isMember: isMember || as === 'member', isManager: isManager || as === 'manager' },
  });
  return changeOne(deps, caller, id, { email, next });
}

/** In every way. Whoever is not in it is left as they are: an answer that was lost can be asked for again. */
export const removeFromTeam = (deps: Deps, caller: Caller, id: TeamId, email: Email): Promise<void> =>
  changeOne(deps, caller, id, { email, next: () => NOT });

const NOT: Belonging = { isMember: false, isManager: false };

type OneChange = { readonly email: Email; readonly next: (now: Belonging) => Belonging };

async function changeOne(deps: Deps, caller: Caller, id: TeamId, { email, next }: OneChange): Promise<void> {
  if (isEveryone(caller, id)) return refuseEveryone(deps, caller, 'team:ManageTeam');
  const act = { action: 'team:ManageTeam', resource: `team/${id}` } as const;
  const locate = () => deps.store.teams.get(caller.tenant.id, id);
  const prepare = async (): Promise<Principal> => {
    const [one] = await peopleWith(deps.store, caller, { members: [email], managers: [] });
    const { principal } = one as Person; // else it was refused
    const moves = await movesOf(deps.store, caller, id, { principal, next });
    await refuseRoles(deps, caller, act, await weightOfChanges(deps.store, caller, id, moves));
    return principal;
  };
  return untilNotOvertaken(() =>
    change(deps, caller, { ...act, locate, prepare }, async (tx, _, principal: Principal) => {
      await heldTeam(tx, caller, id);
      const moves = await movesOf(tx, caller, id, { principal, next });
      await stillWithin(tx, caller, await weightOfChanges(tx, caller, id, moves));
      const { changes } = moves;
      const moved = await writeMembership(tx, caller, id, changes);
      return { result: undefined, details: { count: changes.length }, moved };
    }),
  );
}

async function movesOf(
  { teams }: Pick<Store, 'teams'>,
  { tenant }: Caller,
  id: TeamId,
  { principal, next }: Pick<OneChange, 'next'> & { readonly principal: Principal },
): Promise<{ readonly standing: readonly Person[]; readonly changes: readonly TeamMember[] }> {
  const standing = (await teams.membersOf(tenant.id, [id])).filter((one) => one.principal.id === principal.id);
  const after = next(standing[0] ?? NOT);
  return { standing, changes: changesTo(standing, after === NOT ? [] : [{ ...after, principal }]) };
}
