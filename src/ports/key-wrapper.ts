import type { Instant } from '#domain/instant.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { KeyId } from './digest.ts';

/** What a key is for. One key, one purpose. */
export type KeyPurpose = 'token-pepper' | 'row-mac' | 'token-signing' | 'tenant-kek';

/** The place of a wrapped key; moved to any other, it no longer unwraps. `tenant` is undefined for the instance's keys. */
export type KeyPlace = {
  readonly id: KeyId;
  readonly purpose: KeyPurpose;
  readonly tenant: TenantId | undefined;
  readonly createdAt: Instant;
};

/** Wraps keys with a root key that lives elsewhere. The root key itself never passes through here. */
export interface KeyWrapper {
  /** Which root key this is; opens nothing. */
  readonly fingerprint: string;
  wrap(key: Uint8Array, place: KeyPlace): Promise<Uint8Array>;
  /** Throws for a key that was wrapped by another root key, changed, or put elsewhere, and does not say which. */
  unwrap(wrapped: Uint8Array, place: KeyPlace): Promise<Uint8Array>;
}
