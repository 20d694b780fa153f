import type { Caller } from '#domain/caller.ts';
import { type Grant, TENANT_WIDE } from '#domain/grant.ts';
import type { PrincipalId } from '#domain/principal.ts';
import type { Role } from '#domain/role.ts';
import { type Permitted, permittedRole } from '../grant/permitted.ts';
import { rolesIn, type Weight } from '../grant/role.ts';
import type { Reads } from '../grant/subject.ts';

const ON_TEAM = 'A virtual account belongs to no team, and manages none. Give it a role on the tenant.';

/** What becomes of an account's own grants. Those that came with role bindings are theirs. */
export type GrantPlan = {
  readonly roles: readonly Role[];
  readonly missing: readonly Pick<Grant, 'role' | 'resource'>[];
  readonly gone: readonly Grant[];
  readonly touched: readonly Weight[];
};

export const NO_GRANTS: GrantPlan = { roles: [], missing: [], gone: [], touched: [] };

/** Undefined leaves everything as it is; of one that is not there yet there is nothing to keep. */
export async function plannedGrants(
  reads: Reads,
  caller: Caller,
  wanted: readonly Permitted[] | undefined,
  account?: PrincipalId,
): Promise<GrantPlan> {
  if (wanted === undefined) return NO_GRANTS;
  const roles: Role[] = [];
  for (const permission of wanted) roles.push(await permittedRole(reads, caller, permission, ON_TEAM));
  const there = account === undefined ? [] : await reads.grants.ofSubjects(caller.tenant.id, [account]);
  const own = there.filter(({ binding }) => binding === undefined);
  const all = new Map(roles.map(({ id: role }) => [role, { role, resource: TENANT_WIDE }]));
  const gone = own.filter(({ role, resource }) => resource !== TENANT_WIDE || !all.has(role));
  for (const { role, resource } of own) if (resource === TENANT_WIDE) all.delete(role);
  const missing = [...all.values()];
  const known = await rolesIn(
    reads,
    caller,
    [...gone, ...missing].map(({ role }) => role),
  );
  const touched = [...gone, ...missing].map(({ role, resource }) => ({ role: known.get(role), resource }));
  return { roles, missing, gone, touched };
}
