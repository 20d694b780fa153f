import type { Tenant, TenantName } from '#domain/tenant.ts';

export interface TenantReads {
  byName(name: TenantName): Promise<Tenant | undefined>;
  /** By name. */
  list(): Promise<readonly Tenant[]>;
}

export interface TenantWrites {
  /** False, and nothing written, when the name is taken. */
  insert(tenant: Tenant): Promise<boolean>;
}
