import * as z from 'zod';
import { CLAIM_CHARS_MAX, MAPPINGS_MAX } from '#domain/identity-provider-claims.ts';
import { documentedAs, email, id, teamName } from '../documented.ts';
import type { Operations } from '../operation.ts';
import { TEAM_ABSENT } from '../team-words.ts';
import { keptText, pageOf, pageQuery } from './page.ts';
import { flag, textList } from './query.ts';
import { subject } from './subject.ts';
import { subjectPermission } from './user.ts';

const BASE = '/api/svc/v1/teams';
const MAY_NOT_MANAGE = 'Only a tenant admin or a manager of the team can say who belongs to it.';

/** In a URL of some KiB, each character as up to twelve. */
const FILTER_CHARS_MAX = 1_000;
const TAGS_MAX = 50;
const TEXT_CHARS_MAX = 256;
const DESCRIPTION_CHARS_MAX = 1_000;

/** The size of a body bounds how many. */
/** Each is looked up, held and written one by one, while the team is held. */
const PEOPLE_MAX = 1_000;
const people = z.array(email).max(PEOPLE_MAX);
const description = keptText(DESCRIPTION_CHARS_MAX);
const tag = keptText(TEXT_CHARS_MAX);
const tags = z
  .record(tag, tag)
  .refine((given) => Object.keys(given).length <= TAGS_MAX, `must have at most ${TAGS_MAX} tags`);

const USER_SUBJECT = /^user:[^\s@]+@[^\s@]+$/;
/** Parsed and refused in the domain's words, as other texts are. */
const member = z.string().meta({
  pattern: USER_SUBJECT.source,
  description: 'A user, as user:<e-mail address>.',
  examples: ['user:ada@example.com'],
});

/** In manifests null is absent, as it is around them. */
const manifest = z.object({
  type: z.literal('team'),
  name: teamName,
  displayName: tag.nullish(),
  description: description.nullish(),
  members: people,
  managers: people.nullish(),
  tags: tags.nullish(),
  ownedBy: documentedAs(z.object({ account: z.string() }), ({ tenant }) => ({
    type: 'object',
    properties: { account: { const: tenant } },
    required: ['account'],
  })).nullish(),
  /** People whose tokens of that provider say this value in its team claim belong to the team. */
  identity_provider_mapping: z
    .array(z.object({ identity_provider: tag, value: keptText(CLAIM_CHARS_MAX) }))
    .max(MAPPINGS_MAX)
    .nullish(),
});
export type TeamManifest = z.output<typeof manifest>;

/** The public product's row for a team (contract 7.2). */
const team = z.object({
  id: z.string(),
  /** Its older clients read the name here. */
  teamName: z.string(),
  description: z.string(),
  tenantName: z.string(),
  accountId: z.string(),
  createdBySubject: subject,
  /** Left out of `everyone`, of which no list is kept, and where only the summaries were asked for. */
  members: z.array(z.string()).optional(),
  createdAt: z.string(),
  updatedAt: z.string(),
  manifest: z.object({
    type: z.literal('team'),
    name: z.string(),
    displayName: z.string().optional(),
    description: z.string().optional(),
    members: z.array(z.string()),
    managers: z.array(z.string()).optional(),
    tags: z.record(z.string(), z.string()).optional(),
    identity_provider_mapping: z.array(z.object({ identity_provider: z.string(), value: z.string() })).optional(),
  }),
  isEditable: z.boolean(),
  roles: z.array(z.string()),
  topMembers: z.array(z.string()).optional(),
  topManagers: z.array(z.string()).optional(),
  totalMemberCount: z.int().optional(),
  totalManagerCount: z.int().optional(),
});
export type TeamRow = z.output<typeof team>;

const filter = z
  .string()
  .max(FILTER_CHARS_MAX)
  .meta({
    description: 'JSON: {column, op, value}, or {type: AND or OR, children} of such. Columns are email and userId.',
    examples: ['{"column":"email","op":"STRING_CONTAINS","value":"ada"}'],
  });

const LIST = {
  surface: 'wire',
  method: 'GET',
  access: 'caller',
  action: 'self',
  existence: 'tell',
  effect: 'reads',
  reveals: false,
  summary: 'List the caller’s teams; all that there are for whoever may see all',
  input: {
    query: z.object({
      ...pageQuery,
      role: z.enum(['manager']).optional(),
      attributes: textList.optional(),
      includeMembership: flag.default(true),
    }),
  },
  output: pageOf(team.partial().required({ id: true })),
} as const;

/** Of one team, for whoever may see it. */
const READ = {
  surface: 'wire',
  method: 'GET',
  access: 'caller',
  action: 'team:ReadTeam',
  existence: 'hide',
  absence: TEAM_ABSENT,
  effect: 'reads',
  reveals: false,
} as const;

const PEOPLE = {
  ...READ,
  input: {
    path: z.object({ id }),
    query: z.object({ ...pageQuery, filter: filter.optional() }),
  },
  output: pageOf(z.object({ subjectId: z.string(), subjectSlug: z.string(), subjectType: z.string() })),
} as const;

const MANAGE = {
  surface: 'wire',
  access: 'caller',
  action: 'team:ManageTeam',
  existence: 'tell',
  denial: MAY_NOT_MANAGE,
  absence: TEAM_ABSENT,
  effect: 'changes',
  reveals: false,
  output: z.object({}),
} as const;

export const TEAM_OPERATIONS = {
  wireListTeamsOfUser: { ...LIST, path: `${BASE}/user` },
  wireListTeams: { ...LIST, path: BASE },
  wirePutTeam: {
    surface: 'wire',
    method: 'PUT',
    path: BASE,
    access: 'caller',
    // Of one that is there already it is team:ManageTeam on that team, so that its managers may; see app/team/apply.ts.
    action: 'team:CreateTeam',
    existence: 'tell',
    denial: 'Only a tenant admin can make a team, and only they and its managers can change it.',
    effect: 'changes',
    reveals: false,
    summary: 'Make the team of this name what its manifest says, or make it',
    input: { body: z.object({ manifest, dryRun: z.boolean().optional() }) },
    output: z.object({ data: team }),
  },
  wireCreateTeam: {
    surface: 'wire',
    method: 'POST',
    path: BASE,
    access: 'caller',
    action: 'team:CreateTeam',
    existence: 'tell',
    denial: 'Only a tenant admin can make a team.',
    effect: 'changes',
    reveals: false,
    summary: 'Make a team, which the caller manages',
    input: { body: z.object({ name: teamName, description: description.optional() }) },
    output: z.object({ data: team }),
  },
  wireGetTeam: {
    ...READ,
    path: `${BASE}/{id}`,
    summary: 'One team, with who belongs to it',
    input: { path: z.object({ id }) },
    output: z.object({ data: team }),
  },
  wireDeleteTeam: {
    ...READ,
    method: 'DELETE',
    path: `${BASE}/{id}`,
    action: 'team:DeleteTeam',
    effect: 'changes',
    summary: 'Remove a team for ever, with all that it holds',
    input: { path: z.object({ id }) },
    output: z.object({}),
  },
  wireListTeamMembers: { ...PEOPLE, path: `${BASE}/{id}/members`, summary: 'List the members of a team' },
  wireListTeamManagers: { ...PEOPLE, path: `${BASE}/{id}/managers`, summary: 'List the managers of a team' },
  wireListTeamPermissions: {
    ...READ,
    path: `${BASE}/{id}/permissions`,
    summary: 'What a team holds, and so whoever belongs to it',
    input: { path: z.object({ id }) },
    output: z.object({ data: z.array(subjectPermission) }),
  },
  wireAddTeamMember: {
    ...MANAGE,
    method: 'POST',
    path: `${BASE}/{id}/members`,
    summary: 'Take a user into a team',
    input: {
      path: z.object({ id }),
      body: z.object({ subject: member, role: z.enum(['member', 'manager']).default('member') }),
    },
  },
  wireRemoveTeamMember: {
    ...MANAGE,
    method: 'DELETE',
    path: `${BASE}/{id}/members/{subject}`,
    summary: 'Take a user out of a team, as a manager too',
    input: { path: z.object({ id, subject: member }) },
  },
} as const satisfies Operations;
