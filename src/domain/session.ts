import type { Id } from './id.ts';
import type { Instant } from './instant.ts';
import type { PrincipalId } from './principal.ts';

export type SessionId = Id<'Session'>;

/** A person who signed in with a browser. */
export type Session = {
  readonly id: SessionId;
  readonly principal: PrincipalId;
  readonly createdAt: Instant;
  readonly expiresAt: Instant;
  readonly endedAt: Instant | undefined;
};

/** A working day and some: a browser that is left open overnight asks again. */
export const SESSION_MS_MAX = 12 * 60 * 60 * 1000;
