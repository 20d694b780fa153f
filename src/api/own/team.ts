import { teamRemoval } from '#app/team/removal.ts';
import type { TEAM_REMOVAL_OPERATIONS } from '#contract/own/team.ts';
import { parseId } from '#domain/id.ts';
import type { Handlers } from '../handler.ts';

export const teamRemovalHandlers: Handlers<typeof TEAM_REMOVAL_OPERATIONS> = {
  ownGetTeamRemoval: async (api, caller, { id, limit, offset }) => {
    const { team, tokenCount, losses, total } = await teamRemoval(api, caller, parseId(id), { limit, offset });
    const data = losses.map(({ principal, holdings, actions }) => ({
      ...{ id: principal.id, name: principal.name, actions: [...actions] },
      roles: holdings.map(({ role, resource }) => ({ id: role.id, name: role.name, resource })),
    }));
    const pagination = { total, offset, limit };
    return { team: { id: team.id, name: team.name }, tokens: tokenCount, data, pagination };
  },
};
