import type { Caller } from '#domain/caller.ts';
import { type Grant, type GrantId, TENANT_WIDE } from '#domain/grant.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Role } from '#domain/role.ts';
import type { RoleBinding, RoleBindingName } from '#domain/role-binding.ts';
import type { SubjectRef } from '#domain/subject.ts';
import { type Permitted, permittedRole } from '../grant/permitted.ts';
import { rolesIn, type Weight } from '../grant/role.ts';
import { type Reads, type Subject, subjectNamed, subjectsOf } from '../grant/subject.ts';

/** A role binding as it is asked for, in names. */
export type Wanted = {
  readonly name: RoleBindingName;
  readonly subjects: readonly SubjectRef[];
  readonly permissions: readonly Permitted[];
};

/** Each is a row of its own, all written in one transaction, which others wait for. */
const GRANTS_MAX = 1_000;

/** What a role binding has to become: looked up by what is there now. */
export type Plan = {
  readonly binding: RoleBinding | undefined;
  readonly subjects: readonly Subject[];
  readonly roles: readonly Role[];
  /** Its grants that are not wanted any more. */
  readonly gone: readonly Grant[];
  readonly goneSubjects: readonly Subject[];
  /** What is wanted and not there. */
  readonly missing: readonly Pick<Grant, 'subject' | 'role'>[];
  readonly touched: readonly Weight[];
};

export async function planned(reads: Reads, caller: Caller, wanted: Wanted): Promise<Plan> {
  refuseTooMany(wanted);
  const subjects: Subject[] = [];
  for (const ref of wanted.subjects) subjects.push(await subjectNamed(reads, caller, ref));
  const roles: Role[] = [];
  for (const permission of wanted.permissions) roles.push(await permittedRole(reads, caller, permission, ON_TEAM));
  const binding = await reads.roleBindings.byName(caller.tenant.id, wanted.name);
  const there = binding === undefined ? [] : await reads.grants.ofBindings(caller.tenant.id, [binding.id]);
  const all = new Map(
    subjects.flatMap(({ id: subject }) => roles.map(({ id: role }) => [keyOf({ subject, role }), { subject, role }])),
  );
  const gone = there.filter((grant) => !all.has(keyOf(grant)));
  for (const grant of there) all.delete(keyOf(grant));
  return {
    ...{ binding, subjects, roles, gone, missing: [...all.values()] },
    goneSubjects: await held(reads, caller, gone),
    touched: [...roles.map((role) => ({ role, resource: TENANT_WIDE })), ...(await weightsOf(reads, caller, gone))],
  };
}

/** All that one has, where it is to go. */
export async function held(reads: Reads, caller: Caller, grants: readonly Grant[]): Promise<readonly Subject[]> {
  const ids = new Set(grants.map(({ subject }) => subject));
  return [...(await subjectsOf(reads, caller, [...ids])).values()].filter(({ id }) => ids.has(id));
}

export async function weightsOf(reads: Reads, caller: Caller, grants: readonly Grant[]): Promise<readonly Weight[]> {
  const roles = await rolesIn(
    reads,
    caller,
    grants.map(({ role }) => role),
  );
  return grants.map(({ role, resource }) => ({ role: roles.get(role), resource }));
}

/** What there is to give on a team is its membership. */
const ON_TEAM = 'Who manages a team is a membership, and no grant: PUT /teams says it.';

const keyOf = ({ subject, role }: Pick<Grant, 'subject' | 'role'>): string => `${subject} ${role}`;

function refuseTooMany({ subjects, permissions }: Wanted): void {
  if (subjects.length * permissions.length <= GRANTS_MAX) return;
  throw new Refusal('unprocessable', `A role binding makes at most ${GRANTS_MAX} grants: make several of it.`, {
    problems: [{ field: 'subjects', problem: 'are too many, for so many permissions' }],
  });
}

/** As many as there can be: ids are made outside of the transaction. */
export const grantsMax = ({ subjects, permissions }: Wanted): number => subjects.length * permissions.length;
export type Ids = readonly GrantId[];
