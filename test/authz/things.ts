import { newId } from '#app/new-id.ts';
import type { Added } from '#app/virtual-account/add.ts';
import { createAccount } from '#app/virtual-account/apply.ts';
import type { Caller } from '#domain/caller.ts';
import { onTenant } from '#domain/grant.ts';
import { type IdentityProvider, parseProvider } from '#domain/identity-provider.ts';
import type { Permission } from '#domain/permission.ts';
import { compile, tenantWide } from '#domain/rights.ts';
import { builtIn, type CustomRole, parseRoleName } from '#domain/role.ts';
import { parseRoleBindingName, type RoleBinding } from '#domain/role-binding.ts';
import { type Belonging, parseTeamName, type Team } from '#domain/team.ts';
import { parseVirtualAccountName } from '#domain/virtual-account.ts';
import type { World } from '#support/world.ts';

/* What there is in a tenant beside people and tokens, as rows that somebody has made. */

type Made = Pick<World, 'deps'>;

const byMeans = ({ deps }: Made, { principal }: Caller) => {
  const now = deps.clock.now();
  return { createdBy: principal.id, createdAt: now, updatedAt: now };
};

/** To which the caller belongs, where it is said how. */
export async function teamOf(world: Made, caller: Caller, name: string, belongs?: Belonging): Promise<Team> {
  const about = { displayName: undefined, description: '', tags: {} };
  const team = { id: newId<'Team'>(world.deps), name: parseTeamName(name), ...about, ...byMeans(world, caller) };
  await world.deps.store.transact(async (tx) => {
    await tx.teams.insert(caller.tenant.id, team);
    if (belongs === undefined) return;
    await tx.teams.setMembers(caller.tenant.id, team.id, [{ ...belongs, principal: caller.principal.id }]);
  });
  return team;
}

export async function roleOf(
  world: Made,
  caller: Caller,
  name: string,
  permissions: readonly Permission[],
): Promise<CustomRole> {
  const about = { displayName: name, description: '', permissions };
  const role = { id: newId<'Role'>(world.deps), name: parseRoleName(name), ...about, ...byMeans(world, caller) };
  await world.deps.store.transact((tx) => tx.roles.insert(caller.tenant.id, role));
  return role;
}

/** On the whole tenant. */
export const give = async ({ deps }: Made, { tenant, principal }: Caller, { id }: Pick<CustomRole, 'id'>) =>
  deps.store.transact((tx) => tx.grants.add(tenant.id, onTenant(newId(deps), principal.id, id)));

export async function bindingOf(world: Made, caller: Caller, name: string): Promise<RoleBinding> {
  const binding = { id: newId<'RoleBinding'>(world.deps), name: parseRoleBindingName(name), ...byMeans(world, caller) };
  await world.deps.store.transact((tx) => tx.roleBindings.insert(caller.tenant.id, binding));
  return binding;
}

/** For tokens that nobody has; believed by an address where nobody is. */
export async function providerOf({ deps }: Made, caller: Caller, name: string): Promise<IdentityProvider> {
  const said = { name, issuer: 'https://idp.example', jwksUri: 'https://idp.example/keys', audiences: [name] };
  const provider = { ...parseProvider(said), id: newId<'IdentityProvider'>(deps), ...byMeans({ deps }, caller) };
  await deps.store.transact((tx) => tx.identityProviders.insert(caller.tenant.id, provider));
  return provider;
}

/** Made by the caller, whatever they may; owned by a team of this name, or by nobody. */
export function accountOf({ deps }: Made, caller: Caller, name: string, team?: string): Promise<Added> {
  const nothing = { expiresAt: undefined, format: undefined, autoRotate: undefined, tags: {}, mappings: [] };
  const wanted = { name: parseVirtualAccountName(name), permissions: undefined, team, ...nothing };
  const rights = compile(tenantWide(builtIn('tenant-admin')));
  return createAccount(deps, { ...caller, rights, credential: { kind: 'none', id: undefined } }, wanted);
}
