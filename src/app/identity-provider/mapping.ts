import type { Caller } from '#domain/caller.ts';
import { IDENTITY_PROVIDER_NAME, type IdentityProvider, type IdentityProviderName } from '#domain/identity-provider.ts';
import { CLAIM_CHARS_MAX, isClaimText, MAPPINGS_MAX } from '#domain/identity-provider-claims.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Moved } from '#ports/changes.ts';
import type { Mapped, Mapping } from '#ports/identity-providers.ts';
import type { Store, Transaction } from '#ports/store.ts';

/** As a manifest says it: the provider by its name, or by its FQN, which is `<tenant>:<name>`. */
export type WantedMapping = { readonly provider: string; readonly value: string };
export type ShownMapping = { readonly provider: Pick<IdentityProvider, 'id' | 'name'>; readonly value: string };

type Reads = Pick<Store, 'identityProviders'>;

export async function plannedMappings(
  { identityProviders }: Reads,
  caller: Caller,
  wanted: readonly WantedMapping[],
): Promise<readonly Mapping[]> {
  if (wanted.length > MAPPINGS_MAX) throw wrong(`There can be ${MAPPINGS_MAX} mappings at most.`);
  const mappings = new Map<string, Mapping>();
  for (const { provider: name, value } of wanted) {
    const provider = nameIn(caller, name) && (await identityProviders.byName(caller.tenant.id, nameIn(caller, name)));
    if (!provider) throw wrong(`There is no identity provider ${name.slice(0, NAME_CHARS_MAX)}.`);
    if (!isClaimText(value)) throw wrong(`A value has 1 to ${CLAIM_CHARS_MAX} characters, and no controls.`);
    mappings.set(`${provider.id} ${value}`, { provider: provider.id, value });
  }
  return [...mappings.values()];
}

const NAME_CHARS_MAX = 100;
/** No name has it, so it finds nothing. */
const NONE = '' as IdentityProviderName;

function nameIn({ tenant }: Caller, text: string): IdentityProviderName {
  const own = `${tenant.name}:`;
  const name = text.startsWith(own) ? text.slice(own.length) : text;
  return IDENTITY_PROVIDER_NAME.test(name) ? (name as IdentityProviderName) : NONE;
}

/** In the transaction. What was believed of these providers is looked at anew. */
export async function putMappings(
  tx: Transaction,
  { tenant }: Caller,
  mapped: Mapped,
  mappings: readonly Mapping[],
): Promise<readonly Moved[]> {
  const before = await tx.identityProviders.mappingsOf(tenant.id, [mapped.id]);
  const taken = await tx.identityProviders.setMappings(tenant.id, mapped, mappings);
  if (taken !== undefined) throw inUse(taken);
  const providers = new Set([...before, ...mappings].map(({ provider }) => provider));
  return [...providers].map((id) => ({ kind: 'provider', id }));
}

/** By the id of whoever is mapped. */
export async function shownMappings(
  reads: Reads,
  caller: Caller,
  ids: readonly Mapped['id'][],
): Promise<ReadonlyMap<Mapped['id'], readonly ShownMapping[]>> {
  const shown = await shownAs(reads, caller, await reads.identityProviders.mappingsOf(caller.tenant.id, ids));
  return Map.groupBy(shown, ({ mapped }) => mapped.id);
}

/** With what their providers are called. */
export async function shownAs<Given extends Mapping>(
  { identityProviders }: Reads,
  { tenant }: Caller,
  mappings: readonly Given[],
): Promise<readonly (Omit<Given, 'provider'> & ShownMapping)[]> {
  if (mappings.length === 0) return [];
  const providers = new Map((await identityProviders.list(tenant.id)).map((one) => [one.id, one]));
  return mappings.flatMap((mapping) => {
    const provider = providers.get(mapping.provider);
    return provider === undefined ? [] : [{ ...mapping, provider: { id: provider.id, name: provider.name } }];
  });
}

const wrong = (message: string): Refusal =>
  new Refusal('unprocessable', message, { problems: [{ field: 'identity_provider_mapping', problem: message }] });

const inUse = ({ value }: Mapping): Refusal =>
  new Refusal(
    'conflict',
    `Another is mapped by this provider and the value ${value.slice(0, NAME_CHARS_MAX)} already.`,
  );
