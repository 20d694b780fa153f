import type { Caller } from '#domain/caller.ts';
import type { Holding, Resource } from '#domain/grant.ts';
import type { Permission } from '#domain/permission.ts';
import type { Principal } from '#domain/principal.ts';
import { allHoldings, allows, deciding } from '#domain/rights.ts';
import type { RoleBinding } from '#domain/role-binding.ts';
import type { SubjectRef } from '#domain/subject.ts';
import type { Deps } from '../deps.ts';
import { bindingsIn } from '../grant/show.ts';
import { type Subject, subjectsOf } from '../grant/subject.ts';
import { heldBySubject, SUBJECT_KIND } from './check.ts';
import { givers } from './givers.ts';

export type Question = {
  readonly action: Permission;
  readonly resource: Resource;
  /** Left out for oneself. */
  readonly subject: SubjectRef | undefined;
};

/** The one grant or membership that decides. */
export type Reason = {
  readonly holding: Holding;
  readonly holder: Subject;
  readonly via: 'grant' | 'team' | 'everyone' | 'membership';
  readonly binding: Pick<RoleBinding, 'id' | 'name'> | undefined;
};

export type Because = {
  readonly user: Principal;
  readonly by: Reason | undefined;
  /** Who could give it; undefined where it is not missing, or not for the caller to know. */
  readonly couldGive: readonly Subject[] | undefined;
};

/** By which grant somebody may do something; or that it is missing, and who could give it. Of a thing that is not there as of one that they hold nothing on. */
export async function why(deps: Deps, caller: Caller, { action, resource, subject }: Question): Promise<Because> {
  const asked = subject ?? ({ kind: SUBJECT_KIND[caller.principal.kind], name: caller.principal.name } as SubjectRef); // as verified
  const { held, user } = await heldBySubject(deps, caller, asked);
  const holding = deciding(allHoldings(held), action, resource);
  if (holding !== undefined) return { user, by: await reasonOf(deps, caller, user, holding), couldGive: undefined };
  const isTold = allows(caller.rights, 'user:ListUsers');
  return { user, by: undefined, couldGive: isTold ? await givers(deps, caller, { action, resource }) : undefined };
}

async function reasonOf({ store }: Deps, caller: Caller, user: Principal, holding: Holding): Promise<Reason> {
  const holder = (await subjectsOf(store, caller, [holding.subject])).get(holding.subject) as Subject; // it was asked for
  const bindings = await bindingsIn(store, caller, [holding]);
  const binding = holding.binding && bindings.get(holding.binding);
  return { holding, holder, via: viaOf(caller, user, holding), binding };
}

function viaOf({ tenant }: Caller, user: Principal, { id, subject }: Holding): Reason['via'] {
  if (id === undefined) return 'membership';
  if (subject === user.id) return 'grant';
  return subject === tenant.id ? 'everyone' : 'team';
}
