import { ENTRANCES, type EntranceId } from '#contract/entrances.ts';
import { OPERATIONS, type OperationId } from '#contract/operations.ts';
import { JSON_TYPE } from '#support/world.ts';
import { NO_LIMITS } from '../http/asked.ts';

/**
 * What an operation is on: a token by id or by name, a user by e-mail address or by id, a team by id or by name, a role or a
 * role binding by id, or nothing that anybody has.
 */
export type Kind = 'token' | 'name' | 'user' | 'userId' | 'team' | 'teamName' | 'role' | 'binding' | 'none';

type Row = {
  readonly of: Kind;
  /** A good body, where the row takes one. */
  readonly body?: (on: string) => object;
};

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
};

/** What an entrance needs to be passed: an address with its password, and a code that was not used. */
export type Keys = { readonly email: string; readonly password: string; readonly code: string };

const page = () => undefined;

/** A good body for each entrance, or none. One that is missing here does not compile. */
export const ENTRANCE_MATRIX: Readonly<Record<EntranceId, (keys: Keys) => object | undefined>> = {
  ...{ health: page, home: page, setUp: page, invitation: page, script: page, style: page },
  ...{ document: page, api: page, apiScript: page, apiStyle: page, metrics: page },
  signIn: ({ email, password }) => ({ email, password }),
  acceptInvitation: ({ code, password }) => ({ code, password }),
  signOut: () => ({}),
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
  none: 'anything',
};

/** The good request of an operation, as it is sent; `on` stands at the placeholder and in the body. */
export function requestFor(id: OperationId, on = ANY_ON[MATRIX[id].of]) {
  const { method, path } = OPERATIONS[id];
  const body = MATRIX[id].body?.(on);
  const headers: Readonly<Record<string, string>> = body === undefined ? {} : JSON_TYPE;
  return {
    ...{ method, headers },
    path: path.replace(/\{\w+\}/, encodeURIComponent(on)),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
}

/** The same for an entrance, from one of our own pages. */
export function entryFor(id: EntranceId, keys: Keys) {
  const { method, path } = ENTRANCES[id];
  const body = ENTRANCE_MATRIX[id](keys);
  if (body === undefined) return { method, path, headers: {} };
  return { method, path, headers: { ...JSON_TYPE, 'sec-fetch-site': 'same-origin' }, body: JSON.stringify(body) };
}
