import type { Caller } from '#domain/caller.ts';
import type { Email, PrincipalId, PrincipalRecord } from '#domain/principal.ts';
import type { Ended, PatId, PatView, RevokeReason } from '#domain/token.ts';
import type { Deps } from '../deps.ts';
import { change, viewOne } from '../doors.ts';
import { Overtaken, untilNotOvertaken } from '../overtaken.ts';
import { userWith } from '../user/upon.ts';

/**
 * Revoking twice is not an error, and changes nothing: a client whose answer was lost asks again. Another's token is as
 * absent as none.
 */
export function revokePat(deps: Deps, caller: Caller, id: PatId, reason: RevokeReason = 'deleted'): Promise<PatView> {
  const { tenant, principal } = caller;
  const what = {
    action: 'personal-access-token:Revoke',
    resource: `personal-access-token/${id}`,
    locate: () => deps.store.pats.get(tenant.id, principal.id, id),
  } as const;
  const ended: Ended = { at: deps.clock.now(), by: principal.id, reason };
  return untilNotOvertaken(() =>
    change(deps, caller, what, async (tx) => {
      if (!(await tx.pats.revoke(tenant.id, principal.id, id, ended))) throw new Overtaken(); // long over, and removed meanwhile
      const view = (await tx.pats.view(tenant.id, principal.id, id)) as PatView; // it has just been written
      return { result: view, details: { reason }, moved: [{ kind: 'pat', id }] };
    }),
  );
}

/** Everything that a user holds, at once; how many there were. Of one who may do more than the caller, too: it only ends. */
export async function revokeAllPats(deps: Deps, caller: Caller, email: Email): Promise<number> {
  return revokeAll(deps, caller, await deps.store.principals.userByEmail(caller.tenant.id, email));
}

export const revokeAllPatsOf = async (deps: Deps, caller: Caller, id: PrincipalId): Promise<number> =>
  revokeAll(deps, caller, await userWith(deps, caller, id));

/** How many that would be. */
export async function countPats(deps: Deps, caller: Caller, id: PrincipalId): Promise<number> {
  const locate = () => userWith(deps, caller, id);
  await viewOne(deps, caller, { action: 'personal-access-token:RevokeAll', resource: `user/${id}`, locate });
  const all = { limit: 1, offset: 0, nameContains: '' };
  return (await deps.store.pats.list(caller.tenant.id, id, all)).total;
}

function revokeAll(deps: Deps, caller: Caller, user: PrincipalRecord | undefined): Promise<number> {
  const { tenant, principal } = caller;
  const what = {
    action: 'personal-access-token:RevokeAll',
    resource: `user/${user?.id ?? ''}`,
    locate: async () => user,
  } as const;
  const ended: Ended = { at: deps.clock.now(), by: principal.id, reason: 'revoked_all' };
  return change(deps, caller, what, async (tx, { id }) => {
    await tx.principals.hold(tenant.id, id); // what they create is either before this, or by what still stands
    const all = await tx.pats.revokeAll(tenant.id, id, ended);
    const details = {
      count: all.ended.length,
      reason: ended.reason,
      ...(all.unproved.length > 0 && { unproved: all.unproved }),
    };
    return { result: all.ended.length, details, moved: [{ kind: 'principal', id }] }; // one, however many they are
  });
}
