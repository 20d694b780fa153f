import type { Act } from '#domain/audit.ts';
import type { Caller } from '#domain/caller.ts';
import { type Grant, onTenant } from '#domain/grant.ts';
import type { Email, PrincipalRecord } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import { lacking } from '#domain/rights.ts';
import { builtInOf, type Role } from '#domain/role.ts';
import type { Store } from '#ports/store.ts';
import { refuseBeyond } from '../beyond.ts';
import type { Deps } from '../deps.ts';
import { change } from '../doors.ts';
import { newId } from '../new-id.ts';
import { Overtaken, untilNotOvertaken } from '../overtaken.ts';
import { held, keepAnAdministrator, refuseAbove } from './upon.ts';

/**
 * The roles that a user holds on the whole tenant by themselves become these; what they hold by a team or a role binding
 * stays. Names are resolved here, once: a role that is made anew by the same name gives nothing to those who held the old.
 */
export function setUserRoles(deps: Deps, caller: Caller, email: Email, names: readonly string[]): Promise<void> {
  const { tenant } = caller;
  return untilNotOvertaken(async () => {
    const user = await deps.store.principals.userByEmail(tenant.id, email);
    const act = { action: 'tenant:AssignRole', resource: `user/${user?.id ?? ''}` } as const;
    const prepare = async (found: PrincipalRecord) => {
      const roles = await tenantRoles(deps.store, caller, names);
      await refuseAbove(deps, caller, act, found);
      await refuseBeyondRoles(deps, caller, act, roles);
      return roles.map((role) => onTenant(newId(deps), found.id, role.id));
    };
    return change(deps, caller, { ...act, locate: async () => user, prepare }, async (tx, found, wanted) => {
      await tx.tenants.hold(tenant.id);
      await held(tx, caller, found);
      if ((await tenantRoles(tx, caller, names)).some(({ id }, at) => id !== wanted[at]?.role)) throw new Overtaken();
      const own = (await tx.grants.ofSubjects(tenant.id, [found.id])).filter(isOwnRole);
      const gone = own.filter(({ role }) => !wanted.some((one) => one.role === role));
      await tx.grants.remove(
        tenant.id,
        gone.map(({ id }) => id),
      );
      for (const grant of wanted) await tx.grants.add(tenant.id, grant); // one that is there stays as it is
      await keepAnAdministrator(tx, caller);
      const details = { roles: wanted.map(({ role }) => role) };
      return { result: undefined, details, moved: [{ kind: 'principal', id: found.id }] };
    });
  });
}

export const isOwnRole = ({ resource, binding }: Grant): boolean => resource === '*' && binding === undefined;

const refuseBeyondRoles = (deps: Deps, caller: Caller, act: Act, roles: readonly Role[]) =>
  refuseBeyond(deps, caller, act, [...new Set(roles.flatMap((role) => lacking(caller.rights, role.permissions, '*')))]);

/** By name or id, each once, in the order given; a role that is for single things is none of these. */
async function tenantRoles({ roles }: Pick<Store, 'roles'>, { tenant }: Caller, names: readonly string[]) {
  const custom = await roles.list(tenant.id);
  return [...new Set(names)].map((name): Role => {
    const own = builtInOf(name);
    const found = own?.resourceType === 'tenant' ? own : custom.find((role) => role.name === name || role.id === name);
    if (found === undefined) throw noSuchRole(name);
    return found;
  });
}

const NAME_CHARS_MAX = 100;

const noSuchRole = (name: string): Refusal =>
  new Refusal(
    'unprocessable',
    `There is no role ${name.slice(0, NAME_CHARS_MAX)} on the whole tenant. GET /roles lists them.`,
    {
      problems: [{ field: 'roles', problem: `${name.slice(0, NAME_CHARS_MAX)} is no role on the tenant` }],
    },
  );
