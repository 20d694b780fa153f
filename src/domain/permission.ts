import { Refusal } from './refusal.ts';

/*
 * Everything that is decided about, by the type of what it is on. API: permissions are granted, denied and audited as
 * `type:Action`.
 */

/** What a role can hold. Some of it is about what is yet to come: a role may be written before its resources are there. */
const GRANTABLE = {
  'personal-access-token': ['List', 'Create', 'Rename', 'Revoke', 'RevokeAll', 'CreateForUser'],
  user: ['ListUsers', 'ManageUsers', 'ReadAccess'],
  team: ['CreateTeam', 'ReadTeam', 'ManageTeam', 'DeleteTeam'],
  role: ['ListRoles', 'ManageRoles'],
  tenant: ['AssignRole'],
  settings: ['ListSettings', 'ManageSettings'],
  workspace: ['ListWorkspaces'],
  'secret-group': [
    ...(['CreateSecretGroup', 'ReadSecretGroup', 'ReadData', 'WriteData', 'ManageSecretGroup'] as const),
    'DeleteSecretGroup',
  ],
  'virtual-account': [
    ...(['CreateVirtualAccount', 'ReadVirtualAccount', 'ManageVirtualAccount', 'DeleteVirtualAccount'] as const),
  ],
  'provider-account': [
    ...(['CreateProviderAccount', 'ReadProviderAccount', 'UseIntegrations', 'ManageProviderAccount'] as const),
    'DeleteProviderAccount',
  ],
  'identity-provider': ['ListIdentityProviders', 'ManageIdentityProviders'],
  'mcp-server': ['CreateMcpServer', 'ReadMcpServer', 'UseMcpServer', 'ManageMcpServer', 'DeleteMcpServer'],
  metrics: ['Read'],
  token: ['Introspect', 'RevokePresented'],
} as const satisfies Record<string, readonly string[]>;

/** What the program does by itself, for its operator or for whoever has just proved who they are: in no role. */
const PROGRAMS = {
  'personal-access-token': ['Deliver', 'UseAfterEnd', 'Purge'],
  user: ['IssuePasswordLink', 'ChangePassword'],
  session: ['Create', 'End'],
  invitation: ['Accept'],
  token: ['RevokeItself'],
  'signing-key': ['Rotate'],
  tenant: ['SetUp', 'IssueSetUpLink', 'List', 'Create', 'Disable', 'Enable', 'NameOrigin', 'NameAlias'],
  'virtual-account': ['Rotate', 'UseAfterRetirement', 'Contain'],
  job: ['List', 'Retry'],
} as const satisfies Record<string, readonly string[]>;

type Table = Readonly<Record<string, readonly string[]>>;
type Spelled<T extends Table> = { [Type in keyof T & string]: `${Type}:${T[Type][number]}` }[keyof T & string];

const spelled = <const T extends Table>(table: T): readonly Spelled<T>[] =>
  Object.entries(table).flatMap(([type, actions]) => actions.map((action) => `${type}:${action}` as Spelled<T>));

/** What can be granted. */
export const PERMISSIONS = spelled(GRANTABLE);
export type Permission = (typeof PERMISSIONS)[number];
export const ACTIONS = [...PERMISSIONS, ...spelled(PROGRAMS)] as const;
export type Action = (typeof ACTIONS)[number];

const isPermission = (text: string): text is Permission => (PERMISSIONS as readonly string[]).includes(text);

/** In order, each once. The list is closed: what nothing asks for would only seem to be granted. */
export function parsePermissions(given: readonly string[]): readonly Permission[] {
  const unknown = given.filter((text) => !isPermission(text));
  if (unknown.length > 0) {
    throw new Refusal(
      'unprocessable',
      'A permission is {resource-type}:{ActionInCamelCase}, as GET /role/actions lists them.',
      {
        problems: unknown
          .slice(0, 10)
          .map((text) => ({ field: 'permissions', problem: `${text.slice(0, 100)} is no permission` })),
      },
    );
  }
  return [...new Set(given.filter(isPermission))].sort();
}
