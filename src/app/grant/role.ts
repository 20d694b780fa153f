import type { Act } from '#domain/audit.ts';
import type { Caller } from '#domain/caller.ts';
import type { Resource } from '#domain/grant.ts';
import { ID, type Id } from '#domain/id.ts';
import type { Permission } from '#domain/permission.ts';
import { Refusal } from '#domain/refusal.ts';
import { lacking } from '#domain/rights.ts';
import { type BuiltInRole, builtInOf, ROLE_NAME, type Role, type RoleId, type RoleName } from '#domain/role.ts';
import { refuseBeyond } from '../beyond.ts';
import type { Deps } from '../deps.ts';
import { Overtaken } from '../overtaken.ts';
import { heldBy } from '../user/upon.ts';
import type { GrantableType } from './resource.ts';
import type { Reads } from './subject.ts';

/** By id, or by name; it must fit what it is granted on. */
export async function roleFor(reads: Reads, caller: Caller, text: string, type: GrantableType): Promise<Role> {
  const own = builtInOf(text);
  if (own !== undefined) return fitting(own, type);
  const found = await customRole(reads, caller, text);
  if (found === undefined) throw noRole(`There is no role ${text.slice(0, ROLE_CHARS_MAX)}. GET /roles lists them.`);
  if (type !== 'tenant') throw noRole(`The role ${found.name} is granted on the tenant alone.`);
  return found;
}

const ROLE_CHARS_MAX = 100;

async function customRole({ roles }: Reads, { tenant }: Caller, text: string) {
  const byId = ID.test(text) ? await roles.get(tenant.id, text as Id<'Role'>) : undefined;
  return byId ?? (ROLE_NAME.test(text) ? roles.byName(tenant.id, text as RoleName) : undefined);
}

function fitting(role: BuiltInRole, type: GrantableType): Role {
  if (role.isImplied)
    throw noRole(`${role.name} comes with a membership or with owning something, and is not granted by itself.`);
  if (role.resourceType !== type) throw noRole(`${role.name} is granted on a ${role.resourceType}, not on a ${type}.`);
  return role;
}

const noRole = (message: string): Refusal =>
  new Refusal('unprocessable', message, { problems: [{ field: 'role', problem: 'names no role that fits' }] });

/** Of the ids that stand in grants; a role that is gone is not there. */
export async function rolesIn({ roles }: Reads, { tenant }: Caller, ids: Iterable<RoleId>): Promise<Map<RoleId, Role>> {
  const asked = new Set(ids);
  const isCustom = [...asked].some((id) => builtInOf(id) === undefined);
  const custom = isCustom ? await roles.list(tenant.id) : [];
  const known = [...asked].map((id) => builtInOf(id) ?? custom.find((role) => role.id === id));
  return new Map(known.flatMap((role) => (role === undefined ? [] : [[role.id, role]])));
}

export type Weight = { readonly role: Pick<Role, 'permissions'> | undefined; readonly resource: Resource };

/** What of these the caller lacks. Whoever takes a role away acts upon it as much as who gives it. */
export async function beyond(reads: Reads, caller: Caller, touched: readonly Weight[]): Promise<readonly Permission[]> {
  const held = await heldBy(reads, caller);
  const missing = touched.flatMap(({ role, resource }) =>
    held.flatMap((rights) => lacking(rights, role?.permissions ?? [], resource)),
  );
  return [...new Set(missing as readonly Permission[])].sort();
}

/** Before the transaction, and in words. */
export async function refuseRoles(deps: Deps, caller: Caller, act: Act, touched: readonly Weight[]): Promise<void> {
  await refuseBeyond(deps, caller, act, await beyond(deps.store, caller, touched));
}

/** In the transaction, where it was asked before. */
export async function stillWithin(tx: Reads, caller: Caller, touched: readonly Weight[]): Promise<void> {
  if ((await beyond(tx, caller, touched)).length > 0) throw new Overtaken();
}
