import type { Caller } from '#domain/caller.ts';
import type { Id } from '#domain/id.ts';
import { PROGRAM_KINDS, type Principal, programPrincipal } from '#domain/principal.ts';
import { BUILT_IN, type BuiltInRole, builtInOf, type CustomRole } from '#domain/role.ts';
import type { Listing } from '#ports/tokens.ts';
import type { Deps } from '../deps.ts';
import { view, viewOne } from '../doors.ts';

/** One that comes with the program was made by nobody here; the program's own principal stands for it. */
export type ShownRole =
  | { readonly role: BuiltInRole; readonly isBuiltIn: true; readonly createdBy: Principal }
  | { readonly role: CustomRole; readonly isBuiltIn: false; readonly createdBy: Principal };

export type RoleQuery = { readonly limit: number; readonly offset: number; readonly resourceType: string | undefined };

/** Built-in ones first, then those of the tenant by name. They are few, and read as one. */
export const listRoles = (deps: Deps, caller: Caller, { limit, offset, resourceType }: RoleQuery) =>
  view(deps, caller, { action: 'role:ListRoles', collection: 'role/' }, async (): Promise<Listing<ShownRole>> => {
    const custom = await deps.store.roles.list(caller.tenant.id);
    const all = [...BUILT_IN.map(shownBuiltIn), ...(await shownRoles(deps, caller, custom))];
    const rows = all.filter((one) => resourceType === undefined || typeOf(one) === resourceType);
    return { rows: rows.slice(offset, offset + limit), total: rows.length };
  });

/** What may be granted at all, of one type of thing or of all. */
export const mayListActions = (deps: Deps, caller: Caller): Promise<void> =>
  view(deps, caller, { action: 'role:ListRoles', collection: 'role/' }, async () => {});

/** A built-in one by its name, which is its id. */
export async function getRole(deps: Deps, caller: Caller, id: string): Promise<ShownRole> {
  const own = builtInOf(id);
  const locate = async () => own ?? deps.store.roles.get(caller.tenant.id, id as Id<'Role'>);
  const found = await viewOne(deps, caller, { action: 'role:ListRoles', resource: `role/${id}`, locate });
  return own === undefined ? shownRole(deps, caller, found as CustomRole) : shownBuiltIn(own);
}

export const shownRole = async (deps: Deps, caller: Caller, role: CustomRole): Promise<ShownRole> =>
  (await shownRoles(deps, caller, [role]))[0] as ShownRole;

/** Custom ones are granted on the tenant alone. */
export const typeOf = ({ role, isBuiltIn }: ShownRole): string => (isBuiltIn ? role.resourceType : 'tenant');

const shownBuiltIn = (role: BuiltInRole): ShownRole => ({
  ...{ role, isBuiltIn: true, createdBy: programPrincipal('setup') },
});

async function shownRoles({ store }: Deps, { tenant }: Caller, roles: readonly CustomRole[]): Promise<ShownRole[]> {
  const ids = [...new Set(roles.map(({ createdBy }) => createdBy))];
  const people = [...PROGRAM_KINDS.map(programPrincipal), ...(await store.principals.named(tenant.id, ids))];
  return roles.map((role) => {
    const createdBy = people.find(({ id }) => id === role.createdBy) ?? unknown(role);
    return { role, isBuiltIn: false, createdBy };
  });
}

/** Nobody is ever removed from the table; an id that is not there was put into the row by somebody else. */
const unknown = ({ createdBy }: CustomRole): Principal => ({ id: createdBy, kind: 'user', name: createdBy });
