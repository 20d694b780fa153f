import type { Instant } from '#domain/instant.ts';
import type { PrincipalId } from '#domain/principal.ts';
import type { TeamId } from '#domain/team.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { TokenId } from '#domain/token.ts';
import type { VirtualAccount, VirtualAccountName } from '#domain/virtual-account.ts';
import type { Listing } from './tokens.ts';

export type VirtualAccountPage = {
  readonly limit: number;
  readonly offset: number;
  readonly nameContains: string;
  /** Owned by one of these; without it, by anybody. */
  readonly teams?: readonly TeamId[] | undefined;
  /** By its own date: those that are over at this instant, or those that are not. */
  readonly expired?: { readonly is: boolean; readonly at: Instant } | undefined;
  /** Of these alone; without it, of all. */
  readonly among?: readonly PrincipalId[] | undefined;
};

/** An account that is to get a new value, as far as it is known without its tenant. */
export type DueAccount = { readonly tenant: TenantId; readonly id: PrincipalId };

export interface VirtualAccountReads {
  /** Undefined for one that was removed. */
  get(tenant: TenantId, id: PrincipalId): Promise<VirtualAccount | undefined>;
  byName(tenant: TenantId, name: VirtualAccountName): Promise<VirtualAccount | undefined>;
  /** Newest first; `total` counts past the page. */
  list(tenant: TenantId, page: VirtualAccountPage): Promise<Listing<VirtualAccount>>;
  /** How many a team owns. */
  countOfTeam(tenant: TenantId, team: TeamId): Promise<number>;
  /**
   * Of all tenants that are enabled, neither frozen nor over, those that are due for the longest first. Not proved: whoever
   * rotates one reads it again.
   */
  due(now: Instant, max: number): Promise<readonly DueAccount[]>;
  /** When the next of these is due, past ones included; undefined where none ever is. */
  nextDueAt(now: Instant): Promise<Instant | undefined>;
  /** A value as it was kept, sealed for its account and itself; undefined where it was not, or was shredded since. */
  sealedValue(tenant: TenantId, account: PrincipalId, token: TokenId): Promise<Uint8Array | undefined>;
}

export interface VirtualAccountWrites {
  /** Of a principal that has just been made; its name is the principal's. */
  insert(tenant: TenantId, account: VirtualAccount): Promise<void>;
  /** Throws for one that is not there. Name, token and maker stay as they were. */
  update(tenant: TenantId, account: VirtualAccount): Promise<void>;
  /** Of a team that goes: nobody owns its accounts from then on. */
  disown(tenant: TenantId, team: TeamId, at: Instant): Promise<void>;
  /** With every value that was kept; the principal and the token are the caller's to end. */
  remove(tenant: TenantId, id: PrincipalId): Promise<void>;
  /** In place of any other of the account's: what is not current is not to be had again. */
  keepValue(tenant: TenantId, account: PrincipalId, token: TokenId, sealed: Uint8Array): Promise<void>;
  /** Shreds what is kept of an account; of all of the tenant's without one. */
  dropValues(tenant: TenantId, account?: PrincipalId): Promise<void>;
}
