import type { Tenant, TenantId, TenantName } from '#domain/tenant.ts';

export interface TenantReads {
  byName(name: TenantName): Promise<Tenant | undefined>;
  /** By name. */
  list(): Promise<readonly Tenant[]>;
}

export interface TenantWrites {
  /** As of a principal: for what there may be once in a tenant. */
  hold(id: TenantId): Promise<void>;
  /** False, and nothing written, when the name is taken. */
  insert(tenant: Tenant): Promise<boolean>;
  /** The same where there is any: of two that are made at once, one is the first. */
  insertFirst(tenant: Tenant): Promise<boolean>;
}
