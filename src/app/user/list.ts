import type { Caller } from '#domain/caller.ts';
import type { Grant, Holding } from '#domain/grant.ts';
import type { Permission } from '#domain/permission.ts';
import type { PrincipalId } from '#domain/principal.ts';
import { allHoldings } from '#domain/rights.ts';
import { builtInOf } from '#domain/role.ts';
import type { Belonging, Team, TeamId } from '#domain/team.ts';
import type { UserPage, UserView } from '#ports/principals.ts';
import type { Listing } from '#ports/tokens.ts';
import type { Deps } from '../deps.ts';
import { view, viewOne } from '../doors.ts';
import { everyoneOf, isOfEveryone } from '../team/everyone.ts';
import { userWith } from './upon.ts';

/** A user with what they hold by themselves. */
export type ShownUser = UserView & { readonly grants: readonly NamedGrant[] };
export type NamedGrant = Grant & { readonly roleName: string };

export const listUsers = (deps: Deps, caller: Caller, page: UserPage): Promise<Listing<ShownUser>> =>
  view(deps, caller, { action: 'user:ListUsers', collection: 'user/' }, async () => {
    const { rows, total } = await deps.store.principals.users(caller.tenant.id, page);
    return { rows: await shown(deps, caller, rows), total };
  });

export async function getUser(deps: Deps, caller: Caller, id: PrincipalId): Promise<ShownUser> {
  const locate = () => deps.store.principals.user(caller.tenant.id, id);
  const found = await viewOne(deps, caller, { action: 'user:ListUsers', resource: `user/${id}`, locate });
  const [one] = await shown(deps, caller, [found]);
  return one as ShownUser;
}

async function shown({ store }: Deps, { tenant }: Caller, users: readonly UserView[]): Promise<readonly ShownUser[]> {
  const grants = await store.grants.ofSubjects(
    tenant.id,
    users.map(({ id }) => id),
  );
  const isCustom = grants.some(({ role }) => builtInOf(role) === undefined);
  const custom = isCustom ? await store.roles.list(tenant.id) : [];
  const names = new Map<string, string>(custom.map(({ id, name }) => [id, name]));
  const named = grants.map((grant) => ({ ...grant, roleName: names.get(grant.role) ?? grant.role }));
  const bySubject = Map.groupBy(named, ({ subject }) => subject);
  return users.map((user) => ({ ...user, grants: bySubject.get(user.id) ?? [] }));
}

/** Of oneself it takes no more than a good credential; of others, a right to know. */
async function readOf<Found>(
  deps: Deps,
  caller: Caller,
  what: { readonly id: PrincipalId; readonly action: Permission },
  read: () => Promise<Found>,
): Promise<Found> {
  if (what.id === caller.principal.id) return read();
  const locate = () => userWith(deps, caller, what.id);
  await viewOne(deps, caller, { action: what.action, resource: `user/${what.id}`, locate });
  return read();
}

/** All that a user may do, and by what, with the teams that are named in it. */
export type Access = { readonly holdings: readonly Holding[]; readonly teams: ReadonlyMap<TeamId, Team> };

export const accessOf = (deps: Deps, caller: Caller, id: PrincipalId): Promise<Access> =>
  readOf(deps, caller, { id, action: 'user:ReadAccess' }, async () => {
    const { store } = deps;
    const kind = isProgram(caller, id) ? caller.principal.kind : 'user';
    const holdings = allHoldings(await store.grants.heldBy(caller.tenant.id, { id, kind }));
    const named = holdings.flatMap(({ subject, resource }) => [subject, resource.slice('team/'.length)] as TeamId[]);
    const teams = await store.teams.named(caller.tenant.id, [...new Set(named)]);
    return { holdings, teams: new Map(teams.map((team) => [team.id, team])) };
  });

/** Where somebody belongs: all users to `everyone`, which comes first. */
export const teamsOf = (
  deps: Deps,
  caller: Caller,
  id: PrincipalId,
): Promise<readonly (Belonging & { team: Team })[]> =>
  readOf(deps, caller, { id, action: 'user:ReadAccess' }, async () => {
    const all = await deps.store.teams.ofPrincipal(caller.tenant.id, id);
    const everyone = { team: everyoneOf(caller.tenant), isMember: true, isManager: false };
    return isProgram(caller, id) ? all : [everyone, ...all];
  });

/** Of others, users alone are found. */
const isProgram = (caller: Caller, id: PrincipalId): boolean => id === caller.principal.id && !isOfEveryone(caller);
