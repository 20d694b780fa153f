import type * as z from 'zod';
import type { subjectPermission } from '#contract/wire/user.ts';
import type { Caller } from '#domain/caller.ts';
import { type Holding, type Resource, TENANT_WIDE } from '#domain/grant.ts';
import type { Team, TeamId } from '#domain/team.ts';

type Teams = ReadonlyMap<TeamId, Pick<Team, 'name'>>;
type InTenant = Pick<Caller, 'tenant'>;

/** What a grant is on, in the public product's words. */
export function resourceOf({ tenant }: InTenant, resource: Resource, teams: Teams) {
  if (resource === TENANT_WIDE) {
    return { resourceType: 'tenant', resourceId: tenant.id, resourceName: tenant.name, resourceFqn: tenant.name };
  }
  const [resourceType = '', resourceId = ''] = resource.split('/');
  const name = teams.get(resourceId as TeamId)?.name;
  const named = name === undefined ? {} : { resourceName: name, resourceFqn: `${tenant.name}:${name}` };
  return { resourceType, resourceId, ...named } as const;
}

/** A role with what it is on, and by whom it is held: the user, a team of theirs, or everybody. */
export function permissionOf(
  { tenant }: InTenant,
  { subject, role, resource }: Pick<Holding, 'subject' | 'role' | 'resource'>,
  teams: Teams,
): z.output<typeof subjectPermission> {
  const isTeam = subject === tenant.id || teams.has(subject as TeamId);
  return {
    ...resourceOf({ tenant }, resource, teams),
    ...{ roleId: role.id, roleName: role.name },
    ...{ subjectId: subject, subjectType: isTeam ? 'team' : 'user' },
  };
}
