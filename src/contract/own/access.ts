import * as z from 'zod';
import { PERMISSIONS } from '#domain/permission.ts';
import { SUBJECT_CHARS_MAX } from '#domain/subject.ts';
import { id } from '../documented.ts';
import type { Operations } from '../operation.ts';
import { pageQuery } from '../wire/page.ts';
import { roleId } from '../wire/role.ts';

const GRANTS = '/api/v1/grants';
const MAY_NOT_SEE = 'What others may do is told to holders of user:ReadAccess.';
const MAY_NOT_GIVE = 'This needs tenant:AssignRole on the resource.';

const action = z.enum(PERMISSIONS);
/** `user:<e-mail address>`, `team:<name>`, or `team:everyone`. */
const subject = z.string().max(SUBJECT_CHARS_MAX);
const resource = z
  .string()
  .max(100)
  .meta({
    description: 'team/<id>; left out for the whole tenant.',
    examples: ['team/c4t9w2k7m1q8z3x6c5v0b9n2'],
  });
const asked = { action, resource: resource.optional() };

const grant = z.strictObject({
  /** Of a team’s manager, which no grant makes: of the user. */
  id: z.string(),
  subject: z.string(),
  role: z.strictObject({ id: z.string(), name: z.string() }),
  /** `*` is the whole tenant. */
  resource: z.string(),
  /** The role binding that it came with, and goes with; null where somebody gave it by itself. */
  binding: z.strictObject({ id: z.string(), name: z.string() }).nullable(),
});
export type OwnGrant = z.output<typeof grant>;

export const ACCESS_OPERATIONS = {
  ownCanI: {
    surface: 'own',
    method: 'GET',
    path: '/api/v1/can-i',
    access: 'caller',
    action: 'self',
    existence: 'tell',
    effect: 'reads',
    reveals: false,
    summary: 'Whether the caller may do something',
    input: { query: z.strictObject(asked) },
    output: z.strictObject({ allowed: z.boolean() }),
  },
  ownWhy: {
    surface: 'own',
    method: 'GET',
    path: '/api/v1/why',
    access: 'caller',
    action: 'user:ReadAccess',
    existence: 'tell',
    denial: MAY_NOT_SEE,
    absence: 'There is no such user.',
    effect: 'reads',
    reveals: false,
    summary: 'By which grant somebody may do something, or that it is missing; of oneself, everybody may ask',
    input: { query: z.strictObject({ ...asked, subject: subject.optional() }) },
    output: z.strictObject({
      subject: z.string(),
      allowed: z.boolean(),
      by: z
        .strictObject({
          /** Null of what a membership gives by itself. */
          grant: z.string().nullable(),
          subject: z.string(),
          role: z.strictObject({ id: z.string(), name: z.string() }),
          resource: z.string(),
          binding: z.strictObject({ id: z.string(), name: z.string() }).nullable(),
          via: z.enum(['grant', 'team', 'everyone', 'membership']),
        })
        .nullable(),
      missing: action.nullable(),
      /** Whom to ask, some of them; null where nothing is missing, or where the caller may not see who else is there. */
      couldGive: z.array(z.string()).nullable(),
    }),
  },
  ownListGrants: {
    surface: 'own',
    method: 'GET',
    path: GRANTS,
    access: 'caller',
    action: 'user:ReadAccess',
    existence: 'tell',
    denial: MAY_NOT_SEE,
    effect: 'reads',
    reveals: false,
    summary: 'All that is granted in the tenant, or to one subject, or on one resource',
    input: {
      query: z.strictObject({ ...pageQuery, subject: subject.optional(), resource: resource.optional() }),
    },
    output: z.strictObject({
      data: z.array(grant),
      pagination: z.strictObject({ total: z.int(), offset: z.int(), limit: z.int() }),
    }),
  },
  ownCreateGrant: {
    surface: 'own',
    method: 'POST',
    path: GRANTS,
    access: 'caller',
    action: 'tenant:AssignRole',
    existence: 'tell',
    denial: MAY_NOT_GIVE,
    absence: 'There is no such resource.',
    effect: 'changes',
    reveals: false,
    summary: 'Give somebody a role, of no more than the caller holds there',
    input: { body: z.strictObject({ subject, role: roleId, resource: resource.optional() }) },
    output: z.strictObject({ grant }),
  },
  ownDeleteGrant: {
    surface: 'own',
    method: 'DELETE',
    path: `${GRANTS}/{id}`,
    access: 'caller',
    action: 'tenant:AssignRole',
    existence: 'tell',
    denial: MAY_NOT_GIVE,
    absence: 'There is no grant of this id. GET /api/v1/grants lists them.',
    effect: 'changes',
    reveals: false,
    summary: 'Take back a grant that somebody gave by itself',
    input: { path: z.strictObject({ id }) },
    output: z.strictObject({}),
  },
  ownGetRoleRemoval: {
    surface: 'own',
    method: 'GET',
    path: '/api/v1/roles/{id}/removal',
    access: 'caller',
    action: 'role:ManageRoles',
    existence: 'hide',
    absence: 'There is no role of this id, or you may not delete it.',
    effect: 'reads',
    reveals: false,
    summary: 'Who would lose something, were a role deleted; changes nothing',
    input: { path: z.strictObject({ id: roleId }) },
    output: z.strictObject({ subjects: z.array(z.string()), total: z.int() }),
  },
} as const satisfies Operations;
