import type { Act } from '#domain/audit.ts';
import type { Caller } from '#domain/caller.ts';
import { type Grant, type GrantId, TENANT_WIDE } from '#domain/grant.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Role } from '#domain/role.ts';
import type { Transaction } from '#ports/store.ts';
import type { Deps } from '../deps.ts';
import { type Changed, change } from '../doors.ts';
import { newId } from '../new-id.ts';
import { Overtaken, untilNotOvertaken } from '../overtaken.ts';
import { keepAnAdministrator } from '../user/upon.ts';
import { holdAll } from './hold.ts';
import { changeManager } from './manager.ts';
import { isThere } from './resource.ts';
import { refuseRoles, roleFor, rolesIn, stillWithin, type Weight } from './role.ts';
import { type ShownGrant, shownGrants } from './show.ts';
import { movedBy, type Reads, type Subject, subjectNamed, subjectsOf, textOf } from './subject.ts';
import type { Turn } from './turn.ts';

/**
 * What somebody holds on a resource by themselves. What came with a role binding stays: that is changed where it was made.
 * On a team there is one role to give, which is to manage it, and the membership says who does.
 */
export function changeRoles(deps: Deps, caller: Caller, turn: Turn): Promise<ShownGrant | undefined> {
  const { resource } = turn;
  if (resource !== TENANT_WIDE) return changeManager(deps, caller, turn);
  const act = { action: 'tenant:AssignRole', resource } as const;
  const id = newId<'Grant'>(deps);
  const locate = () => isThere(deps.store, caller, resource);
  const prepare = async (): Promise<Plan> => {
    const plan = await planned(deps.store, caller, turn);
    await refuseRoles(deps, caller, act, plan.touched);
    return plan;
  };
  return untilNotOvertaken(() =>
    change(deps, caller, { ...act, locate, prepare }, async (tx, _, before) => {
      await holdAll(tx, caller, { subjects: [before.subject], roles: before.role ? [before.role.id] : [] });
      const plan = await planned(tx, caller, turn);
      if (plan.subject.id !== before.subject.id || plan.role?.id !== before.role?.id) throw new Overtaken();
      await stillWithin(tx, caller, plan.touched);
      return done(tx, caller, turn, { ...plan, id });
    }),
  );
}

type Plan = {
  readonly subject: Subject;
  readonly role: Role | undefined;
  readonly gone: readonly Grant[];
  readonly touched: readonly Weight[];
};

async function planned(reads: Reads, caller: Caller, turn: Turn): Promise<Plan> {
  const { how, resource } = turn;
  const subject = await subjectNamed(reads, caller, turn.subject);
  const role = how === 'remove' ? undefined : await roleFor(reads, caller, turn.role, 'tenant');
  const all = await reads.grants.ofSubjects(caller.tenant.id, [subject.id]);
  const own = all.filter((grant) => grant.resource === resource && grant.binding === undefined);
  if (how === 'remove' && own.length === 0)
    throw holdsNothing(
      subject,
      all.some((grant) => grant.resource === resource),
    );
  const gone = how === 'add' ? [] : own.filter((grant) => grant.role !== role?.id);
  return { subject, role, gone, touched: await weighed(reads, caller, gone, role) };
}

async function weighed(reads: Reads, caller: Caller, gone: readonly Grant[], role?: Role): Promise<readonly Weight[]> {
  const roles = await rolesIn(
    reads,
    caller,
    gone.map((grant) => grant.role),
  );
  const taken = gone.map((grant) => ({ role: roles.get(grant.role), resource: grant.resource }));
  return role === undefined ? taken : [...taken, { role, resource: TENANT_WIDE }];
}

async function done(
  tx: Transaction,
  caller: Caller,
  { how, resource }: Turn,
  { subject, role, gone, id }: Plan & { readonly id: GrantId },
): Promise<Changed<ShownGrant | undefined>> {
  const { tenant } = caller;
  await tx.grants.remove(
    tenant.id,
    gone.map((grant) => grant.id),
  );
  const given = role && { id, subject: subject.id, role: role.id, resource, binding: undefined };
  const isNew = given !== undefined && (await tx.grants.add(tenant.id, given));
  if (how === 'add' && !isNew) throw holdsIt(subject, role?.name ?? '');
  if (gone.length > 0) await keepAnAdministrator(tx, caller);
  const stands = given && (await standing(tx, caller, given));
  const details = { subject: subject.id, ...(role && { role: role.id }), count: gone.length + (isNew ? 1 : 0) };
  return { result: stands, details, moved: movedBy([subject]) };
}

/** The one that was made, or the same that was there. */
async function standing(tx: Transaction, caller: Caller, { subject, role, resource }: Grant): Promise<ShownGrant> {
  const all = await tx.grants.ofSubjects(caller.tenant.id, [subject]);
  const same = all.filter((one) => one.role === role && one.resource === resource && one.binding === undefined);
  return (await shownGrants(tx, caller, same))[0] as ShownGrant; // it has just been written, or was there
}

/** One grant by its id: direct ones alone, since a role binding says itself what it gives. */
export function removeGrant(deps: Deps, caller: Caller, id: GrantId): Promise<void> {
  const { tenant } = caller;
  const act: Act = { action: 'tenant:AssignRole', resource: `grant/${id}` };
  const locate = () => deps.store.grants.get(tenant.id, id);
  const prepare = async (grant: Grant) => refuseRoles(deps, caller, act, await weighed(deps.store, caller, [grant]));
  return untilNotOvertaken(() =>
    change(deps, caller, { ...act, locate, prepare }, async (tx, grant) => {
      const subjects = [...(await subjectsOf(tx, caller, [grant.subject])).values()].filter(isOf(grant));
      await holdAll(tx, caller, { subjects, roles: [grant.role] });
      if ((await tx.grants.get(tenant.id, id)) === undefined) throw new Overtaken();
      if (grant.binding !== undefined) throw ofBinding((await tx.roleBindings.get(tenant.id, grant.binding))?.name);
      await stillWithin(tx, caller, await weighed(tx, caller, [grant]));
      await tx.grants.remove(tenant.id, [id]);
      await keepAnAdministrator(tx, caller);
      const details = { subject: grant.subject, role: grant.role };
      return { result: undefined, details, moved: movedBy(subjects) };
    }),
  );
}

const isOf =
  ({ subject }: Grant) =>
  ({ id }: Subject): boolean =>
    id === subject;

const ofBinding = (name = ''): Refusal =>
  new Refusal('conflict', `This grant comes with the role binding ${name}, and goes with it: change or delete that.`);

const holdsIt = (subject: Subject, role: string): Refusal =>
  new Refusal('conflict', `${textOf(subject)} holds ${role} here already.`);

const holdsNothing = (subject: Subject, isBound: boolean): Refusal =>
  isBound
    ? new Refusal('conflict', `What ${textOf(subject)} holds here comes with role bindings: change or delete those.`)
    : new Refusal('not_found', `${textOf(subject)} holds nothing here by themselves.`, { isExact: true });
