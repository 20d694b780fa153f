import { ownFingerprints, refuseOurOwn } from '#crypto/external-jwt-keys.ts';
import type { Caller } from '#domain/caller.ts';
import type { IdentityProvider, IdentityProviderId, ProviderDefinition } from '#domain/identity-provider.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Taken } from '#ports/identity-providers.ts';
import type { Deps } from '../deps.ts';
import { change, made } from '../doors.ts';
import { newId } from '../new-id.ts';
import { untilNotOvertaken } from '../overtaken.ts';
import { heldProvider, providerAct, refuseLesser, stillAdministers } from './upon.ts';

/** From the moment when this returns, the tokens that it says are believed, and of nobody whom nobody maps. */
export function createProvider(deps: Deps, caller: Caller, definition: ProviderDefinition): Promise<IdentityProvider> {
  const now = deps.clock.now();
  const times = { createdAt: now, updatedAt: now };
  const id = newId<'IdentityProvider'>(deps);
  const provider = { ...definition, id, createdBy: caller.principal.id, ...times };
  const act = providerAct('');
  const prepare = () => ready(deps, caller, act, definition);
  return untilNotOvertaken(() =>
    change(deps, caller, { ...act, locate: made, prepare }, async (tx) => {
      await stillAdministers(tx, caller);
      refuseTaken(await tx.identityProviders.insert(caller.tenant.id, provider));
      return { result: provider, resource: `identity-provider/${id}`, moved: [{ kind: 'provider', id }] };
    }),
  );
}

/** Tokens that were believed by what it said before are judged anew. */
export function updateProvider(
  deps: Deps,
  caller: Caller,
  id: IdentityProviderId,
  definition: ProviderDefinition,
): Promise<IdentityProvider> {
  const act = providerAct(id);
  const locate = () => deps.store.identityProviders.get(caller.tenant.id, id);
  const prepare = () => ready(deps, caller, act, definition);
  return untilNotOvertaken(() =>
    change(deps, caller, { ...act, locate, prepare }, async (tx) => {
      const held = await heldProvider(tx, caller, { id });
      const updatedAt = Math.max(deps.clock.now(), held.updatedAt + 1); // what was believed as of it is told by it, whatever clocks do
      const provider = { ...held, ...definition, updatedAt };
      refuseTaken(await tx.identityProviders.update(caller.tenant.id, provider));
      return { result: provider, moved: [{ kind: 'provider', id }] };
    }),
  );
}

/** Uploaded keys are looked at here: fetched ones with each token. */
async function ready(deps: Deps, caller: Caller, act: ReturnType<typeof providerAct>, definition: ProviderDefinition) {
  await refuseLesser(deps, caller, act);
  refuseOurOwn(definition, { issuers: [deps.issuer()], fingerprints: ownFingerprints(deps.keyring) });
}

/** Of an audience that another tenant has nobody is told whose it is. */
const TAKEN: Readonly<Record<Taken, string>> = {
  name: 'An identity provider with this name already exists. Use a different name.',
  audience:
    'Tokens of this issuer for one of these audiences are another identity provider’s already. Give this server an audience of its own.',
};

function refuseTaken(taken: Taken | undefined): void {
  if (taken !== undefined) throw new Refusal('conflict', TAKEN[taken]);
}
