import type { Caller } from '#domain/caller.ts';
import type { GrantId } from '#domain/grant.ts';
import { Refusal } from '#domain/refusal.ts';
import { allows } from '#domain/rights.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import type { VirtualAccount } from '#domain/virtual-account.ts';
import type { Deps } from '../deps.ts';
import { made, viewOne } from '../doors.ts';
import { refuseRoles } from '../grant/role.ts';
import { shownGrants } from '../grant/show.ts';
import { shownAs } from '../identity-provider/mapping.ts';
import { newId } from '../new-id.ts';
import { Overtaken, untilNotOvertaken } from '../overtaken.ts';
import { type Added, accountFor, addAccount, CREATES } from './add.ts';
import { readyToUpdate, updateAccount } from './update.ts';
import { accountAct } from './upon.ts';
import { type AccountView, viewOf } from './view.ts';
import { type AccountPlan, changedBy, planned, type WantedAccount } from './wanted.ts';

/** The value is there where the account was made by this. */
export type Applied = { readonly view: AccountView; readonly value: Sensitive | undefined };

/** Makes the account of this name what is said, or makes it anew. */
export function applyAccount(deps: Deps, caller: Caller, wanted: WantedAccount): Promise<Applied> {
  return untilNotOvertaken(async () => {
    const known = await named(deps, caller, wanted);
    if (known !== undefined && managed(caller, known)) {
      return { view: await updateAccount(deps, caller, known.id, wanted), value: undefined };
    }
    return addAccount(deps, caller, wanted, known === undefined ? () => new Overtaken() : taken);
  });
}

/** Makes one of which there is none. */
export const createAccount = (deps: Deps, caller: Caller, wanted: WantedAccount): Promise<Added> =>
  untilNotOvertaken(() => addAccount(deps, caller, wanted, taken));

/** What applying it would answer, refusals and all. Nothing is written but a denial. */
export async function wouldApply(deps: Deps, caller: Caller, wanted: WantedAccount): Promise<AccountView> {
  const known = await named(deps, caller, wanted);
  if (known === undefined || !managed(caller, known)) {
    await viewOne(deps, caller, { ...CREATES, locate: made });
    if (known !== undefined) throw taken();
    const plan = await planned(deps.store, caller, wanted);
    await refuseRoles(deps, caller, CREATES, plan.grants.touched);
    return preview(deps, caller, accountFor(deps, caller, wanted, plan), { ...plan, isNew: true });
  }
  const act = accountAct('Manage', known.id);
  await viewOne(deps, caller, { ...act, locate: async () => known });
  const { plan } = await readyToUpdate(deps, caller, wanted, known);
  const account = changedBy(known, wanted, plan.owner, deps.clock.now());
  return preview(deps, caller, account, { ...plan, isNew: false });
}

type Would = AccountPlan & { readonly isNew: boolean };

/** As the view will be once it is written; one that is new begins active. */
async function preview(deps: Deps, caller: Caller, account: VirtualAccount, would: Would) {
  const { owner, grants } = would;
  const view = await viewOf(deps.store, caller, account);
  const gone = new Set<unknown>(grants.gone.map(({ id }) => id));
  const given = grants.missing.map((one) => ({
    ...{ ...one, id: newId(deps) as GrantId, subject: account.id, binding: undefined },
  }));
  const kept = view.grants.filter(({ id }) => !gone.has(id));
  const shown = await shownGrants(deps.store, caller, given);
  const mappings = await shownAs(deps.store, caller, would.mappings);
  const isActive = would.isNew || view.isActive;
  return { ...view, isActive, grants: [...kept, ...shown], mappings, team: owner };
}

const named = ({ store }: Deps, { tenant }: Caller, { name }: WantedAccount) =>
  store.virtualAccounts.byName(tenant.id, name);

/** Whoever may neither change it nor make one is told the same, whether or not it is there. */
const managed = ({ rights }: Caller, { id }: VirtualAccount): boolean => {
  const { action, resource } = accountAct('Manage', id);
  return allows(rights, action, resource);
};

const taken = (): Refusal =>
  new Refusal('conflict', 'A virtual account with this name already exists. Use a different name.');
