import type { Caller } from '#domain/caller.ts';
import { allows } from '#domain/rights.ts';
import type { Team } from '#domain/team.ts';
import type { Listing } from '#ports/tokens.ts';
import type { Deps } from '../deps.ts';
import { view } from '../doors.ts';
import { everyoneOf, isOfEveryone } from './everyone.ts';
import { type TeamView, teamViews } from './view.ts';

export type AskedTeams = {
  readonly limit: number;
  readonly offset: number;
  /** Those alone that the caller manages. */
  readonly isManagedOnly: boolean;
  /** How many of those who belong to each are told at most; undefined: all. */
  readonly firstMax: number | undefined;
};

/**
 * The caller's teams, by name, and last `everyone`; all that there are for whoever may see all. Which teams are one's own
 * takes no right: they say what one's own rights come from.
 */
export async function listTeams(deps: Deps, caller: Caller, page: AskedTeams): Promise<Listing<TeamView>> {
  const { rows, total } = await listed(deps, caller, page);
  if (page.isManagedOnly || !isOfEveryone(caller))
    return { rows: await teamViews(deps, caller, rows, page.firstMax), total };
  const isLast = page.offset <= total && page.offset + page.limit > total;
  const all = isLast ? [...rows, everyoneOf(caller.tenant)] : rows;
  return { rows: await teamViews(deps, caller, all, page.firstMax), total: total + 1 };
}

function listed(deps: Deps, caller: Caller, { limit, offset, isManagedOnly }: AskedTeams): Promise<Listing<Team>> {
  const { tenant, principal, rights } = caller;
  const action = isManagedOnly ? 'team:ManageTeam' : 'team:ReadTeam';
  if (!allows(rights, action))
    return deps.store.teams.list(tenant.id, { limit, offset, of: { principal: principal.id, isManagedOnly } });
  return view(deps, caller, { action, collection: 'team/' }, () => deps.store.teams.list(tenant.id, { limit, offset }));
}
