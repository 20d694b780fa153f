import type { Caller } from '#domain/caller.ts';
import type { Held, Resource } from '#domain/grant.ts';
import type { Permission } from '#domain/permission.ts';
import type { Principal } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import { allHoldings, allows, compile } from '#domain/rights.ts';
import type { SubjectRef } from '#domain/subject.ts';
import type { Deps } from '../deps.ts';
import { viewOne } from '../doors.ts';

export type Asked = { readonly subject: SubjectRef; readonly action: Permission; readonly resource: Resource };

/** What a decision would be, by what somebody holds now: of a resource that is not there, what is held on all. */
export async function checkAccess(deps: Deps, caller: Caller, { subject, action, resource }: Asked): Promise<boolean> {
  const { held } = await heldBySubject(deps, caller, subject);
  return allows(compile(allHoldings(held)), action, resource);
}

/** Of oneself everybody may know; of others, who may see what they do. Who is deactivated holds things, and may nothing. */
export async function heldBySubject(
  deps: Deps,
  caller: Caller,
  subject: SubjectRef,
): Promise<{ readonly held: Held; readonly user: Principal }> {
  const { tenant, principal } = caller;
  if (subject.kind !== 'user') throw notUser();
  const isSelf = subject.name === principal.name && principal.kind === 'user';
  const user = isSelf ? principal : await other(deps, caller, subject.name);
  const held = 'active' in user && !user.active ? NOTHING : await deps.store.grants.heldBy(tenant.id, user);
  return { held, user };
}

const NOTHING: Held = { memberships: [], holdings: [] };

type Email = Extract<SubjectRef, { readonly kind: 'user' }>['name'];

async function other(deps: Deps, caller: Caller, email: Email) {
  const user = await deps.store.principals.userByEmail(caller.tenant.id, email);
  const act = { action: 'user:ReadAccess', resource: `user/${user?.id ?? ''}` } as const;
  return viewOne(deps, caller, { ...act, locate: async () => user });
}

const notUser = (): Refusal =>
  new Refusal('unprocessable', 'Only users can be asked about: user:<e-mail address>.', {
    problems: [{ field: 'subject', problem: 'must be user:<e-mail address>' }],
  });
