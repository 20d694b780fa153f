import * as z from 'zod';
import { TOKEN_FORMATS } from '#domain/token.ts';
import { documentedAs, email, id, tokenName } from '../documented.ts';
import type { Operations } from '../operation.ts';
import { MAY_NOT_MANAGE_TOKENS, TOKEN_ABSENT } from '../token-words.ts';
import { dateInput } from './date.ts';
import { pageOf, pageQuery, searchText } from './page.ts';
import { subject } from './subject.ts';

const BASE = '/api/svc/v1/personal-access-tokens';

/** One value of the token. `expiry` is required: what never ends says a day far away. */
const jwt = z.object({
  id: z.string(),
  subjectType: z.literal('serviceaccount'),
  subjectId: z.string(),
  expiry: z.string(),
  tokenType: z.enum(TOKEN_FORMATS),
  createdAt: z.string(),
  updatedAt: z.string(),
});

/** The public product's row for a token (contract 2, 3.1). Envelope fields are camelCase, manifest fields snake_case. */
const personalAccessToken = z.object({
  id: z.string(),
  name: z.string(),
  type: z.literal('pat'),
  tenantName: z.string(),
  accountId: z.string(),
  // The type its SDKs accept for a PAT is "virtual-account", and up to 0.4.0 they need `permissions`; "pat" breaks them.
  manifest: z.object({
    type: z.literal('virtual-account'),
    name: z.string(),
    permissions: z.array(z.object({})),
    expiration_date: z.string().optional(),
    user_fqn: z.string(),
    token_type: z.enum(TOKEN_FORMATS),
    /** Only of one that is put down to a team. */
    ownedBy: z.object({ account: z.string(), team: z.string() }).optional(),
  }),
  jwtId: z.string().optional(),
  createdBySubject: subject,
  createdAt: z.string(),
  updatedAt: z.string(),
  lastAccessedAt: z.string().optional(),
  isExpired: z.boolean(),
  jwts: z.array(jwt),
  /** Ours: where any of its values was last accepted, and the masked form of the newest. */
  metadata: z.object({
    preview: z.string().optional(),
    lastUsedSurface: z.string().optional(),
    lastUsedAddress: z.string().optional(),
  }),
});
export type PersonalAccessTokenRow = z.infer<typeof personalAccessToken>;

/** A team of the owner's; which those are is no matter of form. */
const teamName = z.string().meta({
  description:
    'A team to which the owner belongs, and not everyone. Where the token is there already, it keeps its own.',
  examples: ['platform'],
});

export const PERSONAL_ACCESS_TOKEN_OPERATIONS = {
  wireListPats: {
    surface: 'wire',
    method: 'GET',
    path: BASE,
    access: 'caller',
    action: 'personal-access-token:List',
    existence: 'tell',
    denial: MAY_NOT_MANAGE_TOKENS,
    effect: 'reads',
    reveals: false,
    summary: 'List the caller’s personal access tokens, newest first; never their values',
    input: { query: z.object({ ...pageQuery, nameSearchQuery: searchText.default('') }) },
    output: pageOf(personalAccessToken),
  },
  wireCreatePat: {
    surface: 'wire',
    method: 'POST',
    path: BASE,
    access: 'caller',
    action: 'personal-access-token:Create',
    existence: 'tell',
    denial: MAY_NOT_MANAGE_TOKENS,
    effect: 'mints',
    reveals: true,
    replayable: true,
    summary: 'Create a personal access token; this answer is the only one that holds it',
    input: {
      body: z.object({
        name: tokenName,
        expirationDate: dateInput.optional(),
        accountName: documentedAs(z.string(), ({ tenant }) => ({ const: tenant })).optional(),
        teamName: teamName.optional(),
        tokenType: z.enum(TOKEN_FORMATS).optional(),
      }),
    },
    output: z.object({ token: z.string() }),
  },
  wireGetOrCreatePat: {
    surface: 'wire',
    method: 'GET',
    path: `${BASE}/{name}`,
    access: 'caller',
    action: 'personal-access-token:Create',
    existence: 'tell',
    denial: MAY_NOT_MANAGE_TOKENS,
    effect: 'mints',
    reveals: true,
    summary:
      'A new value for the caller’s token of this name, which is made when there is none; older values stay good',
    input: { path: z.object({ name: tokenName }), query: z.object({ teamName: teamName.optional() }) },
    output: z.object({ data: personalAccessToken, token: z.string(), created: z.boolean() }),
  },
  wireCreatePatForUser: {
    surface: 'wire',
    method: 'POST',
    path: `${BASE}/for-user`,
    access: 'caller',
    action: 'personal-access-token:CreateForUser',
    existence: 'tell',
    denial: 'Only a tenant admin can create a token for another user.',
    absence: 'No user with this email',
    effect: 'mints',
    reveals: true,
    replayable: true,
    summary: 'Create a personal access token that is another user’s; this answer is the only one that holds it',
    input: {
      body: z.object({
        name: tokenName,
        userEmail: email,
        expirationDate: dateInput.optional(),
        teamName: teamName.optional(),
      }),
    },
    output: z.object({ token: z.string() }),
  },
  wireGetPatToken: {
    surface: 'wire',
    method: 'GET',
    path: `${BASE}/{name}/token`,
    access: 'caller',
    action: 'personal-access-token:List',
    existence: 'tell',
    denial: MAY_NOT_MANAGE_TOKENS,
    effect: 'reads',
    reveals: false,
    refused: 'forbidden',
    summary: 'Refused, whoever asks: the value of a personal access token is kept nowhere',
    input: { path: z.object({ name: tokenName }) },
    output: z.object({}),
  },
  wireDeletePat: {
    surface: 'wire',
    method: 'DELETE',
    path: `${BASE}/{id}`,
    access: 'caller',
    action: 'personal-access-token:Revoke',
    existence: 'hide',
    absence: TOKEN_ABSENT,
    effect: 'changes',
    reveals: false,
    summary: 'Revoke one of the caller’s personal access tokens, with all its values, for ever',
    input: { path: z.object({ id }) },
    output: z.object({}),
  },
  wireRevokeAllPats: {
    surface: 'wire',
    method: 'DELETE',
    path: `${BASE}/revoke/all`,
    access: 'caller',
    action: 'personal-access-token:RevokeAll',
    existence: 'tell',
    denial: 'Only a tenant admin can revoke the tokens of another user.',
    absence: 'There is no user with this e-mail address.',
    effect: 'changes',
    reveals: false,
    summary: 'Revoke every personal access token of a user',
    input: { body: z.object({ email }) },
    output: z.object({}),
  },
} as const satisfies Operations;
