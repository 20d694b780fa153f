import type { Instant } from '#domain/instant.ts';
import type { Tenant, TenantId, TenantName, TenantOrigin, TenantRecord } from '#domain/tenant.ts';

export interface TenantReads {
  byName(name: TenantName): Promise<TenantRecord | undefined>;
  /** Whose address this is. */
  byOrigin(origin: TenantOrigin): Promise<TenantRecord | undefined>;
  /** By its own name, or one that is honoured besides. */
  byNameOrAlias(name: TenantName): Promise<TenantRecord | undefined>;
  /** By name. */
  list(): Promise<readonly TenantRecord[]>;
  /** In order. */
  originsOf(id: TenantId): Promise<readonly TenantOrigin[]>;
  aliasesOf(id: TenantId): Promise<readonly TenantName[]>;
}

export interface TenantWrites {
  /** As of a principal: for what there may be once in a tenant. */
  hold(id: TenantId): Promise<void>;
  /** False, and nothing written, when the name is taken, by a tenant or as an alias. */
  insert(tenant: Tenant): Promise<boolean>;
  /** The same where there is any: of two that are made at once, one is the first. */
  insertFirst(tenant: Tenant): Promise<boolean>;
  /** Undefined enables it again. */
  setDisabled(id: TenantId, at: Instant | undefined): Promise<void>;
  /** False, and nothing written, when it is another tenant's. Whoever adds one sees what was added before, until it is committed. */
  addOrigin(id: TenantId, origin: TenantOrigin): Promise<boolean>;
  /** False when it is not this tenant's. */
  removeOrigin(id: TenantId, origin: TenantOrigin): Promise<boolean>;
  /** False, and nothing written, when the name is taken, by a tenant or as an alias of another. */
  addAlias(id: TenantId, name: TenantName): Promise<boolean>;
  removeAlias(id: TenantId, name: TenantName): Promise<boolean>;
}
