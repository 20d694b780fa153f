import type { ExternalIdentity } from '#domain/external-identity.ts';
import type { IdentityProvider, IdentityProviderId, IdentityProviderName } from '#domain/identity-provider.ts';
import type { PrincipalId } from '#domain/principal.ts';
import type { TeamId } from '#domain/team.ts';
import type { Tenant, TenantId } from '#domain/tenant.ts';
import type { Known } from '#domain/verification.ts';

/** By this value of a provider's claim somebody of ours is found. */
export type Mapping = { readonly provider: IdentityProviderId; readonly value: string };
/** Who: acted as, or belonged to. */
export type Mapped =
  | { readonly kind: 'virtual_account'; readonly id: PrincipalId }
  | { readonly kind: 'team'; readonly id: TeamId };

export type Believing = { readonly tenant: Tenant; readonly provider: IdentityProvider };

export interface IdentityProviderReads {
  get(tenant: TenantId, id: IdentityProviderId): Promise<IdentityProvider | undefined>;
  byName(tenant: TenantId, name: IdentityProviderName): Promise<IdentityProvider | undefined>;
  /** By name; a tenant has a few. */
  list(tenant: TenantId): Promise<readonly IdentityProvider[]>;
  /**
   * The one, enabled or not, that is there for tokens of this issuer for these audiences; where there are more, none of
   * them is. No tenant leads here: this is where a request's tenant comes from.
   */
  believing(issuer: string, audiences: readonly string[]): Promise<Believing | 'several' | undefined>;
  /** Whom these are mapped by, by provider and value. */
  mappingsOf(
    tenant: TenantId,
    mapped: readonly Mapped['id'][],
  ): Promise<readonly (Mapping & { readonly mapped: Mapped })[]>;
  /** How many accounts and teams are mapped by a provider's values. */
  countMapped(tenant: TenantId, provider: IdentityProviderId): Promise<number>;
  /**
   * Whom a provider's word makes of whoever presents it: the account that is mapped by the subject, else the user with that
   * address, with what teams give that are mapped. Undefined for nobody.
   */
  known(tenant: TenantId, provider: IdentityProviderId, identity: ExternalIdentity): Promise<Known | undefined>;
}

/** What another has already: the name in the tenant, or one of the audiences of that issuer, in any. */
export type Taken = 'name' | 'audience';

export interface IdentityProviderWrites {
  /** Nobody changes it until this transaction is over; any number of others may hold it as well. */
  hold(tenant: TenantId, id: IdentityProviderId): Promise<void>;
  /** Undefined, and written, where nothing of it is taken. */
  insert(tenant: TenantId, provider: IdentityProvider): Promise<Taken | undefined>;
  /** The same of one that is there; throws where it is not. */
  update(tenant: TenantId, provider: IdentityProvider): Promise<Taken | undefined>;
  /** With everything that was mapped by it. */
  remove(tenant: TenantId, id: IdentityProviderId): Promise<void>;
  /** These, in place of what they were mapped by; what is taken by another of the same kind, with nothing written of it. */
  setMappings(tenant: TenantId, mapped: Mapped, mappings: readonly Mapping[]): Promise<Mapping | undefined>;
}
