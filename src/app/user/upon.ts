import type { Act } from '#domain/audit.ts';
import type { Caller } from '#domain/caller.ts';
import type { Action } from '#domain/permission.ts';
import type { Principal, PrincipalRecord } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import { allHoldings, compile, exceeding, type Rights } from '#domain/rights.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { Store, Transaction } from '#ports/store.ts';
import { refuseBeyond } from '../beyond.ts';
import type { Deps } from '../deps.ts';
import { Overtaken } from '../overtaken.ts';

/*
 * Acts upon another person: who may end, or make, what is theirs. Whoever manages people and is no administrator must not
 * come by an administrator's rights that way, nor take theirs.
 */

/** All that somebody may do, whether or not they can at the moment. */
export const rightsOf = async (
  { grants }: Pick<Store, 'grants'>,
  tenant: TenantId,
  one: Pick<Principal, 'id' | 'kind'>,
): Promise<Rights> => compile(allHoldings(await grants.heldBy(tenant, one)));

/**
 * By what a caller came with, and by what they hold now: a request may take longer than it takes to lose rights. The
 * program's own callers hold no grants.
 */
export const heldBy = async (reads: Pick<Store, 'grants'>, caller: Caller): Promise<readonly Rights[]> =>
  caller.credential.kind !== 'none'
    ? [caller.rights, await rightsOf(reads, caller.tenant.id, caller.principal)]
    : [caller.rights];

/** What a user may that the caller may not. */
export async function above(reads: Pick<Store, 'grants'>, caller: Caller, user: Principal): Promise<readonly Action[]> {
  const theirs = await rightsOf(reads, caller.tenant.id, user);
  const held = await heldBy(reads, caller);
  return [...new Set(held.flatMap((rights) => exceeding(rights, theirs)))].sort();
}

/** Before the transaction, and in words. */
export const refuseAbove = async (deps: Deps, caller: Caller, act: Act, user: Principal): Promise<void> =>
  refuseBeyond(deps, caller, act, await above(deps.store, caller, user));

/** In the transaction: holds the user, who is to be there still, and no more than whoever acts upon them. */
export async function held(tx: Transaction, caller: Caller, user: Principal): Promise<PrincipalRecord> {
  await tx.principals.hold(caller.tenant.id, user.id);
  const now = await tx.principals.get(caller.tenant.id, user.id);
  if (now === undefined || now.removedAt !== undefined) throw new Overtaken();
  if ((await above(tx, caller, now)).length > 0) throw new Overtaken();
  return now;
}

/** In the transaction, after the change: the tenant is held before, so that of two who leave one stays. */
export async function keepAnAdministrator(
  tx: Transaction,
  { tenant }: Caller,
  code: 'unprocessable' | 'invalid_request' = 'unprocessable',
): Promise<void> {
  if (await tx.grants.anyLeft(tenant.id, 'tenant-admin')) return;
  throw new Refusal(
    code,
    'This would leave the tenant without an active administrator. Make somebody else a tenant-admin first.',
  );
}

/** One who was not removed. */
export async function userWith(
  { store }: Deps,
  { tenant }: Caller,
  id: Principal['id'],
): Promise<PrincipalRecord | undefined> {
  const found = await store.principals.get(tenant.id, id);
  return found?.kind === 'user' && found.removedAt === undefined ? found : undefined;
}
