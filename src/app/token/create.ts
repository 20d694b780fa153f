import type { Caller } from '#domain/caller.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import type { Deps } from '../deps.ts';
import { change, made } from '../doors.ts';
import { issueFor, type WantedPat } from './issue.ts';

/** Issues a personal access token to the caller's own principal. This answer is the only place where it ever appears. */
export async function createPat(deps: Deps, caller: Caller, wanted: WantedPat): Promise<Sensitive> {
  if (wanted.expiresAt !== undefined && wanted.expiresAt <= deps.clock.now()) throw inThePast();
  const { tenant, principal } = caller;
  const { value, digest, pat, token } = issueFor(deps, principal.id, wanted);
  const what = { action: 'personal-access-token:Create', resource: 'personal-access-token/', locate: made } as const;
  return change(deps, caller, what, async (tx) => {
    if (!(await tx.pats.insert(tenant.id, pat))) throw nameTaken();
    await tx.tokens.add(tenant.id, token, digest);
    return { result: value, resource: `personal-access-token/${pat.id}`, details: { preview: token.preview } };
  });
}

const nameTaken = (): Refusal =>
  new Refusal('conflict', 'A token with this name already exists. Use a different name.');

const inThePast = (): Refusal =>
  new Refusal('invalid_request', 'The expiration date has passed. Give one in the future.', {
    problems: [{ field: 'expirationDate', problem: 'must be in the future' }],
  });
