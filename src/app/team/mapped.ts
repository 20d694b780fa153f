import type { Caller } from '#domain/caller.ts';
import { builtIn } from '#domain/role.ts';
import type { TeamId } from '#domain/team.ts';
import type { Moved } from '#ports/changes.ts';
import type { Mapping } from '#ports/identity-providers.ts';
import type { Store, Transaction } from '#ports/store.ts';
import type { Weight } from '../grant/role.ts';
import type { Reads } from '../grant/subject.ts';
import { plannedMappings, putMappings, type WantedMapping } from '../identity-provider/mapping.ts';
import { weightOf } from './membership.ts';

/*
 * A group of somebody else's whose people belong to a team, for as long as a token says that they are in it. Whoever maps
 * it gives all of them what the team holds, as whoever takes somebody in does.
 */

export type MappingPlan = { readonly mappings: readonly Mapping[]; readonly isChange: boolean };

/** What a team is to be mapped by; one that is not there yet is mapped by nothing. */
export async function mappingPlan(
  reads: Pick<Store, 'identityProviders'>,
  caller: Caller,
  wanted: readonly WantedMapping[],
  team?: TeamId,
): Promise<MappingPlan> {
  const mappings = await plannedMappings(reads, caller, wanted);
  const standing = team === undefined ? [] : await reads.identityProviders.mappingsOf(caller.tenant.id, [team]);
  return { mappings, isChange: keysIn(standing) !== keysIn(mappings) };
}

const keysIn = (mappings: readonly Mapping[]): string =>
  JSON.stringify(mappings.map(({ provider, value }) => [provider, value]).sort());

/** To be in the team is what is given, or taken. */
export async function weightOfMappings(
  reads: Reads,
  caller: Caller,
  team: TeamId,
  { isChange }: MappingPlan,
): Promise<readonly Weight[]> {
  if (!isChange) return [];
  return [...(await weightOf(reads, caller, team)), { role: builtIn('team-member'), resource: `team/${team}` }];
}

/** In the transaction, of a team that is held. */
export const writeMappings = async (
  tx: Transaction,
  caller: Caller,
  id: TeamId,
  { mappings, isChange }: MappingPlan,
): Promise<readonly Moved[]> => (isChange ? putMappings(tx, caller, { kind: 'team', id }, mappings) : []);
