import * as z from 'zod';
import { PERMISSIONS } from '#domain/permission.ts';
import { SUBJECT_CHARS_MAX } from '#domain/subject.ts';
import { documentedAs } from '../documented.ts';
import type { Operations } from '../operation.ts';
import { pageOf, pageQuery } from './page.ts';
import { roleId } from './role.ts';

const COLLABORATORS = '/api/svc/v1/collaborators';
const AUTHORIZE = '/api/svc/v1/authorize';
const ON = `${AUTHORIZE}/{resourceType}/{resourceId}` as const;
const MAY_NOT = 'This needs tenant:AssignRole on the resource.';
const ABSENT = 'There is no such resource.';

const subject = z
  .string()
  .max(SUBJECT_CHARS_MAX)
  .meta({
    description: 'user:<e-mail address> or team:<name>; team:everyone is all users.',
    examples: ['user:ada@example.com'],
  });
const resourceType = documentedAs(z.string(), { type: 'string', enum: ['tenant', 'account', 'team'] });
const resourceId = z.string().meta({ description: 'The id of a team; of the tenant its id or its name.' });
const on = { resourceType, resourceId };

const row = z.object({
  id: z.string(),
  subject: z.string(),
  roleId: z.string(),
  roleName: z.string(),
  resourceType: z.string(),
  resourceId: z.string(),
  /** The name of the role binding that it came with. */
  roleBinding: z.string().optional(),
});
export type CollaboratorRow = z.infer<typeof row>;

const ROW = { surface: 'wire', access: 'caller', existence: 'tell', reveals: false } as const;
const ASSIGNS = { ...ROW, action: 'tenant:AssignRole', denial: MAY_NOT, absence: ABSENT } as const;

const LIST = {
  ...ASSIGNS,
  method: 'GET',
  effect: 'reads',
  summary: 'Who holds which role on a resource; of a team, who manages it',
  output: pageOf(row),
} as const;

const ADD = {
  ...ASSIGNS,
  method: 'POST',
  effect: 'changes',
  summary: 'Give somebody a role on a resource, of no more than the caller holds there',
  output: z.object({ data: row }),
} as const;

const REMOVE = {
  ...ASSIGNS,
  method: 'DELETE',
  effect: 'changes',
  summary: 'Take from somebody every role that they hold on a resource by themselves',
  output: z.object({}),
} as const;

export const COLLABORATOR_OPERATIONS = {
  wireListCollaborators: { ...LIST, path: COLLABORATORS, input: { query: z.object({ ...pageQuery, ...on }) } },
  wireAddCollaborator: { ...ADD, path: COLLABORATORS, input: { body: z.object({ ...on, subject, roleId }) } },
  wireRemoveCollaborator: { ...REMOVE, path: COLLABORATORS, input: { body: z.object({ ...on, subject }) } },
  wireListAuthorized: { ...LIST, path: ON, input: { path: z.object(on), query: z.object(pageQuery) } },
  wireAuthorize: { ...ADD, path: ON, input: { path: z.object(on), body: z.object({ subject, roleId }) } },
  wireReplaceAuthorized: {
    ...ADD,
    method: 'PUT',
    path: ON,
    summary: 'Make a role the only one that somebody holds on a resource by themselves',
    input: { path: z.object(on), body: z.object({ subject, roleId }) },
  },
  wireUnauthorize: { ...REMOVE, path: ON, input: { path: z.object(on), body: z.object({ subject }) } },
  wireCheckAccess: {
    ...ROW,
    method: 'POST',
    path: `${AUTHORIZE}/check-access`,
    effect: 'reads',
    action: 'user:ReadAccess',
    denial: 'What others may do is told to holders of user:ReadAccess.',
    absence: 'There is no such user.',
    summary: 'Whether somebody may do something; of oneself, everybody may ask',
    input: { body: z.object({ ...on, subject, action: z.string() }) },
    output: z.object({ allowed: z.boolean() }),
  },
  wireListPermissions: {
    ...ROW,
    method: 'GET',
    path: `${AUTHORIZE}/permissions`,
    effect: 'reads',
    action: 'role:ListRoles',
    denial: 'This needs role:ListRoles.',
    summary: 'Every permission that a role can hold',
    input: {},
    output: z.object({ data: documentedAs(z.array(z.string()), { type: 'array', items: { enum: [...PERMISSIONS] } }) }),
  },
} as const satisfies Operations;
