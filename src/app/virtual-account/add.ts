import type { Caller } from '#domain/caller.ts';
import type { Grant, GrantId } from '#domain/grant.ts';
import type { Id } from '#domain/id.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import type { PersonalAccessToken } from '#domain/token.ts';
import type { VirtualAccount } from '#domain/virtual-account.ts';
import type { Transaction } from '#ports/store.ts';
import type { Deps } from '../deps.ts';
import { type Changed, change, made } from '../doors.ts';
import { holdAll } from '../grant/hold.ts';
import { refuseRoles, stillWithin } from '../grant/role.ts';
import { putMappings } from '../identity-provider/mapping.ts';
import { newId } from '../new-id.ts';
import { Overtaken } from '../overtaken.ts';
import { addValue } from '../token/issue.ts';
import { refuseByToken } from '../token/limits.ts';
import { type AccountValue, keepValue, mintFor } from './next-value.ts';
import { movedWith, ownersGrant, ownersIn } from './owner.ts';
import { principalOf } from './upon.ts';
import { type AccountView, viewOf } from './view.ts';
import { type AccountPlan, changedBy, isSamePlan, planned, type WantedAccount } from './wanted.ts';

export type Added = { readonly view: AccountView; readonly value: Sensitive };

export const CREATES = { action: 'virtual-account:CreateVirtualAccount', resource: 'virtual-account/' } as const;

type Ready = {
  readonly account: VirtualAccount;
  readonly value: AccountValue;
  readonly plan: AccountPlan;
  readonly ids: readonly GrantId[];
};

/** Makes one of which there is none, with its first value; `taken` is what to say where there is one of that name. */
export function addAccount(deps: Deps, caller: Caller, wanted: WantedAccount, taken: () => Error): Promise<Added> {
  const prepare = () => prepared(deps, caller, wanted);
  return change(deps, caller, { ...CREATES, locate: made, prepare }, async (tx, _, ready: Ready) => {
    const { owner, grants } = ready.plan;
    await holdAll(tx, caller, { subjects: ownersIn(owner), roles: grants.roles.map(({ id }) => id) });
    const plan = await planned(tx, caller, wanted);
    if (!isSamePlan(plan, ready.plan)) throw new Overtaken();
    await stillWithin(tx, caller, plan.grants.touched);
    return added(tx, caller, ready, taken);
  });
}

async function prepared(deps: Deps, caller: Caller, wanted: WantedAccount): Promise<Ready> {
  await refuseByToken(deps, caller, CREATES);
  const plan = await planned(deps.store, caller, wanted);
  await refuseRoles(deps, caller, CREATES, plan.grants.touched);
  const account = accountFor(deps, caller, wanted, plan);
  const value = await mintFor(deps, caller, account);
  const ids = Array.from({ length: plan.grants.missing.length + 1 }, () => newId<'Grant'>(deps));
  return { account: { ...account, current: value.token.id }, value, plan, ids };
}

/** As it would be, or is about to be. */
export function accountFor(deps: Deps, { principal }: Caller, wanted: WantedAccount, { owner }: AccountPlan) {
  const now = deps.clock.now();
  const blank: VirtualAccount = {
    ...{ id: newId<'Principal'>(deps), name: wanted.name, pat: newId<'PersonalAccessToken'>(deps), current: undefined },
    ...{
      team: undefined,
      tags: {},
      expiresAt: undefined,
      format: undefined,
      autoRotate: undefined,
      rotatesAt: undefined,
    },
    ...{ version: 1, createdBy: principal.id, createdAt: now, updatedAt: now },
  };
  return changedBy(blank, wanted, owner, now);
}

async function added(tx: Transaction, caller: Caller, ready: Ready, taken: () => Error): Promise<Changed<Added>> {
  const { id: tenant } = caller.tenant;
  const { account, value, ids, plan } = ready;
  const { id, createdAt, updatedAt } = account;
  const times = { createdAt, updatedAt, removedAt: undefined };
  if (!(await tx.principals.insert(tenant, { ...principalOf(account), active: true, ...times }))) throw taken();
  await tx.pats.insert(tenant, tokenOf(account));
  await addValue(tx, tenant, value);
  await tx.virtualAccounts.insert(tenant, account);
  await keepValue(tx, tenant, id, value);
  const [first, ...others] = ids as [GrantId, ...GrantId[]]; // one more than there are grants
  const grants = plan.grants.missing.map((one, at) => ({
    ...one,
    id: others[at] as GrantId,
    subject: id,
    binding: undefined,
  }));
  const owning = account.team === undefined ? [] : [ownersGrant(first, account.team, id)];
  for (const grant of [...grants, ...owning] satisfies readonly Grant[]) await tx.grants.add(tenant, grant);
  const moved = await putMappings(tx, caller, { kind: 'virtual_account', id }, plan.mappings);
  const view = await viewOf(tx, caller, account);
  return {
    result: { view, value: value.value },
    resource: `virtual-account/${id}`,
    details: { preview: value.token.preview, count: grants.length, ...(account.team && { subject: account.team }) },
    moved: [...movedWith(id, account.team), ...moved],
  };
}

/** What owns its values. */
const tokenOf = ({
  id,
  pat,
  name,
  createdBy,
  createdAt,
  updatedAt,
  expiresAt,
}: VirtualAccount): PersonalAccessToken => ({
  ...{ id: pat as Id<'PersonalAccessToken'>, owner: id, name, createdBy, createdAt, updatedAt, expiresAt },
  ...{ ended: undefined, team: undefined, kind: 'va' },
});
