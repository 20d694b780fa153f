import * as z from 'zod';
import { PERMISSIONS } from '#domain/permission.ts';
import { ROLE_NAME } from '#domain/role.ts';
import { documentedAs } from '../documented.ts';
import type { Operations } from '../operation.ts';
import { pageOf, pageQuery, searchText } from './page.ts';
import { subject } from './subject.ts';

const BASE = '/api/svc/v1/roles';
/** Some clients say it in the singular, with a place of its own for each thing that is asked. */
const OTHER = '/api/svc/v1/role';
const MAY_NOT_SEE = 'This needs role:ListRoles.';
const MAY_NOT_CHANGE = 'This needs role:ManageRoles.';
const ABSENT = 'There is no role of this id, or you may not see it. GET /roles lists them.';

const DESCRIPTION_CHARS_MAX = 1_000;
/** The one character that PostgreSQL keeps in no text. */
const NUL = String.raw`\x00`;
const NO_NUL = new RegExp(`^[^${NUL}]*$`, 'u');

const roleName = z.string().meta({
  pattern: ROLE_NAME.source,
  description: '3 to 35 lower-case letters, digits and dashes; a letter first, no dash last.',
  examples: ['release-managers'],
});
/** A built-in role goes by its name. */
export const roleId = z.string().meta({ description: 'As a list names it.', examples: ['tenant-member'] });
const permission = documentedAs(z.string(), { type: 'string', enum: [...PERMISSIONS] });
const resourceType = documentedAs(z.string(), { type: 'string', enum: ['tenant', 'account'] });

const fields = {
  name: roleName,
  displayName: searchText.optional(),
  description: z.string().max(DESCRIPTION_CHARS_MAX).regex(NO_NUL, 'must have no NUL').optional(),
  resourceType,
  permissions: z.array(permission).max(PERMISSIONS.length),
};
const definition = z.object(fields);
export type RoleDefinition = z.output<typeof definition>;

const row = z.object({
  id: z.string(),
  name: z.string(),
  tenantName: z.string(),
  accountId: z.string(),
  resourceType: z.string(),
  manifest: z.object({
    type: z.literal('role'),
    name: z.string(),
    displayName: z.string(),
    description: z.string(),
    resourceType: z.string(),
    permissions: z.array(z.string()),
  }),
  createdBySubject: subject,
  permissionSetsV2: z.array(z.object({ resourceType: z.string(), permissions: z.array(z.string()) })),
  isEditable: z.boolean(),
  isDefault: z.boolean(),
  isReserved: z.boolean(),
  createdAt: z.string().optional(),
  updatedAt: z.string().optional(),
});
export type RoleRow = z.infer<typeof row>;

const LIST = {
  surface: 'wire',
  method: 'GET',
  access: 'caller',
  action: 'role:ListRoles',
  existence: 'tell',
  denial: MAY_NOT_SEE,
  effect: 'reads',
  reveals: false,
  summary: 'List roles: those that come with the program, then those of the tenant by name',
  input: { query: z.object({ ...pageQuery, resourceType: z.string().optional() }) },
  output: pageOf(row),
} as const;

const REMOVE = {
  surface: 'wire',
  method: 'DELETE',
  access: 'caller',
  action: 'role:ManageRoles',
  existence: 'tell',
  denial: MAY_NOT_CHANGE,
  absence: ABSENT,
  effect: 'changes',
  reveals: false,
  summary: 'Delete a role of the tenant; whoever holds it loses it at once',
  input: { path: z.object({ id: roleId }) },
  output: z.object({}),
} as const;

export const ROLE_OPERATIONS = {
  wireListRoles: { ...LIST, path: BASE },
  wireListRolesByType: { ...LIST, path: OTHER },
  wireListAllRoles: { ...LIST, path: `${OTHER}/list` },
  wireCreateRole: {
    surface: 'wire',
    method: 'POST',
    path: BASE,
    access: 'caller',
    action: 'role:ManageRoles',
    existence: 'tell',
    denial: MAY_NOT_CHANGE,
    effect: 'changes',
    reveals: false,
    summary: 'Make a role, of no more than the caller holds; it is granted on the whole tenant',
    input: { body: definition },
    output: z.object({ data: row }),
  },
  wirePutRole: {
    surface: 'wire',
    method: 'PUT',
    path: OTHER,
    access: 'caller',
    action: 'role:ManageRoles',
    existence: 'tell',
    denial: MAY_NOT_CHANGE,
    effect: 'changes',
    reveals: false,
    summary: 'Make a role, or change the one of this name; whoever holds it may do at once what it says',
    input: { body: z.object({ ...definition.partial().shape, manifest: definition.optional() }) },
    output: z.object({ data: row }),
  },
  wireGetRole: {
    surface: 'wire',
    method: 'GET',
    path: `${BASE}/{id}`,
    access: 'caller',
    action: 'role:ListRoles',
    existence: 'hide',
    absence: ABSENT,
    effect: 'reads',
    reveals: false,
    summary: 'One role, with what it permits',
    input: { path: z.object({ id: roleId }) },
    output: z.object({ data: row }),
  },
  wireDeleteRole: { ...REMOVE, path: `${BASE}/{id}` },
  wireDeleteRoleById: { ...REMOVE, path: `${OTHER}/{id}` },
  wireListRoleActions: {
    surface: 'wire',
    method: 'GET',
    path: `${OTHER}/actions`,
    access: 'caller',
    action: 'role:ListRoles',
    existence: 'tell',
    denial: MAY_NOT_SEE,
    effect: 'reads',
    reveals: false,
    summary: 'Every permission that a role can hold, or those of one type of thing',
    input: { query: z.object({ resourceType: z.string().optional() }) },
    output: z.object({ data: z.array(z.string()) }),
  },
} as const satisfies Operations;
