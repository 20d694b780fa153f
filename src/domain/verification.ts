import type { Credential } from './caller.ts';
import type { Instant } from './instant.ts';
import type { Principal } from './principal.ts';
import { Refusal } from './refusal.ts';
import type { Rights } from './rights.ts';
import type { Tenant } from './tenant.ts';
import type { Idle } from './token-settings.ts';

/** All that accepting a credential needs, in one read: who it speaks for, and everything that could end it. */
export type Known = {
  readonly tenant: Tenant;
  readonly principal: Principal;
  readonly credential: Exclude<Credential, { kind: 'none' }>;
  readonly rights: Rights;
  /** Of a token: when this value was made. */
  readonly issuedAt?: Instant;
  /** By all that was written when it was read. */
  readonly expiresAt: Instant | undefined;
  readonly idle?: Idle | undefined;
  /** It, or what owns it, was revoked, or its principal deactivated. */
  readonly ended: boolean;
  /** Ids of everything above that can change. */
  readonly restsOn: readonly string[];
};

/** One answer for a credential that is missing, unknown, expired or revoked: it must not say which of them exist. */
export const notAuthenticated = (): Refusal =>
  new Refusal('unauthenticated', 'The API key is missing or not valid. Check your API key.');

export type Standing = 'live' | 'expired' | 'revoked';

type Ends = Pick<Known, 'ended' | 'expiresAt' | 'idle'>;

/**
 * A credential dies at the instant it names, not after it. Where uses keep it alive, one that is known and may not be
 * written yet, or was not when it was read, counts too.
 */
export function standingOf(known: Ends, now: Instant, lastUsedAt?: Instant): Standing {
  if (known.ended) return 'revoked';
  const endsAt = endAfter(known, lastUsedAt);
  return endsAt !== undefined && endsAt <= now ? 'expired' : 'live';
}

function endAfter({ expiresAt, idle }: Ends, lastUsedAt: Instant | undefined): Instant | undefined {
  if (idle === undefined || expiresAt === undefined || lastUsedAt === undefined) return expiresAt;
  return Math.max(expiresAt, Math.min(idle.endsAt ?? Number.POSITIVE_INFINITY, lastUsedAt + idle.msMax));
}
