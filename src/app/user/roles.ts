import type { Caller } from '#domain/caller.ts';
import { type Grant, onTenant, TENANT_WIDE } from '#domain/grant.ts';
import type { Email, PrincipalRecord } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import { builtInOf, type Role } from '#domain/role.ts';
import type { Store } from '#ports/store.ts';
import type { Deps } from '../deps.ts';
import { change } from '../doors.ts';
import { holdAll } from '../grant/hold.ts';
import { refuseRoles, stillWithin } from '../grant/role.ts';
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
      await refuseRoles(deps, caller, act, roles.map(onAll));
      return roles.map((role) => onTenant(newId(deps), found.id, role.id));
    };
    return change(deps, caller, { ...act, locate: async () => user, prepare }, async (tx, found, wanted) => {
      await holdAll(tx, caller, { subjects: [], roles: wanted.map(({ role }) => role) });
      await held(tx, caller, found);
      const roles = await tenantRoles(tx, caller, names);
      if (roles.some(({ id }, at) => id !== wanted[at]?.role)) throw new Overtaken();
      await stillWithin(tx, caller, roles.map(onAll));
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

const onAll = (role: Role) => ({ role, resource: TENANT_WIDE });

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
