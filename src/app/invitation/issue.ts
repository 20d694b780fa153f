import { digestOf, mint } from '#crypto/opaque.ts';
import type { Invitation } from '#domain/invitation.ts';
import type { PrincipalId } from '#domain/principal.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import type { PepperedDigest } from '#ports/digest.ts';
import type { Deps } from '../deps.ts';
import { newId } from '../new-id.ts';

export type NewInvitation = {
  readonly code: Sensitive;
  readonly digest: PepperedDigest;
  readonly invitation: Invitation;
};

/** A code for this principal, or for the first administrator; nowhere yet. */
export function newInvitation(
  deps: Deps,
  principal: PrincipalId | undefined,
  lifeMs: number,
  invitedBy?: PrincipalId,
): NewInvitation {
  const now = deps.clock.now();
  const code = mint('invitation', deps.random);
  const times = { createdAt: now, expiresAt: now + lifeMs, usedAt: undefined };
  return {
    code,
    digest: digestOf(deps.keyring, code),
    invitation: { id: newId(deps), principal, invitedBy, ...times },
  };
}
