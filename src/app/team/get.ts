import type { Caller } from '#domain/caller.ts';
import type { Matches } from '#domain/filter.ts';
import type { Holding } from '#domain/grant.ts';
import type { Principal } from '#domain/principal.ts';
import type { Team, TeamId } from '#domain/team.ts';
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
  readonly matches: Matches<PersonColumn> | undefined;
};
export const PERSON_COLUMNS = ['email', 'userId'] as const;
type PersonColumn = (typeof PERSON_COLUMNS)[number];

/** Who belongs to a team; `total` counts past the page. */
export async function teamPeople(
  deps: Deps,
  caller: Caller,
  id: TeamId,
  asked: AskedPeople,
): Promise<Listing<Principal>> {
  await readable(deps, caller, id);
  const page = isEveryone(caller, id) ? everybody(deps, caller, asked) : peopleOf(deps, caller, id, asked);
  const { matches, limit, offset } = asked;
  if (matches === undefined) return page;
  const rows = (await page).rows.filter(({ id: userId, name: email }) => matches({ email, userId }));
  return { rows: rows.slice(offset, offset + limit), total: rows.length };
}

/** More than belong to any team: a filter looks at all of them. */
const ALL = { limit: 1_000_000, offset: 0 } as const;
const pageOf = ({ limit, offset, matches }: AskedPeople) => (matches === undefined ? { limit, offset } : ALL);

const peopleOf = ({ store }: Deps, { tenant }: Caller, id: TeamId, asked: AskedPeople): Promise<Listing<Principal>> =>
  store.teams.members(tenant.id, id, { ...pageOf(asked), which: asked.which });

/** Takes what a list of users takes. `everyone` has no managers. */
async function everybody(deps: Deps, caller: Caller, asked: AskedPeople): Promise<Listing<Principal>> {
  const page = { ...pageOf(asked), emailContains: '', isInactiveToo: false };
  const read = () => deps.store.principals.users(caller.tenant.id, page);
  const users = await view(deps, caller, { action: 'user:ListUsers', collection: 'user/' }, read);
  return asked.which === 'members' ? users : { rows: [], total: 0 };
}

/** Whoever is of everyone sees it. */
async function readable(deps: Deps, caller: Caller, id: TeamId): Promise<Team> {
  if (isEveryone(caller, id) && isOfEveryone(caller)) return everyoneOf(caller.tenant);
  const locate = () => deps.store.teams.get(caller.tenant.id, id);
  return viewOne(deps, caller, { action: 'team:ReadTeam', resource: `team/${id}`, locate });
}
