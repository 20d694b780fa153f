import type { Caller } from '#domain/caller.ts';
import type { IdentityProvider, IdentityProviderId } from '#domain/identity-provider.ts';
import type { Deps } from '../deps.ts';
import { view, viewOne } from '../doors.ts';

const LISTS = 'identity-provider:ListIdentityProviders';

/** By name. */
export const listProviders = (deps: Deps, caller: Caller): Promise<readonly IdentityProvider[]> =>
  view(deps, caller, { action: LISTS, collection: 'identity-provider/' }, () =>
    deps.store.identityProviders.list(caller.tenant.id),
  );

export const getProvider = (deps: Deps, caller: Caller, id: IdentityProviderId): Promise<IdentityProvider> =>
  viewOne(deps, caller, {
    action: LISTS,
    resource: `identity-provider/${id}`,
    locate: () => deps.store.identityProviders.get(caller.tenant.id, id),
  });
