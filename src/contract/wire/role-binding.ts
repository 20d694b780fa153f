import * as z from 'zod';
import { ROLE_BINDING_NAME } from '#domain/role-binding.ts';
import { SUBJECT_CHARS_MAX } from '#domain/subject.ts';
import { documentedAs, id } from '../documented.ts';
import type { Operations } from '../operation.ts';
import { pageOf, pageQuery } from './page.ts';
import { roleId } from './role.ts';
import { subject } from './subject.ts';

const BASE = '/api/svc/v1/role-bindings';
const MAY_NOT = 'This needs tenant:AssignRole.';
const ABSENT = 'There is no role binding of this id, or you may not see it.';

/** Of each; how many grants they may make together the core says. */
const LIST_MAX = 1_000;

const bindingName = z.string().meta({
  pattern: ROLE_BINDING_NAME.source,
  description: '3 to 66 lower-case letters, digits and dashes; a letter first, no dash last.',
  examples: ['release-managers-x1'],
});
const who = z.object({
  type: documentedAs(z.string(), { type: 'string', enum: ['user', 'team', 'virtualaccount'] }),
  name: z.string().max(SUBJECT_CHARS_MAX),
});
const permitted = z.object({
  resourceType: documentedAs(z.string(), { type: 'string', enum: ['tenant', 'account'] }),
  /** Of the tenant: its name. */
  resourceFqn: z.string(),
  role: roleId,
});
const given = { subjects: z.array(who).min(1).max(LIST_MAX), permissions: z.array(permitted).min(1).max(LIST_MAX) };
const type = z.literal('role-binding');
const manifest = z.object({ type: type.optional(), name: bindingName, ...given });
export type BindingManifest = z.output<typeof manifest>;

const row = z.object({
  id: z.string(),
  name: z.string(),
  accountId: z.string(),
  manifest: z.object({
    type,
    name: z.string(),
    subjects: z.array(z.object({ type: z.string(), name: z.string() })),
    permissions: z.array(z.object({ resourceType: z.string(), resourceFqn: z.string(), role: z.string() })),
  }),
  createdBySubject: subject,
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type BindingRow = z.output<typeof row>;

const ROW = {
  surface: 'wire',
  access: 'caller',
  action: 'tenant:AssignRole',
  existence: 'tell',
  denial: MAY_NOT,
  reveals: false,
} as const;
const READS = { ...ROW, method: 'GET', effect: 'reads' } as const;

export const ROLE_BINDING_OPERATIONS = {
  wirePutRoleBinding: {
    ...ROW,
    method: 'PUT',
    path: BASE,
    effect: 'changes',
    summary: 'Make the role binding of a name, or make it what it says: each of its subjects holds each of its roles',
    input: {
      body: z.object({ ...manifest.partial().shape, manifest: manifest.optional(), dryRun: z.boolean().optional() }),
    },
    output: z.object({ data: row }),
  },
  wireCreateInlineRoleBinding: {
    ...ROW,
    method: 'POST',
    path: `${BASE}/inline`,
    effect: 'changes',
    summary: 'Make a role binding whose name is made for it',
    input: { body: z.object(given) },
    output: z.object({ data: row }),
  },
  wireListRoleBindings: {
    ...READS,
    path: BASE,
    summary: 'List role bindings by name',
    input: { query: z.object(pageQuery) },
    output: pageOf(row),
  },
  wireRoleBindingExists: {
    ...READS,
    path: `${BASE}/exists`,
    summary: 'Whether there is a role binding of this name',
    input: { query: z.object({ name: bindingName }) },
    output: z.object({ exists: z.boolean() }),
  },
  wireGetRoleBinding: {
    ...READS,
    path: `${BASE}/{id}`,
    existence: 'hide',
    absence: ABSENT,
    summary: 'One role binding, with what it says now',
    input: { path: z.object({ id }) },
    output: z.object({ data: row }),
  },
  wireDeleteRoleBinding: {
    ...ROW,
    method: 'DELETE',
    path: `${BASE}/{id}`,
    absence: ABSENT,
    effect: 'changes',
    summary: 'Delete a role binding; what it gave is taken at once',
    input: { path: z.object({ id }) },
    output: z.object({}),
  },
} as const satisfies Operations;
