import { newId } from '#app/new-id.ts';
import type { Added } from '#app/virtual-account/add.ts';
import { createAccount } from '#app/virtual-account/apply.ts';
import type { WantedAccount } from '#app/virtual-account/wanted.ts';
import type { Caller } from '#domain/caller.ts';
import { onTenant } from '#domain/grant.ts';
import type { Permission } from '#domain/permission.ts';
import type { BuiltInRoleId, CustomRole } from '#domain/role.ts';
import { parseRoleName } from '#domain/role.ts';
import { parseTeamName, type Team } from '#domain/team.ts';
import { parseVirtualAccountName } from '#domain/virtual-account.ts';
import type { Core } from './core.ts';

/* Virtual accounts for tests of the core, and people who may something of them and not all. */

/** As a manifest that says nothing but a name. */
export const wanting = (name: string, own: Partial<WantedAccount> = {}): WantedAccount => ({
  ...{ name: parseVirtualAccountName(name), permissions: undefined, expiresAt: undefined, format: undefined },
  ...{ autoRotate: undefined, tags: {}, team: undefined, mappings: [] },
  ...own,
});

/** On the tenant, by name. */
export const permitted = ({ tenant }: Core, ...roles: readonly string[]) =>
  roles.map((role) => ({ resourceType: 'tenant', resourceFqn: tenant.name, role }));

/** One that holds these roles, made by somebody who may. */
export async function accountWith(
  core: Core,
  by: Caller,
  name: string,
  { roles = [], ...own }: Partial<WantedAccount> & { readonly roles?: readonly BuiltInRoleId[] } = {},
): Promise<Added> {
  const permissions = roles.length === 0 ? undefined : permitted(core, ...roles);
  return createAccount(core.deps, by, wanting(name, { permissions, ...own }));
}

/** A team of these people. */
export async function teamOf({ deps, tenant }: Core, name: string, ...members: readonly Caller[]): Promise<Team> {
  const made = { createdBy: tenant.id as never, createdAt: 1, updatedAt: 1 };
  const shown = { displayName: undefined, description: '', tags: {} };
  const team: Team = { id: newId(deps), name: parseTeamName(name), ...shown, ...made };
  const people = members.map(({ principal }) => ({ principal: principal.id, isMember: true, isManager: false }));
  await deps.store.transact(async (tx) => {
    await tx.teams.insert(tenant.id, team);
    await tx.teams.setMembers(tenant.id, team.id, people);
  });
  return team;
}

/** Somebody who is signed in, and may what a role of the tenant's own says, besides what a member may. */
export async function personWith(core: Core, name: string, ...permissions: readonly Permission[]): Promise<Caller> {
  const user = await core.user(name, 'tenant-member');
  await roleFor(core, user, permissions);
  return core.signedIn(user);
}

async function roleFor({ deps, tenant }: Core, { principal }: Caller, permissions: readonly Permission[]) {
  if (permissions.length === 0) return;
  const made = { createdBy: principal.id, createdAt: 1, updatedAt: 1 };
  const name = parseRoleName(`role-of-${principal.name.split('@')[0]}`);
  const role: CustomRole = { id: newId(deps), name, displayName: name, description: '', permissions, ...made };
  await deps.store.transact(async (tx) => {
    await tx.roles.insert(tenant.id, role);
    await tx.grants.add(tenant.id, onTenant(newId(deps), principal.id, role.id));
  });
}
