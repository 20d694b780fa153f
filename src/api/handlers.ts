import type { OPERATIONS } from '#contract/operations.ts';
import type { Handlers } from './handler.ts';
import { accessHandlers } from './own/access.ts';
import { authorizationServerHandlers } from './own/authorization-server.ts';
import { callerHandlers } from './own/caller.ts';
import { identityProviderHandlers } from './own/identity-provider.ts';
import { signingKeyHandlers } from './own/signing-key.ts';
import { teamRemovalHandlers } from './own/team.ts';
import { tokenHandlers } from './own/token.ts';
import { tokenSettingsHandlers } from './own/token-settings.ts';
import { ownUserHandlers } from './own/user.ts';
import { ownVirtualAccountHandlers } from './own/virtual-account.ts';
import { collaboratorHandlers } from './wire/collaborator.ts';
import { deploymentHandlers } from './wire/deployment.ts';
import { deviceLoginHandlers } from './wire/device-login.ts';
import { personalAccessTokenHandlers } from './wire/personal-access-token.ts';
import { roleHandlers } from './wire/role.ts';
import { roleBindingHandlers } from './wire/role-binding.ts';
import { sessionHandlers } from './wire/session.ts';
import { teamHandlers } from './wire/team.ts';
import { tenantHandlers } from './wire/tenant.ts';
import { userHandlers } from './wire/user.ts';
import { virtualAccountHandlers } from './wire/virtual-account.ts';
import { workspaceHandlers } from './wire/workspace.ts';

export const HANDLERS: Handlers<typeof OPERATIONS> = {
  ...tenantHandlers,
  ...deviceLoginHandlers,
  ...sessionHandlers,
  ...personalAccessTokenHandlers,
  ...virtualAccountHandlers,
  ...ownVirtualAccountHandlers,
  ...identityProviderHandlers,
  ...userHandlers,
  ...teamHandlers,
  ...teamRemovalHandlers,
  ...ownUserHandlers,
  ...roleHandlers,
  ...roleBindingHandlers,
  ...collaboratorHandlers,
  ...accessHandlers,
  ...workspaceHandlers,
  ...deploymentHandlers,
  ...callerHandlers,
  ...tokenHandlers,
  ...tokenSettingsHandlers,
  ...signingKeyHandlers,
  ...authorizationServerHandlers,
};
