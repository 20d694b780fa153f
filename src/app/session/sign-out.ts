import type { Caller } from '#domain/caller.ts';
import { rightsTo } from '#domain/permission.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Deps } from '../deps.ts';
import { change, made } from '../doors.ts';

/**
 * Ends the session by which the caller asks; when it returns, its cookie is worth nothing. That is everybody's right: who
 * lost all their roles must still be able to leave.
 */
export function signOut(deps: Deps, caller: Caller): Promise<void> {
  const { tenant, credential } = caller;
  const leaving: Caller = { ...caller, rights: rightsTo(['session:End']) };
  if (credential.kind !== 'session') throw new Refusal('invalid_request', 'Only a session can be signed out of.');
  const { id } = credential;
  return change(deps, leaving, { action: 'session:End', resource: `session/${id}`, locate: made }, async (tx) => {
    await tx.sessions.end(tenant.id, id, deps.clock.now());
    return { result: undefined, moved: [{ kind: 'session', id }] };
  });
}
