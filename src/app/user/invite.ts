import type { Caller } from '#domain/caller.ts';
import { INVITATION_MS_MAX } from '#domain/invitation.ts';
import type { Action } from '#domain/permission.ts';
import type { Email, PrincipalRecord } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import type { Tenant } from '#domain/tenant.ts';
import type { Transaction } from '#ports/store.ts';
import type { Deps } from '../deps.ts';
import { change } from '../doors.ts';
import { type NewInvitation, newInvitation } from '../invitation/issue.ts';
import { untilNotOvertaken } from '../overtaken.ts';
import { programCaller } from '../program-caller.ts';
import { held, refuseAbove } from './upon.ts';

/**
 * A code by which a user sets their first password. Refused with `conflict` for one who has a password: whoever holds a
 * token must not be able to make a session of it, nor take over somebody else's account.
 */
export const inviteUser = (deps: Deps, caller: Caller, email: Email): Promise<Sensitive> =>
  codeFor(deps, caller, email, { action: 'user:ManageUsers', replaces: false });

/** A code by which a user sets another password, for one who lost theirs: the operator's to give, and nobody else's. */
export const issuePasswordCode = (deps: Deps, tenant: Tenant, email: Email): Promise<Sensitive> =>
  codeFor(deps, programCaller(tenant, 'operator', ['user:IssuePasswordLink']), email, {
    action: 'user:IssuePasswordLink',
    replaces: true,
  });

type Kind = { readonly action: Action; readonly replaces: boolean };

/** Earlier codes for the same user stop working. */
function codeFor(deps: Deps, caller: Caller, email: Email, { action, replaces }: Kind): Promise<Sensitive> {
  const { tenant } = caller;
  return untilNotOvertaken(async () => {
    const user = await deps.store.principals.userByEmail(tenant.id, email);
    const act = { action, resource: `user/${user?.id ?? ''}` } as const;
    const prepare = async (found: PrincipalRecord) => {
      if (!replaces) await refuseAbove(deps, caller, act, found); // the operator holds no rights to compare
      return newInvitation(deps, found.id, INVITATION_MS_MAX, replaces ? undefined : caller.principal.id);
    };
    const what = { ...act, locate: async () => user, prepare };
    return change(deps, caller, what, async (tx, found, { code, digest, invitation }: NewInvitation) => {
      await tx.principals.hold(tenant.id, found.id); // of two links made at once one is void
      if (!replaces) await mayBeInvited(tx, caller, found);
      await tx.invitations.voidAll(tenant.id, found.id, invitation.createdAt);
      await tx.invitations.insert(tenant.id, invitation, digest);
      return { result: code };
    });
  });
}

async function mayBeInvited(tx: Transaction, caller: Caller, user: PrincipalRecord): Promise<void> {
  const { id } = await held(tx, caller, user);
  if ((await tx.principals.passwordOf(caller.tenant.id, id)) !== undefined) throw hasPassword();
}

const hasPassword = (): Refusal =>
  new Refusal(
    'conflict',
    'This user has a password already. For one who lost it, the operator makes a link: countersign password-link EMAIL.',
  );
