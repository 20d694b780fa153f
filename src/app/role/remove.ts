import type { Act } from '#domain/audit.ts';
import type { Caller } from '#domain/caller.ts';
import type { Id } from '#domain/id.ts';
import { Refusal } from '#domain/refusal.ts';
import { builtInOf, type CustomRole } from '#domain/role.ts';
import type { Deps } from '../deps.ts';
import { change, viewOne } from '../doors.ts';
import { refuseRoles, stillWithin } from '../grant/role.ts';
import { type Subject, subjectsOf } from '../grant/subject.ts';
import { Overtaken, untilNotOvertaken } from '../overtaken.ts';
import { weightOf } from './save.ts';

/** Subjects that are named; of the others there is a count. */
const SUBJECTS_MAX = 100;

export type Removal = { readonly subjects: readonly Subject[]; readonly total: number };

/** Who would lose something with it; changes nothing. */
export async function removalOfRole(deps: Deps, caller: Caller, id: string): Promise<Removal> {
  await viewOne(deps, caller, { ...actOn(id), locate: locating(deps, caller, id) });
  const grants = await deps.store.grants.withRole(caller.tenant.id, id as Id<'Role'>);
  const ids = [...new Set(grants.map(({ subject }) => subject))];
  const named = await subjectsOf(deps.store, caller, ids.slice(0, SUBJECTS_MAX));
  return { subjects: ids.flatMap((one) => named.get(one) ?? []), total: ids.length };
}

/** Its grants go with it, at once, whoever holds them. */
export async function removeRole(deps: Deps, caller: Caller, id: string): Promise<void> {
  const { tenant } = caller;
  const act = actOn(id);
  const prepare = (found: CustomRole) => refuseRoles(deps, caller, act, [weightOf(found)]);
  return untilNotOvertaken(() =>
    change(deps, caller, { ...act, locate: locating(deps, caller, id), prepare }, async (tx, role) => {
      await tx.roles.hold(tenant.id, role.id);
      const now = await tx.roles.get(tenant.id, role.id);
      if (now === undefined) throw new Overtaken();
      await stillWithin(tx, caller, [weightOf(now)]);
      const grants = await tx.grants.withRole(tenant.id, role.id);
      await tx.grants.remove(
        tenant.id,
        grants.map((grant) => grant.id),
      );
      await tx.roles.remove(tenant.id, role.id);
      return { result: undefined, details: { count: grants.length }, moved: [{ kind: 'role', id: role.id }] };
    }),
  );
}

const actOn = (id: string): Act => ({ action: 'role:ManageRoles', resource: `role/${id}` });

/** Built-in ones are no secret, and nobody's to remove. */
function locating({ store }: Deps, { tenant }: Caller, id: string): () => Promise<CustomRole | undefined> {
  if (builtInOf(id) !== undefined) throw new Refusal('conflict', `${id} is a built-in role, and stays.`);
  return () => store.roles.get(tenant.id, id as Id<'Role'>);
}
