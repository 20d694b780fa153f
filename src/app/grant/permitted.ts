import type { Caller } from '#domain/caller.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Role } from '#domain/role.ts';
import { parseResourceType, resourceByFqn } from './resource.ts';
import { roleFor } from './role.ts';
import type { Reads } from './subject.ts';

/** A role on a resource, as manifests name them; the role by id or by name. */
export type Permitted = { readonly resourceType: string; readonly resourceFqn: string; readonly role: string };

/** On the tenant, which is all that a manifest can give a role on yet; `onTeam` says what to do about a team. */
export async function permittedRole(
  reads: Reads,
  caller: Caller,
  { resourceType, resourceFqn, role }: Permitted,
  onTeam: string,
): Promise<Role> {
  const type = parseResourceType(resourceType);
  await resourceByFqn(reads, caller, type, resourceFqn);
  if (type !== 'team') return roleFor(reads, caller, role, type);
  throw new Refusal('unprocessable', onTeam, { problems: [{ field: 'permissions', problem: 'name a team' }] });
}
