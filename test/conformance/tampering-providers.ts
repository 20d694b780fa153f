import type { Deps } from '#app/deps.ts';
import { newId } from '#app/new-id.ts';
import type { Caller } from '#domain/caller.ts';
import type { ExternalIdentity } from '#domain/external-identity.ts';
import { type IdentityProvider, parseProvider } from '#domain/identity-provider.ts';
import type { PrincipalId } from '#domain/principal.ts';
import type { TeamId } from '#domain/team.ts';
import type { Tenant } from '#domain/tenant.ts';
import { about, type Question } from './tampering-holdings.ts';

/* Whose word somebody has others believe, whom it makes of whom, and all that can be asked of it. */

/** Their account is mapped by what it is called, and their team by its group; they themselves are found by their address. */
export async function providerOf(deps: Deps, { tenant, principal }: Caller, account: PrincipalId, team: TeamId) {
  const who = principal.name.slice(0, 3);
  const issuer = `https://${who}.idp.example`;
  const said = { name: `${who}-builds`, issuer, jwksUri: `${issuer}/keys`, audiences: [`${who}-countersign`] };
  const made = { createdBy: principal.id, createdAt: deps.clock.now(), updatedAt: deps.clock.now() };
  const provider: IdentityProvider = {
    ...{ ...parseProvider({ ...said, emailClaim: 'email', teamClaim: 'groups' }), id: newId(deps), ...made },
  };
  await deps.store.transact(async ({ identityProviders }) => {
    const by = (value: string) => [{ provider: provider.id, value }];
    await identityProviders.insert(tenant.id, provider);
    await identityProviders.setMappings(tenant.id, { kind: 'virtual_account', id: account }, by(`${who}-robot`));
    await identityProviders.setMappings(tenant.id, { kind: 'team', id: team }, by(`${who}-group`));
  });
  return { provider, account, team, who, email: principal.name };
}
export type OwnProvider = Awaited<ReturnType<typeof providerOf>>;

/** What a tenant, that of the provider or another, says of it. */
export function ofProviderIn({ store }: Deps, { id, name: tenant }: Tenant, own: OwnProvider): readonly Question[] {
  const { provider, account, team, who, email } = own;
  const { identityProviders } = store;
  const end = { expiresAt: provider.createdAt + 1_000 };
  const known = (said: Omit<ExternalIdentity, 'expiresAt'>) => () =>
    identityProviders.known(id, provider.id, { ...said, ...end });
  const asked: Readonly<Record<string, Question['ask']>> = {
    'that is asked for': () => identityProviders.get(id, provider.id),
    'by name': () => identityProviders.byName(id, provider.name),
    'among all': () => identityProviders.list(id),
    'whom it maps': () => identityProviders.mappingsOf(id, [account, team]),
    'the account that it names': known({ subject: `${who}-robot`, email: undefined, teams: [] }),
    'the user whom it names': known({ subject: 'nobody', email, teams: [`${who}-group`] }),
  };
  return Object.entries(asked).map(([what, ask]) => about(`${provider.name} in ${tenant}, ${what}`, ask));
}

/** Of its own tenant alone: how many there are is only told to whoever would remove it. */
export const ofProviders = ({ store }: Deps, { id }: Tenant, { provider }: OwnProvider): readonly Question[] => [
  about(`how many ${provider.name} maps`, () => store.identityProviders.countMapped(id, provider.id)),
  about(`whom to ask about a token of ${provider.issuer}`, () =>
    store.identityProviders.believing(provider.issuer, provider.audiences),
  ),
];
