import { type Explanation, explainToken } from '#app/identity-provider/explain.ts';
import { getProvider, listProviders } from '#app/identity-provider/list.ts';
import { removeProvider } from '#app/identity-provider/remove.ts';
import { createProvider, updateProvider } from '#app/identity-provider/save.ts';
import type {
  IDENTITY_PROVIDER_OPERATIONS,
  OwnExplanation,
  OwnProvider,
  SaidOfProvider,
} from '#contract/own/identity-provider.ts';
import { wireDate } from '#contract/wire/date.ts';
import type { ExternalIdentity } from '#domain/external-identity.ts';
import { parseId } from '#domain/id.ts';
import { type IdentityProvider, type ProviderDefinition, parseProvider } from '#domain/identity-provider.ts';
import { Sensitive } from '#domain/sensitive.ts';
import type { Handlers } from '../handler.ts';

export const identityProviderHandlers: Handlers<typeof IDENTITY_PROVIDER_OPERATIONS> = {
  ownListProviders: async (api, caller) => ({ data: (await listProviders(api, caller)).map(rowOf) }),
  ownCreateProvider: async (api, caller, said) => ({
    provider: rowOf(await createProvider(api, caller, definitionIn(said))),
  }),
  ownGetProvider: async (api, caller, { id }) => ({ provider: rowOf(await getProvider(api, caller, parseId(id))) }),
  ownPutProvider: async (api, caller, { id, ...said }) => ({
    provider: rowOf(await updateProvider(api, caller, parseId(id), definitionIn(said))),
  }),
  ownDeleteProvider: async (api, caller, { id, force = false }) => ({
    mapped: await removeProvider(api, caller, { id: parseId(id), isForced: force }),
  }),
  ownTestProvider: async (api, caller, { id, token }) =>
    explanationOf(await explainToken(api, caller, parseId(id), new Sensitive(token))),
};

const definitionIn = ({ enabled, ...said }: SaidOfProvider): ProviderDefinition =>
  parseProvider({
    ...{ name: said.name, issuer: said.issuer, audiences: said.audiences, isEnabled: enabled ?? undefined },
    ...{ jwksUri: said.jwksUri ?? undefined, jwks: said.jwks ?? undefined, algorithms: said.algorithms ?? undefined },
    clockSkewSeconds: said.clockSkewSeconds ?? undefined,
    lifetimeSecondsMax: said.lifetimeSecondsMax ?? undefined,
    subjectClaim: said.subjectClaim ?? undefined,
    ...{ emailClaim: said.emailClaim ?? undefined, teamClaim: said.teamClaim ?? undefined },
  });

const rowOf = ({ keys, ...provider }: IdentityProvider): OwnProvider => ({
  ...{ id: provider.id, name: provider.name, enabled: provider.isEnabled, issuer: provider.issuer },
  jwksUri: keys.from === 'url' ? keys.jwksUri : null,
  jwks: keys.from === 'upload' ? { keys: keys.jwks.keys.map((key) => ({ ...key })) } : null,
  ...{ audiences: [...provider.audiences], algorithms: [...provider.algorithms] },
  clockSkewSeconds: provider.clockSkewSeconds,
  lifetimeSecondsMax: provider.lifetimeSecondsMax ?? null,
  ...{ subjectClaim: provider.subjectClaim, emailClaim: provider.emailClaim ?? null },
  ...{ teamClaim: provider.teamClaim ?? null, createdBy: provider.createdBy },
  ...{ createdAt: wireDate(provider.createdAt), updatedAt: wireDate(provider.updatedAt) },
});

const explanationOf = ({ accepted, steps, identity, principal }: Explanation): OwnExplanation => ({
  accepted,
  steps: steps.map(({ step, passed, about }) => ({ step, passed, about: about ?? null })),
  identity: identity === undefined ? null : identityOf(identity),
  principal: principal === undefined ? null : { id: principal.id, kind: principal.kind, name: principal.name },
});

const identityOf = ({ subject, email, teams, expiresAt }: ExternalIdentity) => ({
  ...{ subject, email: email ?? null, teams: [...teams], expiresAt: wireDate(expiresAt) },
});
