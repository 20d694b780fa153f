import type { Caller } from '#domain/caller.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Deps } from '../deps.ts';
import { change, made } from '../doors.ts';

/** Ends the session by which the caller asks; when it returns, its cookie is worth nothing. */
export function signOut(deps: Deps, caller: Caller): Promise<void> {
  const { tenant, credential } = caller;
  if (credential.kind !== 'session') throw new Refusal('invalid_request', 'Only a session can be signed out of.');
  const { id } = credential;
  return change(deps, caller, { action: 'session:End', resource: `session/${id}`, locate: made }, async (tx) => {
    await tx.sessions.end(tenant.id, id, deps.clock.now());
    return { result: undefined, moved: [{ kind: 'session', id }] };
  });
}
