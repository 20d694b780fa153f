import type { OPERATIONS } from '#contract/operations.ts';
import type { Handlers } from './handler.ts';
import { callerHandlers } from './own/caller.ts';
import { personalAccessTokenHandlers } from './wire/personal-access-token.ts';
import { sessionHandlers } from './wire/session.ts';
import { tenantHandlers } from './wire/tenant.ts';
import { userHandlers } from './wire/user.ts';
import { workspaceHandlers } from './wire/workspace.ts';

export const HANDLERS: Handlers<typeof OPERATIONS> = {
  ...tenantHandlers,
  ...sessionHandlers,
  ...personalAccessTokenHandlers,
  ...userHandlers,
  ...workspaceHandlers,
  ...callerHandlers,
};
