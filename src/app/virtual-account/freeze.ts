import type { Caller } from '#domain/caller.ts';
import type { PrincipalId } from '#domain/principal.ts';
import type { VirtualAccount } from '#domain/virtual-account.ts';
import type { Deps } from '../deps.ts';
import { change } from '../doors.ts';
import { untilNotOvertaken } from '../overtaken.ts';
import { accountAct, heldAccount, refuseBeyondAccount } from './upon.ts';
import { type AccountView, viewOf } from './view.ts';

/** Nothing of the account is accepted until it is thawed; its values stay, and may end meanwhile. */
export const freezeAccount = (deps: Deps, caller: Caller, id: PrincipalId) => turn(deps, caller, id, false);

/** What stood before stands again, as far as its own dates allow. */
export const thawAccount = (deps: Deps, caller: Caller, id: PrincipalId) => turn(deps, caller, id, true);

function turn(deps: Deps, caller: Caller, id: PrincipalId, active: boolean): Promise<AccountView> {
  const tenant = caller.tenant.id;
  const act = accountAct('Manage', id);
  const locate = () => deps.store.virtualAccounts.get(tenant, id);
  const prepare = (account: VirtualAccount) => refuseBeyondAccount(deps, caller, act, account);
  return untilNotOvertaken(() =>
    change(deps, caller, { ...act, locate, prepare }, async (tx) => {
      const held = await heldAccount(tx, caller, act, { id });
      await tx.principals.setActive(tenant, id, active, deps.clock.now());
      const details = { active };
      return { result: await viewOf(tx, caller, held), details, moved: [{ kind: 'principal', id }] };
    }),
  );
}
