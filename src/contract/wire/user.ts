import * as z from 'zod';
import { PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN } from '#domain/password.ts';
import { documentedAs, email, id } from '../documented.ts';
import type { Operations } from '../operation.ts';
import { pageOf, pageQuery, searchText } from './page.ts';
import { flag } from './query.ts';

const BASE = '/api/svc/v1/users';
const MAY_NOT = 'Only a tenant admin can manage users.';
const MAY_NOT_LIST = 'You may not see who else is there. Ask a tenant admin for user:ListUsers.';
const MAY_NOT_READ = 'You may not see what others may do. Ask a tenant admin for user:ReadAccess.';
const NO_ADDRESS = 'There is no user with this e-mail address. Register them first.';
const NO_ID = 'There is no user of this id. List the users to find it.';

const user = z.object({
  id: z.string(),
  email: z.string(),
  tenantName: z.string(),
  metadata: z.object({
    displayName: z.string(),
    imageURL: z.string(),
    inviteAccepted: z.boolean(),
    tenantRoleManagedBy: z.literal('manual'),
  }),
  roles: z.array(z.string()),
  rolesWithResource: z.array(
    z.object({ roleId: z.string(), resourceType: z.string(), resourceId: z.string(), roleName: z.string() }),
  ),
  accounts: z.array(z.object({ accountId: z.string(), name: z.string() })),
  active: z.boolean(),
  isEditable: z.boolean(),
  createdAt: z.string(),
  updatedAt: z.string(),
  lastAccessedAt: z.string().optional(),
});
export type UserRow = z.output<typeof user>;

const WRITE = { surface: 'wire', access: 'caller', existence: 'tell', denial: MAY_NOT, reveals: false } as const;
const READ = {
  surface: 'wire',
  method: 'GET',
  access: 'caller',
  existence: 'tell',
  effect: 'reads',
  reveals: false,
  absence: NO_ID,
} as const;

const LENGTH = { type: 'string', minLength: PASSWORD_CHARS_MIN, maxLength: PASSWORD_CHARS_MAX };
/** Of another tenant nobody here knows anybody. */
const tenantName = documentedAs(z.string(), ({ tenant }) => ({ const: tenant })).optional();
const changed = z.object({ email, tenantName });

/** Newer SDKs ask under `/x`, older ones and the vendor's console without: one answer each. */
const RESOURCES = {
  ...READ,
  action: 'user:ReadAccess',
  denial: MAY_NOT_READ,
  input: { path: z.object({ id }) },
  output: z.object({
    data: z.array(
      z.object({
        resourceType: z.string(),
        resourceId: z.string(),
        roleId: z.string(),
        resourceName: z.string().optional(),
      }),
    ),
  }),
} as const;

export const subjectPermission = z.object({
  resourceType: z.string(),
  resourceId: z.string(),
  resourceName: z.string().optional(),
  resourceFqn: z.string().optional(),
  roleId: z.string(),
  roleName: z.string(),
  subjectId: z.string(),
  subjectType: z.string(),
});

const PERMISSIONS = {
  ...READ,
  action: 'user:ReadAccess',
  denial: MAY_NOT_READ,
  input: { path: z.object({ id }) },
  output: z.object({ data: z.array(subjectPermission) }),
} as const;

const TEAMS = {
  ...READ,
  action: 'user:ReadAccess',
  denial: MAY_NOT_READ,
  input: { path: z.object({ id }) },
  output: z.object({ data: z.array(z.object({ teamName: z.string(), roles: z.array(z.string()) })) }),
} as const;

export const USER_OPERATIONS = {
  wireListUsers: {
    ...READ,
    path: BASE,
    action: 'user:ListUsers',
    denial: MAY_NOT_LIST,
    summary: 'List the users of the tenant, with the roles they hold on it',
    input: {
      query: z.object({
        ...pageQuery,
        query: searchText.default(''),
        showInvalidUsers: flag.optional(),
        includeVirtualAccounts: flag.optional(),
      }),
    },
    output: pageOf(user),
  },
  wireRegisterUser: {
    ...WRITE,
    method: 'POST',
    path: `${BASE}/register`,
    action: 'user:ManageUsers',
    effect: 'changes',
    summary: 'Register a user, who can sign in once invited',
    input: {
      body: z.object({
        email,
        sendInviteEmail: documentedAs(z.boolean(), { const: false }).optional(), // there is no mail yet
        skipIfUserExists: z.boolean().optional(),
        dryRun: z.boolean().optional(),
        acceptInviteClientURL: z.string().optional(),
      }),
    },
    output: z.object({}),
  },
  wireInviteUser: {
    ...WRITE,
    method: 'POST',
    path: `${BASE}/invite`,
    action: 'user:ManageUsers',
    absence: NO_ADDRESS,
    effect: 'mints',
    reveals: true,
    summary: 'A link, good once and for three days, by which a user sets a password',
    input: { body: z.object({ email, acceptInviteClientUrl: z.string() }) },
    output: z.object({ link: z.string() }),
  },
  wireUpdateUserRoles: {
    ...WRITE,
    method: 'PATCH',
    path: `${BASE}/roles`,
    action: 'tenant:AssignRole',
    denial: 'Only a tenant admin can give roles.',
    absence: NO_ADDRESS,
    effect: 'changes',
    summary: 'Replace the roles that a user holds on the tenant',
    input: { body: z.object({ email, roles: z.array(z.string()), resourceType: z.string().optional() }) },
    output: z.object({}),
  },
  wireDeactivateUser: {
    ...WRITE,
    method: 'PATCH',
    path: `${BASE}/deactivate`,
    action: 'user:ManageUsers',
    absence: NO_ADDRESS,
    effect: 'changes',
    summary: 'Shut a user out: sessions end, tokens are revoked',
    input: { body: changed },
    output: z.object({}),
  },
  wireActivateUser: {
    ...WRITE,
    method: 'PATCH',
    path: `${BASE}/activate`,
    action: 'user:ManageUsers',
    absence: NO_ADDRESS,
    effect: 'changes',
    summary: 'Let a user in again, with the rights they had and no token',
    input: { body: changed },
    output: z.object({}),
  },
  wireChangePassword: {
    ...WRITE,
    method: 'POST',
    path: `${BASE}/change-password`,
    action: 'user:ChangePassword',
    denial: 'Only a user has a password.',
    effect: 'changes',
    summary: 'Replace one’s own password; every session ends',
    input: {
      body: z.object({ loginId: email, newPassword: documentedAs(z.string(), LENGTH), oldPassword: z.string() }),
    },
    output: z.object({}),
  },
  wireGetUser: {
    ...READ,
    path: `${BASE}/{id}`,
    action: 'user:ListUsers',
    denial: MAY_NOT_LIST,
    summary: 'One user',
    input: { path: z.object({ id }) },
    output: z.object({ data: user }),
  },
  wireDeleteUser: {
    ...WRITE,
    method: 'DELETE',
    path: `${BASE}/{id}`,
    action: 'user:ManageUsers',
    absence: NO_ID,
    effect: 'changes',
    summary: 'Remove a user for good; refused while they are in a team or a list of collaborators, unless forced',
    input: {
      path: z.object({ id }),
      query: z.object({ tenantName, forceDelete: flag.optional() }),
    },
    output: z.object({}),
  },
  wireGetUserResources: { ...RESOURCES, path: `${BASE}/{id}/resources`, summary: 'What a user has a role on' },
  wireGetUserResourcesX: {
    ...RESOURCES,
    path: '/api/svc/v1/x/users/{id}/resources',
    summary: 'What a user has a role on, as newer SDKs ask it',
  },
  wireGetUserPermissions: {
    ...PERMISSIONS,
    path: `${BASE}/{id}/permissions`,
    summary: 'Every role that a user holds, by themselves or by a team',
  },
  wireGetUserPermissionsX: {
    ...PERMISSIONS,
    path: '/api/svc/v1/x/users/{id}/permissions',
    summary: 'Every role that a user holds, as newer SDKs ask it',
  },
  wireGetUserTeams: { ...TEAMS, path: `${BASE}/{id}/teams`, summary: 'The teams of a user' },
  wireGetUserTeamsX: {
    ...TEAMS,
    path: '/api/svc/v1/x/users/{id}/teams',
    summary: 'The teams of a user, as newer SDKs ask it',
  },
} as const satisfies Operations;
