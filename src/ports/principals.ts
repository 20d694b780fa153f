import type { Id } from '#domain/id.ts';
import type { Instant } from '#domain/instant.ts';
import type { Grant, Role } from '#domain/permission.ts';
import type { Email, Principal, PrincipalId, PrincipalRecord } from '#domain/principal.ts';
import type { TenantId } from '#domain/tenant.ts';

/** A password as it is kept: an argon2id hash in PHC string form. */
export type PasswordHash = string;

export interface PrincipalReads {
  get(tenant: TenantId, id: PrincipalId): Promise<PrincipalRecord | undefined>;
  /** A user by the address they sign in with. */
  userByEmail(tenant: TenantId, email: Email): Promise<PrincipalRecord | undefined>;
  /** Of those that there are, in no order. */
  named(tenant: TenantId, ids: readonly PrincipalId[]): Promise<readonly Principal[]>;
  passwordOf(tenant: TenantId, id: PrincipalId): Promise<PasswordHash | undefined>;
  /** Whether anybody holds the role. */
  anyHolds(tenant: TenantId, role: Role): Promise<boolean>;
}

export interface PrincipalWrites {
  /**
   * Whoever holds the same principal waits until this transaction is over. The door holds whose change it is; whoever
   * ends credentials of somebody else, or makes what is theirs, holds them as well.
   */
  hold(tenant: TenantId, id: PrincipalId): Promise<void>;
  /** False, and nothing written, when there is one of that kind and name. */
  insert(tenant: TenantId, principal: PrincipalRecord): Promise<boolean>;
  addGrant(tenant: TenantId, id: Id<'Grant'>, principal: PrincipalId, grant: Grant): Promise<void>;
  /** Replaces the one there is. */
  setPassword(tenant: TenantId, id: PrincipalId, hash: PasswordHash, at: Instant): Promise<void>;
}
