import type { Caller } from '#domain/caller.ts';
import type { Grant } from '#domain/grant.ts';
import type { Email, PrincipalId, PrincipalRecord } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import type { EndReason } from '#domain/token.ts';
import type { Transaction } from '#ports/store.ts';
import type { EndedAll } from '#ports/tokens.ts';
import type { Deps } from '../deps.ts';
import { type Changed, change } from '../doors.ts';
import { untilNotOvertaken } from '../overtaken.ts';
import { held, keepAnAdministrator, refuseAbove, userWith } from './upon.ts';

/**
 * Nothing of theirs is accepted from here on: one change of one principal, however many tokens they hold. Those are revoked
 * for good, so that a person who comes back has their rights again, and no token that anybody may have kept meanwhile.
 * Doing it again changes nothing.
 */
export const deactivateUser = (deps: Deps, caller: Caller, email: Email): Promise<number> =>
  upon(
    deps,
    caller,
    () => deps.store.principals.userByEmail(caller.tenant.id, email),
    async (tx, user) => {
      await tx.principals.setActive(caller.tenant.id, user.id, false, deps.clock.now());
      const { count, ...changed } = await endAll(deps, tx, caller, user.id, 'deactivated');
      await keepAnAdministrator(tx, caller);
      return { ...changed, result: count };
    },
  );

/** Sign-in and rights as they were. */
export const activateUser = (deps: Deps, caller: Caller, email: Email): Promise<void> =>
  upon(
    deps,
    caller,
    () => deps.store.principals.userByEmail(caller.tenant.id, email),
    async (tx, { id }) => {
      await tx.principals.setActive(caller.tenant.id, id, true, deps.clock.now());
      return { result: undefined, moved: [{ kind: 'principal', id }] };
    },
  );

export type Removal = { readonly id: PrincipalId; readonly isForced: boolean };

/**
 * For good: the address is free for somebody else, who inherits nothing. What they made stays, and stays theirs in name;
 * teams that they alone managed are managed by the tenant's administrators, as all are.
 */
export const removeUser = (deps: Deps, caller: Caller, { id, isForced }: Removal): Promise<void> =>
  upon(
    deps,
    caller,
    () => userWith(deps, caller, id),
    async (tx, user) => {
      const at = deps.clock.now();
      const grants = await tx.grants.ofSubjects(caller.tenant.id, [id]);
      const teams = await tx.teams.ofPrincipal(caller.tenant.id, id);
      const named = [...teams.map(({ team }) => `team ${team.name}`), ...grants.filter(isShared).map(inWords)];
      if (!isForced && named.length > 0) throw stillIn(named);
      await tx.grants.remove(
        caller.tenant.id,
        grants.map((grant) => grant.id),
      );
      for (const { team } of teams) {
        await tx.teams.setMembers(caller.tenant.id, team.id, [{ principal: id, isMember: false, isManager: false }]);
      }
      const { count: _, ...changed } = await endAll(deps, tx, caller, user.id, 'removed');
      await tx.principals.remove(caller.tenant.id, id, at);
      await keepAnAdministrator(tx, caller, 'invalid_request'); // as one who is still in a team: clients know no other no
      return { ...changed, result: undefined };
    },
  );

/** A role on the whole tenant is theirs alone; on a single thing, or by a binding, they stand in somebody's list. */
const isShared = ({ resource, binding }: Grant): boolean => resource !== '*' || binding !== undefined;

const inWords = ({ role, resource }: Grant): string => `${role} on ${resource === '*' ? 'the tenant' : resource}`;

const NAMED_MAX = 5;

const stillIn = (named: readonly string[]): Refusal => {
  const some = named.slice(0, NAMED_MAX).join(', ');
  const more = named.length > NAMED_MAX ? `, and ${named.length - NAMED_MAX} more` : '';
  return new Refusal(
    'invalid_request',
    `The user is still in ${some}${more}. Take them out first, or ask with forceDelete=true.`,
  );
};

type Body<Result> = (tx: Transaction, user: PrincipalRecord) => Promise<Changed<Result>>;

/** Of two administrators who remove each other, the second finds nobody left: the tenant is held. */
function upon<Result>(
  deps: Deps,
  caller: Caller,
  find: () => Promise<PrincipalRecord | undefined>,
  body: Body<Result>,
): Promise<Result> {
  return untilNotOvertaken(async () => {
    const user = await find();
    const act = { action: 'user:ManageUsers', resource: `user/${user?.id ?? ''}` } as const;
    const prepare = (found: PrincipalRecord) => refuseAbove(deps, caller, act, found);
    return change(deps, caller, { ...act, locate: async () => user, prepare }, async (tx, found) => {
      await tx.tenants.hold(caller.tenant.id);
      return body(tx, await held(tx, caller, found));
    });
  });
}

type Over = Omit<Changed<never>, 'result'> & { readonly count: number };

/** Sessions, tokens and links of somebody who is held. Rows that do not prove themselves keep nothing else from ending. */
async function endAll(deps: Deps, tx: Transaction, caller: Caller, id: PrincipalId, reason: EndReason): Promise<Over> {
  const { tenant, principal } = caller;
  const at = deps.clock.now();
  await tx.sessions.endAll(tenant.id, id, at);
  await tx.invitations.voidAll(tenant.id, id, at);
  const all: EndedAll<unknown> = await tx.pats.revokeAll(tenant.id, id, { at, by: principal.id, reason });
  const count = all.ended.length;
  const unproved = all.unproved as readonly string[];
  const details = { count, reason, ...(unproved.length > 0 && { unproved }) };
  return { count, details, moved: [{ kind: 'principal', id }] };
}
