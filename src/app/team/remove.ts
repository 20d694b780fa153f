import type { Caller } from '#domain/caller.ts';
import type { TeamId } from '#domain/team.ts';
import type { Moved } from '#ports/changes.ts';
import type { Deps } from '../deps.ts';
import { change } from '../doors.ts';
import { refuseRoles, stillWithin } from '../grant/role.ts';
import { putMappings } from '../identity-provider/mapping.ts';
import { untilNotOvertaken } from '../overtaken.ts';
import { isEveryone } from './everyone.ts';
import { heldTeam, keepAdministrators, refuseEveryone, weightOf } from './membership.ts';

/**
 * For good, with all that it holds and all that is held on it; who was in it loses that at once, and tokens that were put
 * down to it are put down to nobody. Its name is free for another, which inherits nothing.
 */
export async function removeTeam(deps: Deps, caller: Caller, id: TeamId): Promise<void> {
  if (isEveryone(caller, id)) return refuseEveryone(deps, caller, 'team:DeleteTeam');
  const { tenant } = caller;
  const locate = () => deps.store.teams.get(tenant.id, id);
  const act = { action: 'team:DeleteTeam', resource: `team/${id}` } as const;
  const prepare = async () => refuseRoles(deps, caller, act, await weightOf(deps.store, caller, id));
  return untilNotOvertaken(() =>
    change(deps, caller, { ...act, locate, prepare }, async (tx) => {
      await heldTeam(tx, caller, id);
      const weight = await weightOf(tx, caller, id);
      await stillWithin(tx, caller, weight);
      const people = await tx.teams.membersOf(tenant.id, [id]);
      const grants = [
        ...(await tx.grants.ofSubjects(tenant.id, [id])),
        ...(await tx.grants.onResource(tenant.id, `team/${id}`)),
      ];
      await tx.grants.remove(
        tenant.id,
        grants.map((grant) => grant.id),
      );
      const unmapped = await putMappings(tx, caller, { kind: 'team', id }, []);
      await tx.virtualAccounts.disown(tenant.id, id, deps.clock.now());
      await tx.teams.remove(tenant.id, id);
      await keepAdministrators(tx, caller, weight);
      const moved: Moved[] = people.map(({ principal }) => ({ kind: 'principal', id: principal.id }));
      return {
        result: undefined,
        details: { count: people.length },
        moved: [{ kind: 'team', id }, ...moved, ...unmapped],
      };
    }),
  );
}
