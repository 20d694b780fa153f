import type { Instant } from '#domain/instant.ts';
import type { RoleBinding, RoleBindingId, RoleBindingName } from '#domain/role-binding.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { Listing } from './tokens.ts';

export interface RoleBindingReads {
  get(tenant: TenantId, id: RoleBindingId): Promise<RoleBinding | undefined>;
  byName(tenant: TenantId, name: RoleBindingName): Promise<RoleBinding | undefined>;
  /** By name; `total` counts past the page. */
  list(tenant: TenantId, page: { readonly limit: number; readonly offset: number }): Promise<Listing<RoleBinding>>;
}

export interface RoleBindingWrites {
  /** False, and nothing written, when the name is taken. */
  insert(tenant: TenantId, binding: RoleBinding): Promise<boolean>;
  /** Whoever touches the same one waits until this transaction is over; throws for one that is not there. */
  touch(tenant: TenantId, id: RoleBindingId, at: Instant): Promise<void>;
  /** Its grants are removed before. */
  remove(tenant: TenantId, id: RoleBindingId): Promise<void>;
}
