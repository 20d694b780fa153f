import type { Instant } from '#domain/instant.ts';
import type { PrincipalId } from '#domain/principal.ts';
import type { Session, SessionId } from '#domain/session.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { Known } from '#domain/verification.ts';
import type { Digest, PepperedDigest } from './digest.ts';

export interface SessionReads {
  /** As `TokenReads.byDigest`, for the value of a session's cookie. */
  byDigest(digests: readonly Digest[]): Promise<Known | undefined>;
  byId(tenant: TenantId, id: SessionId): Promise<Known | undefined>;
}

export interface SessionWrites {
  insert(tenant: TenantId, session: Session, digest: PepperedDigest): Promise<void>;
  /** The first instant stays. */
  end(tenant: TenantId, id: SessionId, at: Instant): Promise<void>;
  /** Every session of this principal. */
  endAll(tenant: TenantId, principal: PrincipalId, at: Instant): Promise<void>;
}
