import { listWorkspaces } from '#app/workspace/list.ts';
import type { WORKSPACE_OPERATIONS } from '#contract/wire/workspace.ts';
import type { Handlers } from '../handler.ts';

export const workspaceHandlers: Handlers<typeof WORKSPACE_OPERATIONS> = {
  wireListWorkspaces: async (api, caller, { limit, offset }) => ({
    data: [...(await listWorkspaces(api, caller))],
    pagination: { total: 0, offset, limit },
  }),
};
