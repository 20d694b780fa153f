import type { Caller } from '#domain/caller.ts';
import { parseId } from '#domain/id.ts';
import { programPrincipal } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import { EVERYONE, type Team, type TeamId, type TeamName } from '#domain/team.ts';
import type { Tenant } from '#domain/tenant.ts';

/** All users of a tenant, as a team. It has no row: nobody made it, and no date is kept of when. */
export const everyoneOf = ({ id }: Tenant): Team => ({
  ...{ id: parseId(id), name: EVERYONE as TeamName, displayName: undefined, description: 'All users.', tags: {} },
  ...{ createdBy: programPrincipal('setup').id, createdAt: 0, updatedAt: 0 },
});

export const isEveryone = ({ tenant }: Pick<Caller, 'tenant'>, id: TeamId): boolean => id === parseId(tenant.id);

/** Whether the caller is one of them: it holds users alone. */
export const isOfEveryone = ({ principal }: Caller): boolean => principal.kind === 'user';

export const everyoneStays = (): Refusal =>
  new Refusal('conflict', 'The team everyone holds all users: nobody joins or leaves it, and it stays.');
