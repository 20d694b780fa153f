import type { Brand } from './brand.ts';
import { ID, type Id } from './id.ts';
import type { Instant } from './instant.ts';
import { PERMISSIONS, type Permission } from './permission.ts';
import type { PrincipalId } from './principal.ts';
import { Refusal } from './refusal.ts';

export type RoleName = Brand<string, 'RoleName'>;

/** A set of permissions that is granted as one. */
export type Role = {
  readonly id: RoleId;
  readonly name: string;
  readonly permissions: readonly Permission[];
};

/** One that a tenant has made. It is granted on the whole tenant. */
export type CustomRole = Role & {
  readonly id: Id<'Role'>;
  readonly name: RoleName;
  readonly displayName: string;
  readonly description: string;
  readonly createdBy: PrincipalId;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
};

/** On what a role can be granted. `account` is what some clients call the tenant. */
export type ResourceType =
  | 'tenant'
  | 'team'
  | 'secret-group'
  | 'provider-account'
  | 'provider-integration'
  | 'mcp-server'
  | 'virtual-account';

type BuiltIn = {
  readonly resourceType: ResourceType;
  readonly displayName: string;
  readonly description: string;
  readonly permissions: readonly Permission[];
  /** Comes with a membership, or with owning something, and is not granted by itself. */
  readonly isImplied?: true;
};

const OWN = [
  'personal-access-token:List',
  'personal-access-token:Create',
  'personal-access-token:Rename',
  'personal-access-token:Revoke',
  'workspace:ListWorkspaces',
] as const satisfies readonly Permission[];

const READS_TEAM = ['team:ReadTeam'] as const;
const MANAGES_ACCOUNT = [
  ...(['virtual-account:ReadVirtualAccount', 'virtual-account:ManageVirtualAccount'] as const),
  'virtual-account:DeleteVirtualAccount',
] as const;
const READS_GROUP = ['secret-group:ReadSecretGroup'] as const;
const USES_DATA = [...READS_GROUP, 'secret-group:ReadData', 'secret-group:WriteData'] as const;
const READS_SERVER = ['mcp-server:ReadMcpServer', 'mcp-server:UseMcpServer'] as const;
const USES_PROVIDER = ['provider-account:ReadProviderAccount', 'provider-account:UseIntegrations'] as const;

/** The ids are the public product's. */
const BUILT_IN_ROLES = {
  'tenant-admin': {
    resourceType: 'tenant',
    displayName: 'Tenant Admin',
    description: 'Everything in the tenant.',
    permissions: PERMISSIONS,
  },
  'tenant-member': {
    resourceType: 'tenant',
    displayName: 'Tenant Member',
    description: 'Tokens of their own; sees who else is there.',
    permissions: [...OWN, 'user:ListUsers', 'role:ListRoles'],
  },
  'metrics-reader': {
    resourceType: 'tenant',
    displayName: 'Metrics Reader',
    description: 'Reads what is measured in the server, as a scraper does.',
    permissions: ['metrics:Read'],
  },
  'token-introspector': {
    resourceType: 'tenant',
    displayName: 'Token Introspector',
    description: 'Asks whom a token speaks for that was presented to it, as a gateway does.',
    permissions: ['token:Introspect'],
  },
  'team-manager': {
    resourceType: 'team',
    displayName: 'Team Manager',
    description: 'Says who belongs to a team, and who manages it.',
    permissions: [...READS_TEAM, 'team:ManageTeam', 'tenant:AssignRole'],
  },
  'team-member': {
    resourceType: 'team',
    displayName: 'Team Member',
    description: 'Sees a team, and who belongs to it.',
    permissions: READS_TEAM,
    isImplied: true,
  },
  'virtual-account-manager': {
    resourceType: 'virtual-account',
    displayName: 'Virtual Account Manager',
    description: 'Changes, rotates and deletes a virtual account, and reads its token.',
    permissions: MANAGES_ACCOUNT,
    isImplied: true,
  },
  'secret-group-admin': {
    resourceType: 'secret-group',
    displayName: 'Secret Group Admin',
    description: 'Reads, writes, shares and deletes a secret group.',
    permissions: [
      ...USES_DATA,
      ...(['secret-group:ManageSecretGroup', 'secret-group:DeleteSecretGroup', 'tenant:AssignRole'] as const),
    ],
  },
  'secret-group-editor': {
    resourceType: 'secret-group',
    displayName: 'Secret Group Editor',
    description: 'Reads and writes the values of a secret group.',
    permissions: USES_DATA,
  },
  'secret-group-viewer': {
    resourceType: 'secret-group',
    displayName: 'Secret Group Viewer',
    description: 'Sees which keys a secret group has, and no value.',
    permissions: READS_GROUP,
  },
  'provider-account-manager': {
    resourceType: 'provider-account',
    displayName: 'Provider Account Manager',
    description: 'Uses, changes, shares and deletes a provider account.',
    permissions: [
      ...USES_PROVIDER,
      ...(['provider-account:ManageProviderAccount', 'provider-account:DeleteProviderAccount'] as const),
      'tenant:AssignRole',
    ],
  },
  'provider-account-access': {
    resourceType: 'provider-account',
    displayName: 'Provider Account Access',
    description: 'Uses the integrations of a provider account.',
    permissions: USES_PROVIDER,
  },
  'provider-integration-access': {
    resourceType: 'provider-integration',
    displayName: 'Provider Integration Access',
    description: 'Uses one integration.',
    permissions: USES_PROVIDER,
  },
  'model-user': {
    resourceType: 'provider-integration',
    displayName: 'Model User',
    description: 'Asks one model.',
    permissions: ['provider-account:UseIntegrations'],
  },
  'mcp-server-manager': {
    resourceType: 'mcp-server',
    displayName: 'MCP Server Manager',
    description: 'Uses, changes, shares and deletes an MCP server.',
    permissions: [
      ...READS_SERVER,
      ...(['mcp-server:ManageMcpServer', 'mcp-server:DeleteMcpServer', 'tenant:AssignRole'] as const),
    ],
  },
  'mcp-server-user': {
    resourceType: 'mcp-server',
    displayName: 'MCP Server User',
    description: 'Sees an MCP server and calls its tools.',
    permissions: READS_SERVER,
  },
} as const satisfies Record<string, BuiltIn>;
export type BuiltInRoleId = keyof typeof BUILT_IN_ROLES;
export type RoleId = BuiltInRoleId | Id<'Role'>;

/** One that comes with the program; its name is its id. */
export type BuiltInRole = Role & BuiltIn & { readonly id: BuiltInRoleId };

const builtInNamed = (id: BuiltInRoleId): BuiltInRole => ({ id, name: id, ...BUILT_IN_ROLES[id] });

/** In the order of the table. */
export const BUILT_IN: readonly BuiltInRole[] = (Object.keys(BUILT_IN_ROLES) as BuiltInRoleId[]).map(builtInNamed);
const BY_ID: ReadonlyMap<string, BuiltInRole> = new Map(BUILT_IN.map((role) => [role.id, role]));

export const builtIn = (id: BuiltInRoleId): BuiltInRole => BY_ID.get(id) as BuiltInRole; // the map has every one
export const builtInOf = (id: string): BuiltInRole | undefined => BY_ID.get(id);

export const ROLE_NAME = /^[a-z][a-z0-9-]{1,33}[a-z0-9]$/;
const FORM =
  'A role name has 3 to 35 lower-case letters, digits and dashes, starts with a letter and does not end in a dash.';

export function parseRoleName(input: string): RoleName {
  if (!ROLE_NAME.test(input)) throw wrong('unprocessable', FORM, `must match ${ROLE_NAME.source}`);
  if (ID.test(input))
    throw wrong('unprocessable', 'A role name must not read as an id. Use a dash in it.', 'reads as an id');
  if (BY_ID.has(input)) throw wrong('conflict', `${input} is a built-in role. Use a different name.`, 'is taken');
  return input as RoleName;
}

const wrong = (code: 'unprocessable' | 'conflict', message: string, problem: string): Refusal =>
  new Refusal(code, message, { problems: [{ field: 'name', problem }] });
