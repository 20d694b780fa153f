import type { Invoke } from '#contract/invoke.ts';
import type { OwnProvider } from '#contract/own/identity-provider.ts';
import { refused } from './exit.ts';
import { fields } from './printable.ts';
import { minuteOf } from './when.ts';

export const allProviders = async (invoke: Invoke): Promise<readonly OwnProvider[]> =>
  (await invoke('ownListProviders', {})).data;

/** The one that a person means by its name or its id. */
export async function providerBy(invoke: Invoke, word: string): Promise<OwnProvider> {
  const found = (await allProviders(invoke)).find(({ name, id }) => name === word || id === word);
  if (found === undefined) throw refused('There is no such identity provider. See: countersign idp list');
  return found;
}

export const keysOf = ({ jwksUri, jwks }: OwnProvider): string => jwksUri ?? `${jwks?.keys.length} uploaded`;

export function providerLines(provider: OwnProvider): readonly string[] {
  const { lifetimeSecondsMax: lifetime } = provider;
  return fields({
    ...{ Name: provider.name, ID: provider.id, State: provider.enabled ? 'enabled' : 'disabled' },
    ...{ Issuer: provider.issuer, Keys: keysOf(provider), Audiences: provider.audiences.join(', ') },
    ...{ Algorithms: provider.algorithms.join(', '), 'Clock skew': `${provider.clockSkewSeconds} s` },
    'Lifetime at most': lifetime === null ? 'any' : `${lifetime} s`,
    ...{ 'Subject claim': provider.subjectClaim, 'E-mail claim': provider.emailClaim ?? 'none: it names no users' },
    'Team claim': provider.teamClaim ?? 'none',
    Changed: minuteOf(provider.updatedAt),
  });
}

/** All that can be said of it, as it stands. */
export function definitionOf(provider: OwnProvider) {
  const { id: _, createdBy: __, createdAt: ___, updatedAt: ____, ...definition } = provider;
  return definition;
}
