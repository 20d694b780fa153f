import type { Act } from '#domain/audit.ts';
import type { Caller } from '#domain/caller.ts';
import { TENANT_WIDE } from '#domain/grant.ts';
import type { IdentityProvider, IdentityProviderId } from '#domain/identity-provider.ts';
import { PERMISSIONS } from '#domain/permission.ts';
import { lacking } from '#domain/rights.ts';
import type { Store, Transaction } from '#ports/store.ts';
import { refuseBeyond } from '../beyond.ts';
import type { Deps } from '../deps.ts';
import { Overtaken } from '../overtaken.ts';
import { heldBy } from '../user/upon.ts';

/*
 * Whoever says whose tokens are believed can be anybody: every user who has an address, every account that is mapped. So it
 * takes everything that can be held.
 */

export const providerAct = (id: IdentityProviderId | '') =>
  ({ action: 'identity-provider:ManageIdentityProviders', resource: `identity-provider/${id}` }) as const;

const missing = async (reads: Pick<Store, 'grants'>, caller: Caller) =>
  [...new Set((await heldBy(reads, caller)).flatMap((rights) => lacking(rights, PERMISSIONS, TENANT_WIDE)))].sort();

/** Before the transaction, and in words. */
export const refuseLesser = async (deps: Deps, caller: Caller, act: Act): Promise<void> =>
  refuseBeyond(deps, caller, act, await missing(deps.store, caller));

/** In the transaction. The tenant is held: two who change providers come one after the other. */
export async function stillAdministers(tx: Transaction, caller: Caller): Promise<void> {
  await tx.tenants.hold(caller.tenant.id);
  if ((await missing(tx, caller)).length > 0) throw new Overtaken();
}

/** The provider as it stands. */
export async function heldProvider(
  tx: Transaction,
  caller: Caller,
  { id }: Pick<IdentityProvider, 'id'>,
): Promise<IdentityProvider> {
  await stillAdministers(tx, caller);
  const provider = await tx.identityProviders.get(caller.tenant.id, id);
  if (provider === undefined) throw new Overtaken();
  return provider;
}
