import type { Caller } from '#domain/caller.ts';
import { INVITATION_MS_MAX } from '#domain/invitation.ts';
import type { Email, PrincipalRecord } from '#domain/principal.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import type { Deps } from '../deps.ts';
import { change } from '../doors.ts';
import { type NewInvitation, newInvitation } from '../invitation/issue.ts';

/** A code by which a user sets a password; earlier ones for the same user stop working. */
export async function inviteUser(deps: Deps, caller: Caller, email: Email): Promise<Sensitive> {
  const { tenant } = caller;
  const user = await deps.store.principals.userByEmail(tenant.id, email);
  const what = {
    action: 'user:ManageUsers',
    resource: `user/${user?.id ?? ''}`,
    locate: async () => user,
    prepare: async ({ id }: PrincipalRecord) => newInvitation(deps, id, INVITATION_MS_MAX),
  } as const;
  return change(deps, caller, what, async (tx, { id }, { code, digest, invitation }: NewInvitation) => {
    await tx.invitations.voidAll(tenant.id, id, invitation.createdAt);
    await tx.invitations.insert(tenant.id, invitation, digest);
    return { result: code };
  });
}
