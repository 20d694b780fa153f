import type { Caller } from '#domain/caller.ts';
import type { Resource } from '#domain/grant.ts';
import type { SubjectRef } from '#domain/subject.ts';
import type { TeamId } from '#domain/team.ts';
import type { Listing } from '#ports/tokens.ts';
import type { Deps } from '../deps.ts';
import { view, viewOne } from '../doors.ts';
import { managerOf } from './manager.ts';
import { isThere, teamIn } from './resource.ts';
import { type ShownGrant, shownGrants } from './show.ts';
import { subjectNamed } from './subject.ts';

type Page = { readonly limit: number; readonly offset: number };

/** Who holds what on one resource, by themselves or by a role binding. On a team, who manages it. */
export async function grantsOn(
  deps: Deps,
  caller: Caller,
  resource: Resource,
  page: Page,
): Promise<Listing<ShownGrant>> {
  const locate = () => isThere(deps.store, caller, resource);
  await viewOne(deps, caller, { action: 'tenant:AssignRole', resource, locate });
  const team = teamIn(resource);
  return team === undefined ? granted(deps, caller, { ...page, resource }) : managers(deps, caller, team, page);
}

async function managers({ store }: Deps, { tenant }: Caller, team: TeamId, page: Page): Promise<Listing<ShownGrant>> {
  const { rows, total } = await store.teams.members(tenant.id, team, { ...page, which: 'managers' });
  return { rows: rows.map((user) => managerOf(`team/${team}`, user)), total };
}

export type GrantQuery = Page & { readonly subject?: SubjectRef | undefined; readonly resource?: Resource | undefined };

/** All that is granted in the tenant. What memberships give by themselves stands with the teams. */
export const listGrants = (deps: Deps, caller: Caller, query: GrantQuery): Promise<Listing<ShownGrant>> =>
  view(deps, caller, { action: 'user:ReadAccess', collection: 'grant/' }, async () => {
    const { subject: ref, ...page } = query;
    const subject = ref && (await subjectNamed(deps.store, caller, ref)).id;
    return granted(deps, caller, { ...page, subject });
  });

async function granted({ store }: Deps, caller: Caller, page: Parameters<typeof store.grants.list>[1]) {
  const { rows, total } = await store.grants.list(caller.tenant.id, page);
  return { rows: await shownGrants(store, caller, rows), total };
}
