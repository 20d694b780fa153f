import type { Id } from './id.ts';
import type { Instant } from './instant.ts';
import type { PrincipalId } from './principal.ts';

export type InvitationId = Id<'Invitation'>;

/** A one-time code that lets a person set a password. Without a principal it makes the first administrator. */
export type Invitation = {
  readonly id: InvitationId;
  readonly principal: PrincipalId | undefined;
  /** Who may hold no less than the invited, when the code is used; undefined where the operator or the program made it. */
  readonly invitedBy: PrincipalId | undefined;
  readonly createdAt: Instant;
  readonly expiresAt: Instant;
  readonly usedAt: Instant | undefined;
};

/** The first administrator's, printed on the terminal of whoever started the program. */
export const SETUP_LINK_MS_MAX = 15 * 60 * 1000;
/** A person's, who reads it when they come to work. */
export const INVITATION_MS_MAX = 3 * 24 * 60 * 60 * 1000;

/** Used once, or past its time. */
export const isSpent = ({ usedAt, expiresAt }: Invitation, now: Instant): boolean =>
  usedAt !== undefined || expiresAt <= now;
