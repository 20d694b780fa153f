import { ENTRANCES, type EntranceId } from '#contract/entrances.ts';
import { OPERATIONS, type OperationId } from '#contract/operations.ts';
import { JSON_TYPE } from '#support/world.ts';
import { NO_LIMITS } from '../http/asked.ts';

/**
 * What an operation is on: a token by id or by name, a user by e-mail address or by id, a team by id or by name, a role or a
 * role binding by id, a virtual account by id or by name, a value of its token by both their ids, an identity provider by id or by name, or nothing that anybody has.
 */
export type Kind =
  | ('token' | 'name' | 'user' | 'userId' | 'team' | 'teamName' | 'role' | 'binding')
  | ('account' | 'accountName' | 'accountValue' | 'provider' | 'providerName')
  | 'none';

type Row = {
  readonly of: Kind;
  /** A good body, where the row takes one. */
  readonly body?: (on: string) => object;
  /** Where the row’s own path does not say it all: several placeholders, or a query without which nothing is asked. */
  readonly path?: (on: string) => string;
  /** Those that the row names. */
  readonly headers?: Readonly<Record<string, string>>;
};

const ROLE = { resourceType: 'tenant', permissions: ['user:ListUsers'] };
const TENANT = { resourceType: 'tenant', resourceId: 'default' };
const onTenant = () => '/api/svc/v1/authorize/tenant/default';
const givenTo = (email: string) => ({ subject: `user:${email}`, roleId: 'metrics-reader' });
const bindingTo = (email: string) => ({
  subjects: [{ type: 'user', name: email }],
  permissions: [{ resourceType: 'tenant', resourceFqn: 'default', role: 'metrics-reader' }],
});

const manifestOf = (name: string) => ({ manifest: { type: 'virtual-account', name, ownedBy: null } });
/** A value is named by its account and itself; one id stands for both where there is no more. */
const valueAt = (base: string, values: string) => (on: string) => {
  const [account = '', value = account] = on.split('/').map(encodeURIComponent);
  return `${base}/virtual-accounts/${account}/${values}/${value}`;
};
/** By what it is on, since a name is one provider’s, and so is an audience. */
const anyProvider = (on: string) => ({
  ...{
    name: `idp-${on}`,
    issuer: 'https://idp.example',
    jwksUri: 'https://idp.example/keys',
    audiences: [`for-${on}`],
  },
});
const RULES = { tokenReadable: true, afterRetirement: 'report' };

/** A good request for each operation. One that is missing here does not compile. */
export const MATRIX: Readonly<Record<OperationId, Row>> = {
  wireGetTenantId: { of: 'none' },
  wireGetMinCliVersion: { of: 'none' },
  wireGetHealth: { of: 'none' },
  wireAuthorizeDevice: { of: 'none', body: () => ({ tenantName: 'default' }) },
  wireGetSession: { of: 'none' },
  wireGetUserInfo: { of: 'none' },
  wireGetUserInfoX: { of: 'none' },
  wireGetEnv: { of: 'none' },
  wireGetFrontEndEnv: { of: 'none' },
  wireListPats: { of: 'none' },
  wireCreatePat: { of: 'name', body: (name) => ({ name }) },
  wireGetOrCreatePat: { of: 'name' },
  wireCreatePatForUser: { of: 'user', body: (userEmail) => ({ name: 'from-an-admin', userEmail }) },
  wireGetPatToken: { of: 'name' },
  wireDeletePat: { of: 'token' },
  wireRevokeAllPats: { of: 'user', body: (email) => ({ email }) },
  wireListAccounts: { of: 'none' },
  wirePutAccount: { of: 'accountName', body: manifestOf },
  wirePostAccount: { of: 'accountName', body: manifestOf },
  wireAccountExists: { of: 'none', path: () => '/api/svc/v1/virtual-accounts/exists?name=any-account' },
  wireGetAccount: { of: 'account' },
  wireDeleteAccount: { of: 'account' },
  wireGetAccountToken: { of: 'account' },
  wireRegenerateAccountToken: { of: 'account', body: () => ({ gracePeriodInMinutes: 60 }) },
  wireDeleteAccountValue: { of: 'accountValue', path: valueAt('/api/svc/v1', 'jwt') },
  wireSyncAccount: { of: 'account' },
  ownListAccounts: { of: 'none' },
  ownCreateAccount: { of: 'accountName', body: (name) => ({ name }) },
  ownGetAccount: { of: 'account' },
  ownPutAccount: { of: 'account', body: () => ({ name: 'any-account' }), headers: { 'if-match': '"1"' } },
  ownDeleteAccount: { of: 'account' },
  ownRegenerateAccountToken: { of: 'account', body: () => ({ graceMinutes: 60 }) },
  ownGetAccountToken: { of: 'account' },
  ownEndAccountValue: { of: 'accountValue', path: valueAt('/api/v1', 'values') },
  ownFreezeAccount: { of: 'account' },
  ownThawAccount: { of: 'account' },
  ownGetAccountRules: { of: 'none' },
  ownPutAccountRules: { of: 'none', body: () => RULES },
  ownListProviders: { of: 'none' },
  ownCreateProvider: { of: 'providerName', body: (name) => ({ ...anyProvider(name), name }) },
  ownGetProvider: { of: 'provider' },
  ownPutProvider: { of: 'provider', body: anyProvider },
  ownDeleteProvider: { of: 'provider' },
  ownTestProvider: { of: 'provider', body: () => ({ token: 'no.token.atall' }) },
  wireRegisterUser: { of: 'user', body: (email) => ({ email }) },
  wireInviteUser: { of: 'user', body: (email) => ({ email, acceptInviteClientUrl: 'https://x.example/accept' }) },
  wireListUsers: { of: 'none' },
  wireUpdateUserRoles: { of: 'user', body: (email) => ({ email, roles: ['tenant-member'] }) },
  wireDeactivateUser: { of: 'user', body: (email) => ({ email }) },
  wireActivateUser: { of: 'user', body: (email) => ({ email }) },
  wireChangePassword: {
    of: 'user',
    body: (loginId) => ({ loginId, oldPassword: 'not the old password', newPassword: 'correct horse battery staple' }),
  },
  wireGetUser: { of: 'userId' },
  wireDeleteUser: { of: 'userId' },
  wireGetUserResources: { of: 'userId' },
  wireGetUserResourcesX: { of: 'userId' },
  wireGetUserPermissions: { of: 'userId' },
  wireGetUserPermissionsX: { of: 'userId' },
  wireGetUserTeams: { of: 'userId' },
  wireGetUserTeamsX: { of: 'userId' },
  ownRevokeUserTokens: { of: 'userId' },
  wireListTeamsOfUser: { of: 'none' },
  wireListTeams: { of: 'none' },
  wirePutTeam: { of: 'teamName', body: (name) => ({ manifest: { type: 'team', name, members: [] } }) },
  wireCreateTeam: { of: 'teamName', body: (name) => ({ name }) },
  wireGetTeam: { of: 'team' },
  wireDeleteTeam: { of: 'team' },
  wireListTeamMembers: { of: 'team' },
  wireListTeamManagers: { of: 'team' },
  wireListTeamPermissions: { of: 'team' },
  wireAddTeamMember: { of: 'team', body: () => ({ subject: ANY_SUBJECT }) },
  wireRemoveTeamMember: { of: 'team' },
  ownGetTeamRemoval: { of: 'team' },
  wireListRoles: { of: 'none' },
  wireListRolesByType: { of: 'none' },
  wireListAllRoles: { of: 'none' },
  wireCreateRole: { of: 'name', body: (name) => ({ name, ...ROLE }) },
  wirePutRole: { of: 'name', body: (name) => ({ name, ...ROLE }) },
  wireGetRole: { of: 'role' },
  wireDeleteRole: { of: 'role' },
  wireDeleteRoleById: { of: 'role' },
  wireListRoleActions: { of: 'none' },
  ownGetRoleRemoval: { of: 'role' },
  wirePutRoleBinding: { of: 'user', body: (email) => ({ name: 'any-binding', ...bindingTo(email) }) },
  wireCreateInlineRoleBinding: { of: 'user', body: bindingTo },
  wireListRoleBindings: { of: 'none' },
  wireRoleBindingExists: { of: 'none', path: () => '/api/svc/v1/role-bindings/exists?name=any-binding' },
  wireGetRoleBinding: { of: 'binding' },
  wireDeleteRoleBinding: { of: 'binding' },
  wireListCollaborators: {
    of: 'team',
    path: (id) => `/api/svc/v1/collaborators?resourceType=team&resourceId=${encodeURIComponent(id)}`,
  },
  wireAddCollaborator: { of: 'user', body: (email) => ({ ...TENANT, ...givenTo(email) }) },
  wireRemoveCollaborator: { of: 'user', body: (email) => ({ ...TENANT, subject: `user:${email}` }) },
  wireListAuthorized: { of: 'team', path: (id) => `/api/svc/v1/authorize/team/${encodeURIComponent(id)}` },
  wireAuthorize: { of: 'user', path: onTenant, body: givenTo },
  wireReplaceAuthorized: { of: 'user', path: onTenant, body: givenTo },
  wireUnauthorize: { of: 'user', path: onTenant, body: (email) => ({ subject: `user:${email}` }) },
  wireCheckAccess: {
    of: 'user',
    body: (email) => ({ ...TENANT, subject: `user:${email}`, action: 'user:ListUsers' }),
  },
  wireListPermissions: { of: 'none' },
  ownCanI: { of: 'none', path: () => '/api/v1/can-i?action=user%3AListUsers' },
  ownWhy: {
    of: 'user',
    path: (email) => `/api/v1/why?action=user%3AListUsers&subject=${encodeURIComponent(`user:${email}`)}`,
  },
  ownListGrants: { of: 'none' },
  ownCreateGrant: { of: 'user', body: (email) => ({ subject: `user:${email}`, role: 'metrics-reader' }) },
  ownDeleteGrant: { of: 'token' }, // no grant: there is none whose id anybody is told who may not list them
  wireListWorkspaces: { of: 'none' },
  wireListClusters: { of: 'none' },
  wireListApps: { of: 'none' },
  wireGetCluster: { of: 'none' },
  wireLookUpFqn: { of: 'none' },
  wireDeploy: { of: 'none' },
  wireGetCodeUploadUrl: { of: 'none' },
  wireTriggerJob: { of: 'none' },
  wireTerminateJob: { of: 'none' },
  wireGetSpecUploadUrl: { of: 'none' },
  ownWhoami: { of: 'none' },
  ownListTokens: { of: 'none' },
  ownCreateToken: { of: 'name', body: (name) => ({ name }) },
  ownGetToken: { of: 'token' },
  ownRenameToken: { of: 'token', body: () => ({ name: 'renamed' }) },
  ownRevokeToken: { of: 'token', body: () => ({ reason: 'unused' }) },
  ownGetTokenSettings: { of: 'none' },
  ownPutTokenSettings: { of: 'none', body: () => ({ ...NO_LIMITS, lifeDaysDefault: 90 }) },
  ownGetKeySet: { of: 'none' },
  wireGetKeySet: { of: 'none' },
  ownGetAuthorizationServer: { of: 'none' },
};

/** What an entrance needs to be passed: an address with its password, and a code that was not used. */
export type Keys = { readonly email: string; readonly password: string; readonly code: string };

const page = () => undefined;
/** Of nobody: whoever may ask is told so, and nothing ends. */
const presented = () => ({ token: 'tfy_pat_of-nobody' });

/** A good body for each entrance, or none. One that is missing here does not compile. */
export const ENTRANCE_MATRIX: Readonly<Record<EntranceId, (keys: Keys) => object | undefined>> = {
  ...{ health: page, home: page, setUp: page, invitation: page, script: page, style: page },
  ...{ document: page, api: page, apiScript: page, apiStyle: page, metrics: page },
  signIn: ({ email, password }) => ({ email, password }),
  acceptInvitation: ({ code, password }) => ({ code, password }),
  signOut: () => ({}),
  ...{ introspect: presented, revoke: presented, forwardAuth: page, forwardAuthTenantAdmin: page },
};
export const ENTRANCE_IDS = Object.keys(ENTRANCES) as readonly EntranceId[];

/** A name that every parser takes: of a token, and of nothing else. */
export const ANY_ON: Readonly<Record<Kind, string>> = {
  token: 'a00000000000000000000000',
  name: 'any-name',
  user: 'any-user@example.com',
  userId: 'b00000000000000000000000',
  team: 'c00000000000000000000000',
  teamName: 'any-team',
  role: 'd00000000000000000000000',
  binding: 'e00000000000000000000000',
  account: 'f00000000000000000000000',
  accountName: 'any-account',
  accountValue: 'f00000000000000000000000/g00000000000000000000000',
  provider: 'h00000000000000000000000',
  providerName: 'any-provider',
  none: 'anything',
};

/** Whom a path or a body names besides: somebody who is not there, which is found out after the decision. */
const ANY_SUBJECT = 'user:any-user@example.com';

/** The good request of an operation, as it is sent; `on` stands at the first placeholder and in the body. */
export function requestFor(id: OperationId, on = ANY_ON[MATRIX[id].of]) {
  const { method, path } = OPERATIONS[id];
  const body = MATRIX[id].body?.(on);
  const headers: Readonly<Record<string, string>> = {
    ...(body === undefined ? {} : JSON_TYPE),
    ...MATRIX[id].headers,
  };
  return {
    ...{ method, headers },
    path:
      MATRIX[id].path?.(on) ??
      path.replace(/\{\w+\}/, encodeURIComponent(on)).replace('{subject}', encodeURIComponent(ANY_SUBJECT)),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
}

/** As a program sends a form. */
export const formOf = (body: object) => ({
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams(Object.entries(body)).toString(),
});

/** The same for an entrance, from one of our own pages. */
export function entryFor(id: EntranceId, keys: Keys) {
  const { method, path } = ENTRANCES[id];
  const body = ENTRANCE_MATRIX[id](keys);
  if (body === undefined) return { method, path, headers: {} };
  if ('form' in ENTRANCES[id]) return { method, path, ...formOf(body) };
  return { method, path, headers: { ...JSON_TYPE, 'sec-fetch-site': 'same-origin' }, body: JSON.stringify(body) };
}
