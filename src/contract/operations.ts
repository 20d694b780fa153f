import { composed } from './compose.ts';
import { ACCESS_OPERATIONS } from './own/access.ts';
import { AUTHORIZATION_SERVER_OPERATIONS } from './own/authorization-server.ts';
import { CALLER_OPERATIONS } from './own/caller.ts';
import { IDENTITY_PROVIDER_OPERATIONS } from './own/identity-provider.ts';
import { SIGNING_KEY_OPERATIONS } from './own/signing-key.ts';
import { TEAM_REMOVAL_OPERATIONS } from './own/team.ts';
import { TOKEN_OPERATIONS } from './own/token.ts';
import { TOKEN_SETTINGS_OPERATIONS } from './own/token-settings.ts';
import { OWN_USER_OPERATIONS } from './own/user.ts';
import { OWN_VIRTUAL_ACCOUNT_OPERATIONS } from './own/virtual-account.ts';
import { COLLABORATOR_OPERATIONS } from './wire/collaborator.ts';
import { DEPLOYMENT_OPERATIONS } from './wire/deployment.ts';
import { DEVICE_LOGIN_OPERATIONS } from './wire/device-login.ts';
import { PERSONAL_ACCESS_TOKEN_OPERATIONS } from './wire/personal-access-token.ts';
import { ROLE_OPERATIONS } from './wire/role.ts';
import { ROLE_BINDING_OPERATIONS } from './wire/role-binding.ts';
import { SESSION_OPERATIONS } from './wire/session.ts';
import { TEAM_OPERATIONS } from './wire/team.ts';
import { TENANT_OPERATIONS } from './wire/tenant.ts';
import { USER_OPERATIONS } from './wire/user.ts';
import { VIRTUAL_ACCOUNT_OPERATIONS } from './wire/virtual-account.ts';
import { WORKSPACE_OPERATIONS } from './wire/workspace.ts';

/** Every public operation, once; one file per noun. What is no such row stands in `entrances.ts`. */
export const OPERATIONS = composed(
  TENANT_OPERATIONS,
  DEVICE_LOGIN_OPERATIONS,
  SESSION_OPERATIONS,
  PERSONAL_ACCESS_TOKEN_OPERATIONS,
  VIRTUAL_ACCOUNT_OPERATIONS,
  OWN_VIRTUAL_ACCOUNT_OPERATIONS,
  IDENTITY_PROVIDER_OPERATIONS,
  USER_OPERATIONS,
  OWN_USER_OPERATIONS,
  TEAM_OPERATIONS,
  TEAM_REMOVAL_OPERATIONS,
  ROLE_OPERATIONS,
  ROLE_BINDING_OPERATIONS,
  COLLABORATOR_OPERATIONS,
  ACCESS_OPERATIONS,
  WORKSPACE_OPERATIONS,
  DEPLOYMENT_OPERATIONS,
  CALLER_OPERATIONS,
  TOKEN_OPERATIONS,
  TOKEN_SETTINGS_OPERATIONS,
  SIGNING_KEY_OPERATIONS,
  AUTHORIZATION_SERVER_OPERATIONS,
);
export type OperationId = keyof typeof OPERATIONS;
export const OPERATION_IDS = Object.keys(OPERATIONS) as readonly OperationId[];
