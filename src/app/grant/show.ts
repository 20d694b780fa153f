import type { Caller } from '#domain/caller.ts';
import type { Grant, GrantId } from '#domain/grant.ts';
import type { ResourceType, Role } from '#domain/role.ts';
import type { RoleBinding } from '#domain/role-binding.ts';
import { typeOf } from './resource.ts';
import { rolesIn } from './role.ts';
import { type Reads, type Subject, subjectsOf } from './subject.ts';

/** A grant with the names that its ids have now. */
export type ShownGrant = Pick<Grant, 'resource'> & {
  /** Of a team's manager, which no grant makes, whoever it is. */
  readonly id: GrantId | Subject['id'];
  readonly subject: Subject;
  readonly role: Pick<Role, 'id' | 'name'>;
  readonly type: ResourceType;
  /** The role binding that it came with. */
  readonly binding: Pick<RoleBinding, 'id' | 'name'> | undefined;
};

export async function shownGrants(reads: Reads, caller: Caller, grants: readonly Grant[]): Promise<ShownGrant[]> {
  const subjects = await subjectsOf(
    reads,
    caller,
    grants.map(({ subject }) => subject),
  );
  const roles = await rolesIn(
    reads,
    caller,
    grants.map(({ role }) => role),
  );
  const bindings = await bindingsIn(reads, caller, grants);
  return grants.map(({ id, subject, role, resource, binding }) => ({
    ...{ id, resource, type: typeOf(resource) },
    subject: subjects.get(subject) as Subject, // every id that was asked for is there
    role: roles.get(role) ?? { id: role, name: role },
    binding: binding && bindings.get(binding),
  }));
}

export async function bindingsIn(
  { roleBindings }: Reads,
  { tenant }: Caller,
  grants: readonly Pick<Grant, 'binding'>[],
) {
  const found = new Map<RoleBinding['id'], RoleBinding>();
  for (const id of new Set(grants.map(({ binding }) => binding))) {
    const binding = id && (await roleBindings.get(tenant.id, id));
    if (binding) found.set(binding.id, binding);
  }
  return found;
}
