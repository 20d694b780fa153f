import type { Caller } from '#domain/caller.ts';
import type { PrincipalId } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { GRACE_MS_MAX, type VirtualAccount } from '#domain/virtual-account.ts';
import type { Store } from '#ports/store.ts';
import type { Deps } from '../deps.ts';
import { refuseByToken } from '../token/limits.ts';
import { type AccountValue, mintFor, replaceValue } from './next-value.ts';
import { accountAct, changeAccount } from './upon.ts';
import { type AccountView, viewOf } from './view.ts';

export type Regenerated = { readonly view: AccountView; readonly value: Sensitive };

/** A new value, at once the current one. The others work for the grace, those that have less left for that; 0 ends them all. */
export function regenerateToken(deps: Deps, caller: Caller, id: PrincipalId, graceMs: number): Promise<Regenerated> {
  const prepare = async (account: VirtualAccount) => {
    await refuseByToken(deps, caller, accountAct('Manage', id));
    await refuseMapped(deps.store, caller, id);
    return mintFor(deps, caller, account);
  };
  refuseGrace(graceMs);
  return changeAccount(deps, caller, { verb: 'Manage', id, prepare }, async (tx, held, value: AccountValue) => {
    await refuseMapped(tx, caller, id);
    const grace = { now: deps.clock.now(), graceMs };
    const { account, generation, retired } = await replaceValue(tx, caller, held, value, grace);
    const view = await viewOf(tx, caller, account);
    const details = { preview: value.token.preview, generation, ...(retired.length > 0 && { superseded: retired }) };
    const moved = retired.map((token) => ({ kind: 'token', id: token }) as const);
    return { result: { view, value: value.value }, details, moved };
  });
}

/** The words of the public product. */
async function refuseMapped(
  { identityProviders }: Pick<Store, 'identityProviders'>,
  { tenant }: Caller,
  id: PrincipalId,
) {
  if ((await identityProviders.mappingsOf(tenant.id, [id])).length === 0) return;
  throw new Refusal(
    'unprocessable',
    'The token of a virtual account with an identity provider mapping cannot be regenerated.',
  );
}

function refuseGrace(graceMs: number): void {
  if (graceMs >= 0 && graceMs <= GRACE_MS_MAX) return;
  throw new Refusal('invalid_request', 'A grace period is 0 to 365 days.', {
    problems: [{ field: 'gracePeriodInMinutes', problem: 'must be 0 to 525600 minutes, which are 365 days' }],
  });
}
