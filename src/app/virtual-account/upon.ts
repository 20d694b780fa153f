import type { Act } from '#domain/audit.ts';
import type { Caller } from '#domain/caller.ts';
import type { Principal, PrincipalId } from '#domain/principal.ts';
import type { VirtualAccount } from '#domain/virtual-account.ts';
import type { Store, Transaction } from '#ports/store.ts';
import { refuseBeyond } from '../beyond.ts';
import type { Deps } from '../deps.ts';
import { type Changed, change } from '../doors.ts';
import { Overtaken, untilNotOvertaken } from '../overtaken.ts';
import { above, heldBy } from '../user/upon.ts';

/*
 * Whoever can read an account's token can do all that the account may. To manage one account is given on that very
 * account, by whoever holds as much. Whoever manages all of them has been given none of these: they act upon an account
 * that may no more than they do.
 */

export const accountAct = <Verb extends 'Read' | 'Manage' | 'Delete'>(verb: Verb, id: PrincipalId) =>
  ({ action: `virtual-account:${verb}VirtualAccount`, resource: `virtual-account/${id}` }) as const;

export const principalOf = ({ id, name }: VirtualAccount): Principal => ({ id, kind: 'virtual_account', name });

/** What the account may that the caller may not, and was not given with it. */
async function beyond(reads: Pick<Store, 'grants'>, caller: Caller, act: Act, account: VirtualAccount) {
  const held = await heldBy(reads, caller);
  const isGiven = held.every(({ on }) => on.get(act.resource as `${string}/${string}`)?.has(act.action));
  return isGiven ? [] : above(reads, caller, principalOf(account));
}

/** Before the transaction, and in words. */
export const refuseBeyondAccount = async (deps: Deps, caller: Caller, act: Act, account: VirtualAccount) =>
  refuseBeyond(deps, caller, act, await beyond(deps.store, caller, act, account));

/** In the transaction: the account as it stands, which nobody else changes meanwhile. */
export async function heldAccount(
  tx: Transaction,
  caller: Caller,
  act: Act,
  { id }: Pick<VirtualAccount, 'id'>,
): Promise<VirtualAccount> {
  const { tenant, credential } = caller;
  await tx.tenants.hold(tenant.id); // whether values are kept is the tenant's to say, and stays as it is until this is written
  await tx.principals.hold(tenant.id, id);
  const account = await tx.virtualAccounts.get(tenant.id, id);
  if (account === undefined) throw new Overtaken();
  const isAsked = credential.kind !== 'none'; // what the program does by itself it does upon any
  if (isAsked && (await beyond(tx, caller, act, account)).length > 0) throw new Overtaken();
  return account;
}

type Upon<Prepared> = {
  readonly verb: 'Manage' | 'Delete';
  readonly id: PrincipalId;
  /** Once it is known that the caller may. */
  readonly prepare?: (account: VirtualAccount) => Promise<Prepared>;
};

/** A change of one account, by whoever may do so and acts upon no more than they hold: asked before, and where it is held. */
export function changeAccount<Result, Prepared = undefined>(
  deps: Deps,
  caller: Caller,
  { verb, id, prepare }: Upon<Prepared>,
  body: (tx: Transaction, held: VirtualAccount, prepared: Prepared) => Promise<Changed<Result>>,
): Promise<Result> {
  const act = accountAct(verb, id);
  const locate = () => deps.store.virtualAccounts.get(caller.tenant.id, id);
  const ready = async (account: VirtualAccount) => {
    await refuseBeyondAccount(deps, caller, act, account);
    return (await prepare?.(account)) as Prepared;
  };
  return untilNotOvertaken(() =>
    change(deps, caller, { ...act, locate, prepare: ready }, async (tx, _, prepared: Prepared) =>
      body(tx, await heldAccount(tx, caller, act, { id }), prepared),
    ),
  );
}
