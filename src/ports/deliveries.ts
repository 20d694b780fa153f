import type { Instant } from '#domain/instant.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { PatId, TokenId } from '#domain/token.ts';

/** A token on its way to whoever it was issued to, sealed. */
export type Delivery = { readonly token: TokenId; readonly pat: PatId; readonly sealed: Uint8Array };

export interface DeliveryReads {
  /** One that is not known to have arrived. */
  pending(tenant: TenantId): Promise<Delivery | undefined>;
}

export interface DeliveryWrites {
  insert(tenant: TenantId, delivery: Delivery): Promise<void>;
  /** Forgets the sealed token too: what has arrived is kept nowhere else. */
  markDelivered(tenant: TenantId, token: TokenId, at: Instant): Promise<void>;
}
