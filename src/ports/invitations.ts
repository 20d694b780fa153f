import type { Instant } from '#domain/instant.ts';
import type { Invitation, InvitationId } from '#domain/invitation.ts';
import type { PrincipalId } from '#domain/principal.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { Digest, PepperedDigest } from './digest.ts';

export type FoundInvitation = { readonly tenant: TenantId; readonly invitation: Invitation };

export interface InvitationReads {
  /** By its code's digest, whatever its standing. No tenant leads: this is where it comes from. */
  byDigest(digests: readonly Digest[]): Promise<FoundInvitation | undefined>;
}

export interface InvitationWrites {
  insert(tenant: TenantId, invitation: Invitation, digest: PepperedDigest): Promise<void>;
  /** True for the first who uses it in time, false for everybody after. */
  use(tenant: TenantId, id: InvitationId, at: Instant): Promise<boolean>;
  /** Uses up all that stand for this principal, or for the first administrator, so that only a newer one counts. */
  voidAll(tenant: TenantId, principal: PrincipalId | undefined, at: Instant): Promise<void>;
}
