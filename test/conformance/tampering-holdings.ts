import type { Deps } from '#app/deps.ts';
import { newId } from '#app/new-id.ts';
import type { Caller } from '#domain/caller.ts';
import { type GrantId, onTenant } from '#domain/grant.ts';
import { parsePermissions } from '#domain/permission.ts';
import type { Principal } from '#domain/principal.ts';
import { type CustomRole, parseRoleName } from '#domain/role.ts';
import { parseRoleBindingName, type RoleBinding } from '#domain/role-binding.ts';
import { parseTeamName, type Team } from '#domain/team.ts';
import { parseTenantName, parseTenantOrigin, type Tenant, type TenantId } from '#domain/tenant.ts';

/* What somebody holds by a team, a role of their tenant's and a binding, and all that can be asked of it. */

export type Question = { readonly what: string; ask(): Promise<unknown> };
export const about = (what: string, ask: Question['ask']): Question => ({ what, ask });

export type Holdings = {
  readonly tenant: Tenant;
  readonly team: Team;
  readonly role: CustomRole;
  readonly binding: RoleBinding;
  readonly grants: readonly [GrantId, GrantId];
};

/** A team where somebody is, or that they manage, a role that it holds, and a binding of theirs; and what their tenant is called besides. */
export async function holdingsOf(deps: Deps, { tenant, principal }: Caller): Promise<Holdings> {
  const called = (what: string) => `${principal.name.slice(0, 3)}-${what}`;
  const made = { createdBy: principal.id, createdAt: deps.clock.now(), updatedAt: deps.clock.now(), description: '' };
  const shown = { ...made, displayName: called('shown') };
  const team: Team = { ...shown, id: newId(deps), name: parseTeamName(called('team')), tags: {} };
  const permissions = parsePermissions(['metrics:Read', 'settings:ListSettings']);
  const role: CustomRole = { ...shown, id: newId(deps), name: parseRoleName(called('role')), permissions };
  const binding: RoleBinding = { ...made, id: newId(deps), name: parseRoleBindingName(called('binding')) };
  const isManager = principal.name.startsWith('ada');
  const belongs = { isMember: !isManager, isManager };
  const grants = [newId<'Grant'>(deps), newId<'Grant'>(deps)] as const;
  await deps.store.transact(async (tx) => {
    await tx.teams.insert(tenant.id, team);
    await tx.teams.setMembers(tenant.id, team.id, [{ principal: principal.id, ...belongs }]);
    await tx.roles.insert(tenant.id, role);
    await tx.roleBindings.insert(tenant.id, binding);
    await tx.grants.add(tenant.id, onTenant(grants[0], team.id, role.id));
    await tx.grants.add(tenant.id, { ...onTenant(grants[1], principal.id, 'metrics-reader'), binding: binding.id });
    await tx.tenants.addOrigin(tenant.id, originIn(called));
    await tx.tenants.addAlias(tenant.id, parseTenantName(called('alias')));
  });
  return { tenant, team, role, binding, grants };
}

const originIn = (called: (what: string) => string) => parseTenantOrigin(`https://${called('host')}.example`);

const PAGE = { limit: 100, offset: 0, emailContains: '', isInactiveToo: true } as const;

/** Whether they can sign in, and when they last did something, is only shown: it proves nothing. */
async function usersIn({ store }: Deps, { id }: Tenant, isInactiveToo: boolean): Promise<unknown> {
  const { rows, total } = await store.principals.users(id, { ...PAGE, isInactiveToo });
  return { rows: rows.map(({ canSignIn: _, lastUsedAt: __, ...proved }) => proved), total };
}

/** Grants in the order of their ids: they come in none. */
async function heldIn({ store }: Deps, tenant: TenantId, principal: Principal): Promise<unknown> {
  const { memberships, holdings } = await store.grants.heldBy(tenant, principal);
  return { memberships, holdings: holdings.toSorted((one, other) => (String(one.id) < String(other.id) ? -1 : 1)) };
}

/** Of each tenant, whoever is asked about. */
export function ofHoldingsOf(deps: Deps, tenant: Tenant): readonly Question[] {
  const { tenants, teams, roles, roleBindings, grants } = deps.store;
  const { id, name } = tenant;
  return [
    about(`the addresses of ${name}`, () => tenants.originsOf(id)),
    about(`what ${name} is called besides`, () => tenants.aliasesOf(id)),
    about(`the users of ${name}`, () => usersIn(deps, tenant, true)),
    about(`the active users of ${name}`, () => usersIn(deps, tenant, false)),
    about(`the teams of ${name}`, () => teams.list(id, PAGE)),
    about(`the roles of ${name}`, () => roles.list(id)),
    about(`the role bindings of ${name}`, () => roleBindings.list(id, PAGE)),
    about(`who holds something on all of ${name}`, () => grants.onResource(id, '*')),
    about(`who administers ${name}`, () => grants.withRole(id, 'tenant-admin')),
  ];
}

/** What a tenant, theirs or another, says of somebody's. */
export function ofHoldingsIn(
  deps: Deps,
  { id, name: tenant }: Tenant,
  { principal }: Caller,
  held: Holdings,
): readonly Question[] {
  const { team, role, binding } = held;
  const { teams, roles, roleBindings, grants } = deps.store;
  const asked: Readonly<Record<string, Question['ask']>> = {
    'what they hold': () => heldIn(deps, id, principal),
    'their grants': () => grants.ofSubjects(id, [principal.id, team.id]),
    'their teams': () => teams.ofPrincipal(id, principal.id),
    'the teams where they are': () =>
      teams.list(id, { ...PAGE, of: { principal: principal.id, isManagedOnly: false } }),
    'the teams they manage': () => teams.list(id, { ...PAGE, of: { principal: principal.id, isManagedOnly: true } }),
    'their team': () => teams.get(id, team.id),
    'their team by name': () => teams.byName(id, team.name),
    'their team, as named': () => teams.named(id, [team.id]),
    'who is in their team': () => teams.membersOf(id, [team.id]),
    'the members of their team': () => teams.members(id, team.id, { ...PAGE, which: 'members' }),
    'the managers of their team': () => teams.members(id, team.id, { ...PAGE, which: 'managers' }),
    'their role': () => roles.get(id, role.id),
    'their role by name': () => roles.byName(id, role.name),
    'who holds their role': () => grants.withRole(id, role.id),
    'their binding': () => roleBindings.get(id, binding.id),
    'their binding by name': () => roleBindings.byName(id, binding.name),
    'the grants of their binding': () => grants.ofBindings(id, [binding.id]),
    'a grant of theirs': () => grants.get(id, held.grants[1]),
  };
  return Object.entries(asked).map(([what, ask]) => about(`${what}, of ${principal.name} in ${tenant}`, ask));
}

/** What is asked by whoever knows no tenant yet. */
export function ofAddresses(deps: Deps, { principal }: Caller): readonly Question[] {
  const called = (what: string) => `${principal.name.slice(0, 3)}-${what}`;
  const { tenants } = deps.store;
  return [
    about(`whose the address of ${principal.name} is`, () => tenants.byOrigin(originIn(called))),
    about(`whose name ${called('alias')} is`, () => tenants.byNameOrAlias(parseTenantName(called('alias')))),
  ];
}
