import type { CustomRole, RoleName } from '#domain/role.ts';
import type { TenantId } from '#domain/tenant.ts';

/** Those that a tenant has made; built-in ones have no row. */
export interface RoleReads {
  get(tenant: TenantId, id: CustomRole['id']): Promise<CustomRole | undefined>;
  byName(tenant: TenantId, name: RoleName): Promise<CustomRole | undefined>;
  /** By name. */
  list(tenant: TenantId): Promise<readonly CustomRole[]>;
}

export interface RoleWrites {
  /** Whoever holds the same role waits until this transaction is over: who grants it, edits it or removes it. */
  hold(tenant: TenantId, id: CustomRole['id']): Promise<void>;
  /** False, and nothing written, when the name is taken. */
  insert(tenant: TenantId, role: CustomRole): Promise<boolean>;
  /** All but its id, its name and who made it, when; throws for one that is not there. */
  update(tenant: TenantId, role: CustomRole): Promise<void>;
  /** Its grants are removed before. */
  remove(tenant: TenantId, id: CustomRole['id']): Promise<void>;
}
