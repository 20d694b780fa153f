import type { Principal } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import type { TeamId } from '#domain/team.ts';
import type { Tenant } from '#domain/tenant.ts';
import type { PersonalAccessToken } from '#domain/token.ts';
import type { Store, Transaction } from '#ports/store.ts';
import { Overtaken } from '../overtaken.ts';

const NAME_CHARS_MAX = 40;

/**
 * The team that a token is put down to. Only its owner's own: whoever could put theirs down to another would put what it
 * costs there. `everyone` is nobody in particular.
 */
export async function teamNamed(
  { teams }: Pick<Store, 'teams'>,
  tenant: Tenant,
  owner: Principal,
  name: string | undefined,
): Promise<TeamId | undefined> {
  if (name === undefined) return undefined;
  const found = (await teams.ofPrincipal(tenant.id, owner.id)).find(({ team }) => team.name === name);
  if (found !== undefined) return found.team.id;
  const given = name.slice(0, NAME_CHARS_MAX);
  throw new Refusal(
    'invalid_request',
    `${owner.name} is in no team ${given}. Name a team of theirs, or leave it out.`,
    {
      problems: [{ field: 'teamName', problem: 'must name a team to which the owner belongs, and not everyone' }],
    },
  );
}

/** In the transaction: the owner is in it still, and it stays until this is written. */
export async function keepTeam(tx: Transaction, tenant: Tenant, { owner, team }: PersonalAccessToken): Promise<void> {
  if (team === undefined) return;
  await tx.teams.hold(tenant.id, team);
  const theirs = await tx.teams.ofPrincipal(tenant.id, owner);
  if (!theirs.some((belongs) => belongs.team.id === team)) throw new Overtaken();
}
