import type { Caller } from '#domain/caller.ts';
import type { PrincipalId } from '#domain/principal.ts';
import type { Deps } from '../deps.ts';
import { changeAccount } from './upon.ts';
import { type AccountView, viewOf } from './view.ts';

/** Nothing of the account is accepted until it is thawed; its values stay, and may end meanwhile. */
export const freezeAccount = (deps: Deps, caller: Caller, id: PrincipalId) => turn(deps, caller, id, false);

/** What stood before stands again, as far as its own dates allow. */
export const thawAccount = (deps: Deps, caller: Caller, id: PrincipalId) => turn(deps, caller, id, true);

function turn(deps: Deps, caller: Caller, id: PrincipalId, active: boolean): Promise<AccountView> {
  return changeAccount(deps, caller, { verb: 'Manage', id }, async (tx, held) => {
    await tx.principals.setActive(caller.tenant.id, id, active, deps.clock.now());
    const details = { active };
    return { result: await viewOf(tx, caller, held), details, moved: [{ kind: 'principal', id }] };
  });
}
