import type { Act } from '#domain/audit.ts';
import type { Caller } from '#domain/caller.ts';
import { TENANT_WIDE } from '#domain/grant.ts';
import type { Permission } from '#domain/permission.ts';
import { Refusal } from '#domain/refusal.ts';
import type { CustomRole, RoleName } from '#domain/role.ts';
import type { Deps } from '../deps.ts';
import { change, made } from '../doors.ts';
import { refuseRoles, stillWithin, type Weight } from '../grant/role.ts';
import { newId } from '../new-id.ts';
import { Overtaken, untilNotOvertaken } from '../overtaken.ts';
import { type ShownRole, shownRole } from './list.ts';

export type Definition = {
  readonly name: RoleName;
  readonly displayName: string;
  readonly description: string;
  readonly permissions: readonly Permission[];
};

/** Nobody makes a role that holds more than they do. A taken name is a conflict. */
export async function createRole(deps: Deps, caller: Caller, wanted: Definition): Promise<ShownRole> {
  const { tenant } = caller;
  const act: Act = { action: 'role:ManageRoles', resource: 'role/' };
  const role = newRole(deps, caller, wanted);
  const touched = [weightOf(wanted)];
  const prepare = () => refuseRoles(deps, caller, act, touched);
  await untilNotOvertaken(() =>
    change(deps, caller, { ...act, locate: made, prepare }, async (tx) => {
      await stillWithin(tx, caller, touched);
      if (!(await tx.roles.insert(tenant.id, role))) throw taken();
      return { result: undefined, resource: `role/${role.id}`, details: { permissions: role.permissions } };
    }),
  );
  return shownRole(deps, caller, role);
}

/** Made, or what it was made anew: whoever holds it may do from now on what it says now. */
export async function putRole(deps: Deps, caller: Caller, wanted: Definition): Promise<ShownRole> {
  const before = await deps.store.roles.byName(caller.tenant.id, wanted.name);
  if (before !== undefined) return editRole(deps, caller, before, wanted);
  return createRole(deps, caller, wanted).catch(async (error: unknown) => {
    const other = await deps.store.roles.byName(caller.tenant.id, wanted.name); // somebody was faster
    if (!(error instanceof Refusal) || error.code !== 'conflict' || other === undefined) throw error;
    return editRole(deps, caller, other, wanted);
  });
}

/** One row, however many hold it, and however many tokens they have. Whoever edits it must hold all it held, and will. */
async function editRole(deps: Deps, caller: Caller, { id }: CustomRole, wanted: Definition): Promise<ShownRole> {
  const { tenant } = caller;
  const act: Act = { action: 'role:ManageRoles', resource: `role/${id}` };
  const locate = () => deps.store.roles.get(tenant.id, id);
  const prepare = (found: CustomRole) => refuseRoles(deps, caller, act, [weightOf(found), weightOf(wanted)]);
  const edited = await untilNotOvertaken(() =>
    change(deps, caller, { ...act, locate, prepare }, async (tx) => {
      await tx.roles.hold(tenant.id, id);
      const before = await tx.roles.get(tenant.id, id);
      if (before === undefined) throw new Overtaken();
      await stillWithin(tx, caller, [weightOf(before), weightOf(wanted)]);
      const after = { ...before, ...wanted, updatedAt: deps.clock.now() };
      await tx.roles.update(tenant.id, after);
      return { result: after, details: { permissions: after.permissions }, moved: [{ kind: 'role', id }] };
    }),
  );
  return shownRole(deps, caller, edited);
}

export const weightOf = (role: Pick<CustomRole, 'permissions'>): Weight => ({ role, resource: TENANT_WIDE });

const newRole = (deps: Deps, { principal }: Caller, wanted: Definition): CustomRole => {
  const now = deps.clock.now();
  return { ...wanted, id: newId(deps), createdBy: principal.id, createdAt: now, updatedAt: now };
};

const taken = (): Refusal => new Refusal('conflict', 'A role with this name already exists. Use a different name.');
