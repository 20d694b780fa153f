import type { Instant } from '#domain/instant.ts';
import type { Principal } from '#domain/principal.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { TokenSettings } from '#domain/token-settings.ts';
import type { AccountRules } from '#domain/virtual-account.ts';

/** Tokens that are live under the settings that stand and would not be under others, by owner. */
export type Breaks = {
  readonly tokens: number;
  /** Those with the most tokens, most first. */
  readonly owners: readonly { readonly owner: Principal; readonly tokens: number }[];
  readonly ownersTotal: number;
};

export interface TokenSettingsReads {
  /** Every tenant has settings from its first moment: there is no absence to be made. */
  get(tenant: TenantId): Promise<TokenSettings>;
  /** Of virtual accounts. */
  accountRules(tenant: TenantId): Promise<AccountRules>;
  /** Counted by the database and not proved row by row: it is shown, and decides nothing. */
  breaksUnder(tenant: TenantId, wanted: TokenSettings, now: Instant, ownersMax: number): Promise<Breaks>;
}

export interface TokenSettingsWrites {
  put(tenant: TenantId, settings: TokenSettings): Promise<void>;
  putAccountRules(tenant: TenantId, rules: AccountRules): Promise<void>;
}
