import type { Caller } from '#domain/caller.ts';
import type { Condition } from '#domain/condition.ts';
import type { Holding } from '#domain/grant.ts';
import type { Principal } from '#domain/principal.ts';
import type { Team, TeamId } from '#domain/team.ts';
import type { PersonColumn } from '#ports/principals.ts';
import type { Listing } from '#ports/tokens.ts';
import type { Deps } from '../deps.ts';
import { view, viewOne } from '../doors.ts';
import { rolesIn } from '../grant/role.ts';
import { everyoneOf, isEveryone, isOfEveryone } from './everyone.ts';
import { type TeamView, teamView } from './view.ts';

export const getTeam = async (deps: Deps, caller: Caller, id: TeamId): Promise<TeamView> =>
  teamView(deps, caller, await readable(deps, caller, id));

/** What a team holds, for whoever may see it: a member's own rights are among it. */
export async function teamHoldings(deps: Deps, caller: Caller, id: TeamId): Promise<TeamHoldings> {
  const team = await readable(deps, caller, id);
  const grants = await deps.store.grants.ofSubjects(caller.tenant.id, [id]);
  const roles = await rolesIn(
    deps.store,
    caller,
    grants.map(({ role }) => role),
  );
  const holdings = grants.flatMap((grant) => {
    const role = roles.get(grant.role);
    return role === undefined ? [] : [{ ...grant, role }];
  });
  return { team, holdings };
}
export type TeamHoldings = { readonly team: Team; readonly holdings: readonly Holding[] };

export type AskedPeople = {
  readonly limit: number;
  readonly offset: number;
  readonly which: 'members' | 'managers';
  readonly where: Condition<PersonColumn> | undefined;
};
export const PERSON_COLUMNS = ['email', 'userId'] as const satisfies readonly PersonColumn[];

/** Who belongs to a team; `total` counts past the page. */
export async function teamPeople(
  deps: Deps,
  caller: Caller,
  id: TeamId,
  asked: AskedPeople,
): Promise<Listing<Principal>> {
  await readable(deps, caller, id);
  return isEveryone(caller, id)
    ? everybody(deps, caller, asked)
    : deps.store.teams.members(caller.tenant.id, id, asked);
}

/** Takes what a list of users takes. `everyone` has no managers. */
async function everybody(deps: Deps, caller: Caller, { which, ...asked }: AskedPeople): Promise<Listing<Principal>> {
  const page = { ...asked, emailContains: '', isInactiveToo: false };
  const read = () => deps.store.principals.users(caller.tenant.id, page);
  const users = await view(deps, caller, { action: 'user:ListUsers', collection: 'user/' }, read);
  return which === 'members' ? users : { rows: [], total: 0 };
}

/** Whoever is of everyone sees it. */
async function readable(deps: Deps, caller: Caller, id: TeamId): Promise<Team> {
  if (isEveryone(caller, id) && isOfEveryone(caller)) return everyoneOf(caller.tenant);
  const locate = () => deps.store.teams.get(caller.tenant.id, id);
  return viewOne(deps, caller, { action: 'team:ReadTeam', resource: `team/${id}`, locate });
}
