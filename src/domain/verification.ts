import type { Credential } from './caller.ts';
import type { Instant } from './instant.ts';
import type { Rights } from './permission.ts';
import type { Principal } from './principal.ts';
import { Refusal } from './refusal.ts';
import type { Tenant } from './tenant.ts';

/** All that accepting a credential needs, in one read: who it speaks for, and everything that could end it. */
export type Known = {
  readonly tenant: Tenant;
  readonly principal: Principal;
  readonly credential: Exclude<Credential, { kind: 'none' }>;
  readonly rights: Rights;
  readonly expiresAt: Instant | undefined;
  /** It, or what owns it, was revoked, or its principal deactivated. */
  readonly ended: boolean;
  /** Ids of everything above that can change. */
  readonly restsOn: readonly string[];
};

/** One answer for a credential that is missing, unknown, expired or revoked: it must not say which of them exist. */
export const notAuthenticated = (): Refusal =>
  new Refusal('unauthenticated', 'The API key is missing or not valid. Check your API key.');

export type Standing = 'live' | 'expired' | 'revoked';

/** A credential dies at the instant it names, not after it. */
export function standingOf({ ended, expiresAt }: Pick<Known, 'ended' | 'expiresAt'>, now: Instant): Standing {
  if (ended) return 'revoked';
  return expiresAt !== undefined && expiresAt <= now ? 'expired' : 'live';
}
