import type { Caller } from '#domain/caller.ts';
import { builtInOf, type CustomRole, type RoleId } from '#domain/role.ts';
import type { Transaction } from '#ports/store.ts';
import type { Subject } from './subject.ts';

type Held = { readonly subjects: readonly Subject[]; readonly roles: readonly RoleId[] };

/**
 * Who is given something, or loses it, and the roles that are given: nobody removes one of them meanwhile. Always in this
 * order: tenant, teams, roles, principals, each by id.
 */
export async function holdAll(tx: Transaction, { tenant }: Caller, { subjects, roles }: Held): Promise<void> {
  await tx.tenants.hold(tenant.id); // for the last administrator, and for what everybody holds
  for (const one of inOrder(subjects)) if (one.kind === 'team') await tx.teams.hold(tenant.id, one.id);
  for (const id of [...new Set(roles)].filter(isCustom).sort()) await tx.roles.hold(tenant.id, id);
  for (const one of inOrder(subjects)) if (isPrincipal(one)) await tx.principals.hold(tenant.id, one.id);
}

const isPrincipal = (one: Subject): one is Extract<Subject, { readonly kind: 'user' | 'virtualaccount' }> =>
  one.kind === 'user' || one.kind === 'virtualaccount';

const isCustom = (id: RoleId): id is CustomRole['id'] => builtInOf(id) === undefined;

const inOrder = (subjects: readonly Subject[]): readonly Subject[] =>
  [...new Map(subjects.map((one) => [one.id as string, one])).entries()]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, subject]) => subject);
