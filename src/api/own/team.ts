import { teamRemoval } from '#app/team/removal.ts';
import type { TEAM_REMOVAL_OPERATIONS } from '#contract/own/team.ts';
import { parseId } from '#domain/id.ts';
import type { Handlers } from '../handler.ts';

export const teamRemovalHandlers: Handlers<typeof TEAM_REMOVAL_OPERATIONS> = {
  ownGetTeamRemoval: async (api, caller, { id, limit, offset }) => {
    const page = { limit, offset };
    const { team, tokenCount, accountCount, losses, total } = await teamRemoval(api, caller, parseId(id), page);
    const data = losses.map(({ principal, holdings, actions }) => ({
      ...{ id: principal.id, name: principal.name, actions: [...actions] },
      roles: holdings.map(({ role, resource }) => ({ id: role.id, name: role.name, resource })),
    }));
    const counts = { tokens: tokenCount, accounts: accountCount };
    return { team: { id: team.id, name: team.name }, ...counts, data, pagination: { total, ...page } };
  },
};
