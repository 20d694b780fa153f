import type { Caller } from '#domain/caller.ts';
import type { Principal } from '#domain/principal.ts';
import type { RoleBinding } from '#domain/role-binding.ts';
import { type ShownGrant, shownGrants } from '../grant/show.ts';
import type { Reads } from '../grant/subject.ts';

/** What it says is read from its grants: who or which role is gone is not in it any more. */
export type ShownBinding = {
  readonly binding: RoleBinding;
  readonly createdBy: Principal;
  readonly subjects: readonly ShownGrant['subject'][];
  readonly permissions: readonly Pick<ShownGrant, 'role' | 'type' | 'resource'>[];
};

export async function shownBindings(
  reads: Reads,
  caller: Caller,
  bindings: readonly RoleBinding[],
): Promise<ShownBinding[]> {
  const { tenant } = caller;
  const grants = await reads.grants.ofBindings(
    tenant.id,
    bindings.map(({ id }) => id),
  );
  const shown = Map.groupBy(await shownGrants(reads, caller, grants), (grant) => grant.binding?.id);
  const makers = await makersOf(reads, caller, bindings);
  return bindings.map((binding, at) => ({
    binding,
    createdBy: makers[at] as Principal, // one of each
    ...whatItSays(shown.get(binding.id) ?? []),
  }));
}

/** Of each who made it, as they are called now. */
export async function makersOf(
  { principals }: Reads,
  { tenant }: Caller,
  bindings: readonly RoleBinding[],
): Promise<readonly Principal[]> {
  const makers = await principals.named(tenant.id, [...new Set(bindings.map(({ createdBy }) => createdBy))]);
  return bindings.map((binding) => makers.find(({ id }) => id === binding.createdBy) ?? unknown(binding));
}

const unknown = ({ createdBy: id }: RoleBinding): Principal => ({ id, kind: 'user', name: id });

const whatItSays = (grants: readonly ShownGrant[]): Pick<ShownBinding, 'subjects' | 'permissions'> => ({
  subjects: eachOnce(
    grants.map(({ subject }) => subject),
    ({ id, name }) => [name, id],
  ),
  permissions: eachOnce(grants, ({ role, resource }) => [role.name, `${role.id} ${resource}`]),
});

/** By name, so that what was put twice reads the same. */
function eachOnce<One>(all: readonly One[], keyOf: (one: One) => readonly [name: string, id: string]): readonly One[] {
  const byKey = new Map(all.map((one) => [keyOf(one).join('\n'), one]));
  return [...byKey].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, one]) => one);
}
