import type { Condition } from '#domain/condition.ts';
import type { Instant } from '#domain/instant.ts';
import type { Email, Principal, PrincipalId, PrincipalRecord } from '#domain/principal.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { Listing } from './tokens.ts';

/** A password as it is kept: an argon2id hash in PHC string form. */
export type PasswordHash = string;

/** By what people are filtered. */
export type PersonColumn = 'email' | 'userId';

export type UserPage = {
  readonly limit: number;
  readonly offset: number;
  /** Of the e-mail address; letters of either case are the same. */
  readonly emailContains: string;
  /** Deactivated ones are listed too. */
  readonly isInactiveToo: boolean;
  readonly where?: Condition<PersonColumn> | undefined;
};

/** A user as a list shows them. */
export type UserView = PrincipalRecord & {
  /** Whether they have accepted an invitation: they have a password. */
  readonly canSignIn: boolean;
  /** When any of their tokens was last accepted, as far as it is written. */
  readonly lastUsedAt: Instant | undefined;
};

export interface PrincipalReads {
  /** One that was removed is found. */
  get(tenant: TenantId, id: PrincipalId): Promise<PrincipalRecord | undefined>;
  /** A user by the address they sign in with. */
  userByEmail(tenant: TenantId, email: Email): Promise<PrincipalRecord | undefined>;
  /** Those that there are of these addresses, in no order. */
  usersByEmail(tenant: TenantId, emails: readonly Email[]): Promise<readonly PrincipalRecord[]>;
  /** A user who was not removed, as a list shows them. */
  user(tenant: TenantId, id: PrincipalId): Promise<UserView | undefined>;
  /** Those who were not removed, newest first; `total` counts past the page. */
  users(tenant: TenantId, page: UserPage): Promise<Listing<UserView>>;
  /** Of those that there are, in no order. */
  named(tenant: TenantId, ids: readonly PrincipalId[]): Promise<readonly Principal[]>;
  /** The same, with all that is known of them; removed ones are found. */
  records(tenant: TenantId, ids: readonly PrincipalId[]): Promise<readonly PrincipalRecord[]>;
  passwordOf(tenant: TenantId, id: PrincipalId): Promise<PasswordHash | undefined>;
}

export interface PrincipalWrites {
  /**
   * Whoever holds the same principal waits until this transaction is over. The door holds whose change it is; whoever
   * ends credentials of somebody else, makes what is theirs, or changes what they hold, holds them as well.
   */
  hold(tenant: TenantId, id: PrincipalId): Promise<void>;
  /** False, and nothing written, when there is one of that kind and name. */
  insert(tenant: TenantId, principal: PrincipalRecord): Promise<boolean>;
  /** Throws for one that is not there. */
  setActive(tenant: TenantId, id: PrincipalId, active: boolean, at: Instant): Promise<void>;
  /** Deactivates for good, frees the name, and forgets the password; what they held is the caller's to remove. */
  remove(tenant: TenantId, id: PrincipalId, at: Instant): Promise<void>;
  /** Replaces the one there is. */
  setPassword(tenant: TenantId, id: PrincipalId, hash: PasswordHash, at: Instant): Promise<void>;
}
