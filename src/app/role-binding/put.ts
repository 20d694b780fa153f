import type { Act } from '#domain/audit.ts';
import type { Caller } from '#domain/caller.ts';
import { TENANT_WIDE } from '#domain/grant.ts';
import type { RoleBinding } from '#domain/role-binding.ts';
import type { Transaction } from '#ports/store.ts';
import type { Deps } from '../deps.ts';
import { type Changed, change, made, view } from '../doors.ts';
import { holdAll } from '../grant/hold.ts';
import { refuseRoles, stillWithin } from '../grant/role.ts';
import { movedBy } from '../grant/subject.ts';
import { newId } from '../new-id.ts';
import { Overtaken, untilNotOvertaken } from '../overtaken.ts';
import { keepAnAdministrator } from '../user/upon.ts';
import { grantsMax, type Ids, type Plan, planned, type Wanted } from './plan.ts';
import { makersOf, type ShownBinding, shownBindings } from './show.ts';

const ACT = { action: 'tenant:AssignRole', resource: TENANT_WIDE } as const satisfies Act;

/**
 * The binding of this name says from now on what is wanted: what is new is given, what is gone is taken, the rest stays as
 * it was. Nobody else's grants are touched, be they the same.
 */
export async function putRoleBinding(deps: Deps, caller: Caller, wanted: Wanted): Promise<ShownBinding> {
  const fresh = newBinding(deps, caller, wanted);
  const ids: Ids = Array.from({ length: grantsMax(wanted) }, () => newId<'Grant'>(deps));
  const prepare = () => checked(deps, caller, wanted);
  return untilNotOvertaken(() =>
    change(deps, caller, { ...ACT, locate: made, prepare }, async (tx, _, before) => {
      const subjects = [...before.subjects, ...before.goneSubjects];
      await holdAll(tx, caller, { subjects, roles: before.roles.map(({ id }) => id) });
      const plan = await planned(tx, caller, wanted);
      if (!isSame(plan, before)) throw new Overtaken();
      await stillWithin(tx, caller, plan.touched);
      return done(tx, caller, plan, { fresh, ids });
    }),
  );
}

/** Refuses what putting it would refuse, and changes nothing. */
export const checkRoleBinding = (deps: Deps, caller: Caller, wanted: Wanted): Promise<ShownBinding> =>
  view(deps, caller, { action: ACT.action, collection: 'role-binding/' }, async () => {
    const { binding, subjects, roles } = await checked(deps, caller, wanted);
    const would = binding ?? newBinding(deps, caller, wanted);
    const permissions = roles.map((role) => ({ role, type: 'tenant', resource: TENANT_WIDE }) as const);
    const [createdBy = caller.principal] = await makersOf(deps.store, caller, binding === undefined ? [] : [binding]);
    return { binding: would, createdBy, subjects, permissions };
  });

async function checked(deps: Deps, caller: Caller, wanted: Wanted): Promise<Plan> {
  const plan = await planned(deps.store, caller, wanted);
  await refuseRoles(deps, caller, ACT, plan.touched);
  return plan;
}

/** All that is held was looked up before it was. */
const isSame = (plan: Plan, before: Plan): boolean => namesOf(plan) === namesOf(before);
const namesOf = ({ binding, subjects, roles, goneSubjects }: Plan): string =>
  [binding, ...subjects, ...roles, ...goneSubjects].map((one) => one?.id).join();

type Made = { readonly fresh: RoleBinding; readonly ids: Ids };

async function done(tx: Transaction, caller: Caller, plan: Plan, { fresh, ids }: Made): Promise<Changed<ShownBinding>> {
  const { tenant } = caller;
  const binding = plan.binding ?? fresh;
  if (plan.binding !== undefined) await tx.roleBindings.touch(tenant.id, binding.id, fresh.updatedAt);
  else if (!(await tx.roleBindings.insert(tenant.id, binding))) throw new Overtaken();
  await tx.grants.remove(
    tenant.id,
    plan.gone.map(({ id }) => id),
  );
  for (const [at, grant] of plan.missing.entries()) {
    const id = ids[at] as Ids[number]; // there are no more than pairs
    await tx.grants.add(tenant.id, { ...grant, id, resource: TENANT_WIDE, binding: binding.id });
  }
  if (plan.gone.length > 0) await keepAnAdministrator(tx, caller);
  const [result] = await shownBindings(tx, caller, [{ ...binding, updatedAt: fresh.updatedAt }]);
  const given = new Set(plan.missing.map(({ subject }) => subject));
  const moved = movedBy([...plan.subjects.filter(({ id }) => given.has(id)), ...plan.goneSubjects]);
  const details = { count: plan.missing.length + plan.gone.length };
  return { result: result as ShownBinding, resource: `role-binding/${binding.id}`, details, moved };
}

const newBinding = (deps: Deps, { principal }: Caller, { name }: Wanted): RoleBinding => {
  const now = deps.clock.now();
  return { id: newId(deps), name, createdBy: principal.id, createdAt: now, updatedAt: now };
};
