import * as z from 'zod';
import { REVOKE_REASONS, TOKEN_FORMATS } from '#domain/token.ts';
import { id, tokenName } from '../documented.ts';
import type { Operations } from '../operation.ts';
import { MAY_NOT_MANAGE_TOKENS, TOKEN_ABSENT } from '../token-words.ts';
import { dateInput } from '../wire/date.ts';
import { pageQuery, searchText } from '../wire/page.ts';

const BASE = '/api/v1/tokens';

const person = z.strictObject({ id: z.string(), name: z.string() });
/** Instants are ISO 8601, in UTC. */
const use = z.strictObject({ at: z.string(), surface: z.string(), address: z.string().nullable() });

export const ownToken = z.strictObject({
  id: z.string(),
  name: z.string(),
  /** The masked form of its newest value: prefix, four characters, four characters. */
  preview: z.string(),
  format: z.enum(TOKEN_FORMATS),
  state: z.enum(['live', 'expired', 'revoked']),
  createdAt: z.string(),
  createdBy: person,
  /** When it stops working if it is left alone: by its own date, its age or its idleness; null for never. */
  expiresAt: z.string().nullable(),
  /** When any of its values was last accepted, and where. */
  lastUsed: use.nullable(),
  /** Values that stand: get-or-create by name adds one each time. */
  values: z.int(),
  revoked: z.strictObject({ at: z.string(), by: person, reason: z.string() }).nullable(),
  /** The last time somebody presented it after its end: something still holds it. */
  usedAfterEnd: use.nullable(),
});
export type OwnToken = z.infer<typeof ownToken>;

export const TOKEN_OPERATIONS = {
  ownListTokens: {
    surface: 'own',
    method: 'GET',
    path: BASE,
    access: 'caller',
    action: 'personal-access-token:List',
    existence: 'tell',
    denial: MAY_NOT_MANAGE_TOKENS,
    effect: 'reads',
    reveals: false,
    summary: 'List the caller’s personal access tokens, newest first; revoked ones too, for 90 days',
    input: {
      query: z.strictObject({
        ...pageQuery,
        name: searchText.default(''),
        revoked: z.enum(['included', 'left-out']).default('included'),
      }),
    },
    output: z.strictObject({
      data: z.array(ownToken),
      pagination: z.strictObject({ total: z.int(), offset: z.int(), limit: z.int() }),
    }),
  },
  ownCreateToken: {
    surface: 'own',
    method: 'POST',
    path: BASE,
    access: 'caller',
    action: 'personal-access-token:Create',
    existence: 'tell',
    denial: MAY_NOT_MANAGE_TOKENS,
    effect: 'mints',
    reveals: true,
    replayable: true,
    summary: 'Create a personal access token; this answer is the only one that holds its value',
    input: {
      body: z.strictObject({
        name: tokenName,
        expiresAt: dateInput.nullable().optional(),
        format: z.enum(TOKEN_FORMATS).optional(),
      }),
    },
    output: z.strictObject({ token: ownToken, value: z.string() }),
  },
  ownGetToken: {
    surface: 'own',
    method: 'GET',
    path: `${BASE}/{id}`,
    access: 'caller',
    action: 'personal-access-token:List',
    existence: 'hide',
    absence: TOKEN_ABSENT,
    effect: 'reads',
    reveals: false,
    summary: 'One of the caller’s personal access tokens, revoked or not; never its value',
    input: { path: z.strictObject({ id }) },
    output: z.strictObject({ token: ownToken }),
  },
  ownRenameToken: {
    surface: 'own',
    method: 'PATCH',
    path: `${BASE}/{id}`,
    access: 'caller',
    action: 'personal-access-token:Rename',
    existence: 'hide',
    absence: TOKEN_ABSENT,
    effect: 'changes',
    reveals: false,
    summary: 'Give one of the caller’s personal access tokens another name; its values stay as they are',
    input: { path: z.strictObject({ id }), body: z.strictObject({ name: tokenName }) },
    output: z.strictObject({ token: ownToken }),
  },
  ownRevokeToken: {
    surface: 'own',
    method: 'POST',
    path: `${BASE}/{id}/revoke`,
    access: 'caller',
    action: 'personal-access-token:Revoke',
    existence: 'hide',
    absence: TOKEN_ABSENT,
    effect: 'changes',
    reveals: false,
    summary: 'Revoke one of the caller’s personal access tokens for ever, and say how soon nobody accepts it',
    input: {
      path: z.strictObject({ id }),
      body: z.strictObject({
        reason: z.enum(REVOKE_REASONS).default('deleted'),
        /** Answers once every node has said that it refuses the token, or refuses it unheard. */
        wait: z.boolean().default(false),
      }),
    },
    output: z.strictObject({
      token: ownToken,
      revocation: z.strictObject({
        /** After this answer no verifier that hears of changes accepts it later than the first, none at all than the second. */
        boundMs: z.int(),
        staleMsMax: z.int(),
        /** Of one that waited: nodes by name, as they refuse it by now, are cut off and refuse everything, or neither in time. */
        nodes: z
          .strictObject({
            acknowledged: z.array(z.string()),
            silent: z.array(z.string()),
            late: z.array(z.string()),
          })
          .optional(),
      }),
    }),
  },
} as const satisfies Operations;
