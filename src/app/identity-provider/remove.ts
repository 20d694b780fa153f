import type { Caller } from '#domain/caller.ts';
import type { IdentityProviderId } from '#domain/identity-provider.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Deps } from '../deps.ts';
import { change } from '../doors.ts';
import { untilNotOvertaken } from '../overtaken.ts';
import { heldProvider, providerAct, refuseLesser } from './upon.ts';

type Removal = {
  readonly id: IdentityProviderId;
  /** Accounts and teams that are mapped by it lose that. */
  readonly isForced: boolean;
};

/** For good: none of its tokens is believed any more. How many accounts and teams were mapped by it. */
export function removeProvider(deps: Deps, caller: Caller, { id, isForced }: Removal): Promise<number> {
  const tenant = caller.tenant.id;
  const act = providerAct(id);
  const locate = () => deps.store.identityProviders.get(tenant, id);
  const prepare = () => refuseLesser(deps, caller, act);
  return untilNotOvertaken(() =>
    change(deps, caller, { ...act, locate, prepare }, async (tx) => {
      await heldProvider(tx, caller, { id });
      const mapped = await tx.identityProviders.countMapped(tenant, id);
      if (mapped > 0 && !isForced) throw inUse(mapped);
      await tx.identityProviders.remove(tenant, id);
      return { result: mapped, details: { mapped }, moved: [{ kind: 'provider', id }] };
    }),
  );
}

const inUse = (mapped: number): Refusal =>
  new Refusal(
    'conflict',
    `Virtual accounts or teams are mapped by this identity provider (${mapped}). Take it out of them first, or ask with force=true.`,
  );
