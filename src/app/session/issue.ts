import { digestOf, mint } from '#crypto/opaque.ts';
import type { PrincipalId } from '#domain/principal.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { SESSION_MS_MAX, type Session } from '#domain/session.ts';
import type { PepperedDigest } from '#ports/digest.ts';
import type { Deps } from '../deps.ts';
import { newId } from '../new-id.ts';

/** A session's cookie value, given to the browser once. */
export type SignedIn = { readonly cookie: Sensitive; readonly session: Session };
export type NewSession = SignedIn & { readonly digest: PepperedDigest };

export function newSession(deps: Deps, principal: PrincipalId): NewSession {
  const now = deps.clock.now();
  const cookie = mint('session', deps.random);
  const times = { createdAt: now, expiresAt: now + SESSION_MS_MAX, endedAt: undefined };
  return { cookie, digest: digestOf(deps.keyring, cookie), session: { id: newId(deps), principal, ...times } };
}
