import type { Act } from '#domain/audit.ts';
import type { Caller } from '#domain/caller.ts';
import type { RoleBinding, RoleBindingId } from '#domain/role-binding.ts';
import type { Deps } from '../deps.ts';
import { change } from '../doors.ts';
import { holdAll } from '../grant/hold.ts';
import { refuseRoles, stillWithin } from '../grant/role.ts';
import { movedBy } from '../grant/subject.ts';
import { Overtaken, untilNotOvertaken } from '../overtaken.ts';
import { keepAnAdministrator } from '../user/upon.ts';
import { held, weightsOf } from './plan.ts';

/** Its grants go with it; the same that somebody holds by themselves, or by another, stay. */
export function removeRoleBinding(deps: Deps, caller: Caller, id: RoleBindingId): Promise<void> {
  const { tenant } = caller;
  const act: Act = { action: 'tenant:AssignRole', resource: `role-binding/${id}` };
  const locate = () => deps.store.roleBindings.get(tenant.id, id);
  const prepare = async (_: RoleBinding) => {
    const grants = await deps.store.grants.ofBindings(tenant.id, [id]);
    await refuseRoles(deps, caller, act, await weightsOf(deps.store, caller, grants));
    return held(deps.store, caller, grants);
  };
  return untilNotOvertaken(() =>
    change(deps, caller, { ...act, locate, prepare }, async (tx, _, subjects) => {
      await holdAll(tx, caller, { subjects, roles: [] });
      if ((await tx.roleBindings.get(tenant.id, id)) === undefined) throw new Overtaken();
      await tx.roleBindings.touch(tenant.id, id, deps.clock.now());
      const grants = await tx.grants.ofBindings(tenant.id, [id]);
      const now = await held(tx, caller, grants);
      await stillWithin(tx, caller, await weightsOf(tx, caller, grants));
      await tx.grants.remove(
        tenant.id,
        grants.map((grant) => grant.id),
      );
      await tx.roleBindings.remove(tenant.id, id);
      await keepAnAdministrator(tx, caller);
      return { result: undefined, details: { count: grants.length }, moved: movedBy(now) };
    }),
  );
}
