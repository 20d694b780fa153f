import type { Caller } from '#domain/caller.ts';
import type { Held, Resource } from '#domain/grant.ts';
import type { Permission } from '#domain/permission.ts';
import type { Principal } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import { allHoldings, allows, compile } from '#domain/rights.ts';
import type { SubjectRef } from '#domain/subject.ts';
import type { TenantId } from '#domain/tenant.ts';
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
  if (subject.kind !== 'user' && subject.kind !== 'virtualaccount') throw notOne();
  const isSelf = subject.name === principal.name && subject.kind === SUBJECT_KIND[principal.kind];
  const user = isSelf ? principal : await other(deps, caller, subject);
  const held = 'active' in user && !user.active ? NOTHING : await deps.store.grants.heldBy(tenant.id, user);
  return { held, user };
}

const NOTHING: Held = { memberships: [], holdings: [] };

type One = Extract<SubjectRef, { readonly kind: 'user' | 'virtualaccount' }>;

/** How a caller is named as a subject. */
export const SUBJECT_KIND: Readonly<Record<string, One['kind']>> = { user: 'user', virtual_account: 'virtualaccount' };

const find = async ({ principals, virtualAccounts }: Deps['store'], tenant: TenantId, { kind, name }: One) => {
  if (kind === 'user') return principals.userByEmail(tenant, name);
  const account = await virtualAccounts.byName(tenant, name);
  return account && principals.get(tenant, account.id);
};

async function other(deps: Deps, caller: Caller, subject: One) {
  const user = await find(deps.store, caller.tenant.id, subject);
  const act = { action: 'user:ReadAccess', resource: `user/${user?.id ?? ''}` } as const;
  return viewOne(deps, caller, { ...act, locate: async () => user });
}

const notOne = (): Refusal =>
  new Refusal(
    'unprocessable',
    'Users and virtual accounts can be asked about: user:<e-mail address>, virtualaccount:<name>.',
    {
      problems: [{ field: 'subject', problem: 'must be user:<e-mail address> or virtualaccount:<name>' }],
    },
  );
