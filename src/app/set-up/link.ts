import type { Caller } from '#domain/caller.ts';
import { SETUP_LINK_MS_MAX } from '#domain/invitation.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import type { Tenant } from '#domain/tenant.ts';
import type { Deps } from '../deps.ts';
import { change, made } from '../doors.ts';
import { newInvitation } from '../invitation/issue.ts';
import { programCaller } from '../program-caller.ts';
import { alreadySetUp } from './administrator.ts';

/** A code by which the first administrator is made; every earlier one stops working. Refuses once there is one. */
export function issueSetUpCode(deps: Deps, caller: Caller): Promise<Sensitive> {
  const { tenant } = caller;
  const { code, digest, invitation } = newInvitation(deps, undefined, SETUP_LINK_MS_MAX);
  const what = { action: 'tenant:IssueSetUpLink', resource: `invitation/${invitation.id}`, locate: made } as const;
  return change(deps, caller, what, async (tx) => {
    await tx.tenants.hold(tenant.id);
    if (await tx.grants.anyHolds(tenant.id, 'tenant-admin')) throw alreadySetUp();
    await tx.invitations.voidAll(tenant.id, undefined, invitation.createdAt);
    await tx.invitations.insert(tenant.id, invitation, digest);
    return { result: code };
  });
}

/** Whoever may ask for one: the program at its start, or an operator. */
export const linkIssuer = (tenant: Tenant, kind: 'setup' | 'operator'): Caller =>
  programCaller(tenant, kind, ['tenant:IssueSetUpLink']);
