import type { Caller } from '#domain/caller.ts';
import type { GrantId } from '#domain/grant.ts';
import type { PrincipalId } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import type { VirtualAccount } from '#domain/virtual-account.ts';
import type { Transaction } from '#ports/store.ts';
import { refuseBeyond } from '../beyond.ts';
import type { Deps } from '../deps.ts';
import { type Changed, change } from '../doors.ts';
import { holdAll } from '../grant/hold.ts';
import { refuseRoles, stillWithin } from '../grant/role.ts';
import { putMappings } from '../identity-provider/mapping.ts';
import { newId } from '../new-id.ts';
import { Overtaken, untilNotOvertaken } from '../overtaken.ts';
import { above } from '../user/upon.ts';
import { movedWith, ownersGrant, ownersIn } from './owner.ts';
import { accountAct, heldAccount, principalOf, refuseBeyondAccount } from './upon.ts';
import { type AccountView, viewOf } from './view.ts';
import { type AccountPlan, changedBy, isSamePlan, planned, type WantedAccount } from './wanted.ts';

/** The version that was seen, where the account may be changed only as it was seen. */
type Seen = { readonly version?: number | undefined };

type Ready = { readonly known: VirtualAccount; readonly plan: AccountPlan; readonly ids: readonly GrantId[] };

/** Makes an account what is said. Its name is what it is known by, and stays. */
export function updateAccount(
  deps: Deps,
  caller: Caller,
  id: PrincipalId,
  wanted: WantedAccount,
  { version }: Seen = {},
): Promise<AccountView> {
  const act = accountAct('Manage', id);
  const locate = () => deps.store.virtualAccounts.get(caller.tenant.id, id);
  const prepare = (known: VirtualAccount) => readyToUpdate(deps, caller, wanted, known);
  return untilNotOvertaken(() =>
    change(deps, caller, { ...act, locate, prepare }, async (tx, _, ready: Ready) => {
      const { owner, grants } = ready.plan;
      await holdAll(tx, caller, { subjects: ownersIn(owner), roles: grants.roles.map((role) => role.id) });
      const held = await heldAccount(tx, caller, act, { id });
      if (version !== undefined && held.version !== version) throw seenBefore(held);
      const plan = await planned(tx, caller, wanted, held);
      if (!isSamePlan(plan, ready.plan)) throw new Overtaken();
      await stillWithin(tx, caller, plan.grants.touched);
      if (plan.owner?.id !== held.team && (await above(tx, caller, principalOf(held))).length > 0)
        throw new Overtaken();
      return updated(deps, tx, caller, { held, wanted, ...ready });
    }),
  );
}

/** Whoever hands an account to a team gives what it may: all of that is theirs to give. */
export async function readyToUpdate(
  deps: Deps,
  caller: Caller,
  wanted: WantedAccount,
  known: VirtualAccount,
): Promise<Ready> {
  if (wanted.name !== known.name) throw renamed(known);
  const act = accountAct('Manage', known.id);
  await refuseBeyondAccount(deps, caller, act, known);
  const plan = await planned(deps.store, caller, wanted, known);
  await refuseRoles(deps, caller, act, plan.grants.touched);
  if (plan.owner?.id !== known.team) {
    await refuseBeyond(deps, caller, act, await above(deps.store, caller, principalOf(known)));
  }
  const ids = Array.from({ length: plan.grants.missing.length + 1 }, () => newId<'Grant'>(deps));
  return { known, plan, ids };
}

type Updating = Ready & { readonly held: VirtualAccount; readonly wanted: WantedAccount };

async function updated(
  deps: Deps,
  tx: Transaction,
  caller: Caller,
  { held, wanted, plan, ids }: Updating,
): Promise<Changed<AccountView>> {
  const { id: tenant } = caller.tenant;
  const now = deps.clock.now();
  const account = { ...changedBy(held, wanted, plan.owner, now), version: held.version + 1 };
  await tx.virtualAccounts.update(tenant, account);
  if (account.expiresAt !== held.expiresAt) {
    await tx.pats.setExpiry(tenant, held.id, held.pat, account.expiresAt, now);
  }
  const { gone, missing } = plan.grants;
  await tx.grants.remove(
    tenant,
    gone.map(({ id }) => id),
  );
  const [first, ...others] = ids as [GrantId, ...GrantId[]]; // one more than there are grants
  for (const [at, one] of missing.entries()) {
    await tx.grants.add(tenant, { ...one, id: others[at] as GrantId, subject: held.id, binding: undefined });
  }
  const isHanded = account.team !== held.team;
  if (isHanded) await handOver(tx, caller, account, first);
  const remapped = await putMappings(tx, caller, { kind: 'virtual_account', id: held.id }, plan.mappings);
  const view = await viewOf(tx, caller, account);
  const details = { count: gone.length + missing.length, ...(isHanded && account.team && { subject: account.team }) };
  const moved = [...movedWith(held.id, ...(isHanded ? [held.team, account.team] : [])), ...remapped];
  return { result: view, details, moved };
}

async function handOver(tx: Transaction, { tenant }: Caller, { id, team }: VirtualAccount, grant: GrantId) {
  const owning = await tx.grants.onResource(tenant.id, `virtual-account/${id}`);
  await tx.grants.remove(
    tenant.id,
    owning.map((one) => one.id),
  );
  if (team !== undefined) await tx.grants.add(tenant.id, ownersGrant(grant, team, id));
}

const seenBefore = ({ version }: VirtualAccount): Refusal =>
  new Refusal('precondition_failed', `The account has changed since: it is at version ${version} now. Read it again.`);

const renamed = ({ name }: VirtualAccount): Refusal =>
  new Refusal('unprocessable', `A virtual account keeps its name, which is ${name}.`, {
    problems: [{ field: 'name', problem: 'must be the name that it has' }],
  });
