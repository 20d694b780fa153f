import type { Caller } from '#domain/caller.ts';
import type { Resource } from '#domain/grant.ts';
import type { Permission } from '#domain/permission.ts';
import { allows } from '#domain/rights.ts';
import { BUILT_IN, builtIn, type Role } from '#domain/role.ts';
import type { Deps } from '../deps.ts';
import { teamIn } from '../grant/resource.ts';
import { type Subject, subjectsOf } from '../grant/subject.ts';

/** Enough to know whom to ask. */
const GIVERS_MAX = 20;

type Missing = { readonly action: Permission; readonly resource: Resource };

/**
 * Who holds the right to give, and what they would give: by grants of their own, be they users or teams. One who has the
 * two from different sides could, and is not named. Who manages a team is told to those alone who may see the team.
 */
export async function givers(deps: Deps, caller: Caller, missing: Missing): Promise<readonly Subject[]> {
  const wide = await wideGivers(deps, caller, missing);
  const near = await managersOf(deps, caller, missing);
  return [...new Map([...near, ...wide].map((one) => [one.id, one])).values()].slice(0, GIVERS_MAX);
}

async function wideGivers({ store }: Deps, caller: Caller, { action }: Missing): Promise<readonly Subject[]> {
  const { id } = caller.tenant;
  const roles = [...BUILT_IN, ...(await store.roles.list(id))];
  const able = await store.grants.holdersOfEach(
    id,
    [idsWith(roles, 'tenant:AssignRole'), idsWith(roles, action)],
    GIVERS_MAX * 2, // of whom some may not be told
  );
  const named = await subjectsOf(store, caller, able);
  const maySee = (one: Subject) => one.kind !== 'team' || allows(caller.rights, 'team:ReadTeam', `team/${one.id}`);
  return present({ store }, caller, able.flatMap((one) => named.get(one) ?? []).filter(maySee));
}

const idsWith = (roles: readonly Role[], permission: Permission) =>
  roles.filter(({ permissions }) => permissions.includes(permission)).map(({ id }) => id);

/** Who is deactivated gives nothing. */
async function present({ store }: Pick<Deps, 'store'>, { tenant }: Caller, subjects: readonly Subject[]) {
  const active = await Promise.all(
    subjects.map(
      async (one) => one.kind !== 'user' || (await store.principals.get(tenant.id, one.id))?.active === true,
    ),
  );
  return subjects.filter((_, at) => active[at]);
}

async function managersOf({ store }: Deps, caller: Caller, { action, resource }: Missing): Promise<readonly Subject[]> {
  const team = teamIn(resource);
  const isTold = allows(caller.rights, 'team:ReadTeam', resource);
  if (team === undefined || !isTold || !builtIn('team-manager').permissions.includes(action)) return [];
  const page = { limit: GIVERS_MAX, offset: 0, which: 'managers' } as const;
  const { rows } = await store.teams.members(caller.tenant.id, team, page);
  return present(
    { store },
    caller,
    rows.map(({ id, name }) => ({ kind: 'user', id, name })),
  );
}
