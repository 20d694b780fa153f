import type { Id } from './id.ts';
import type { PrincipalId } from './principal.ts';
import type { Role, RoleId } from './role.ts';
import type { RoleBindingId } from './role-binding.ts';
import type { Membership, TeamId } from './team.ts';
import type { TenantId } from './tenant.ts';

export type GrantId = Id<'Grant'>;

/**
 * Whom a grant applies to: a user, a team, or everybody, which is the tenant itself. Always an id, which is never given
 * again: who comes later by the same name inherits nothing.
 */
export type SubjectId = PrincipalId | TeamId | TenantId;

/** What a grant is on: the whole tenant, or one thing in it, by its type and id. */
export type Resource = '*' | `${string}/${string}`;
export const TENANT_WIDE: Resource = '*';

/** A role on a resource, held by a subject. */
export type Grant = {
  readonly id: GrantId;
  readonly subject: SubjectId;
  readonly role: RoleId;
  readonly resource: Resource;
  /** The role binding that it came with, and goes with. */
  readonly binding: RoleBindingId | undefined;
};

/** A role on the whole tenant, by itself. */
export const onTenant = (id: GrantId, subject: SubjectId, role: RoleId): Grant => ({
  ...{ id, subject, role, resource: TENANT_WIDE, binding: undefined },
});

/** A grant as a decision needs it; one that comes with a membership has no id of its own. */
export type Holding = {
  readonly id: GrantId | undefined;
  readonly subject: SubjectId;
  readonly role: Role;
  readonly resource: Resource;
  readonly binding: RoleBindingId | undefined;
};

/** All that a principal may do, and by what: their own grants, those of their teams, and those of everybody. */
export type Held = { readonly memberships: readonly Membership[]; readonly holdings: readonly Holding[] };
