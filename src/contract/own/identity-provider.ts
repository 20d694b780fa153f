import * as z from 'zod';
import {
  AUDIENCES_MAX,
  CLOCK_SKEW_SECONDS_MAX,
  EXTERNAL_ALGORITHMS,
  IDENTITY_PROVIDER_NAME,
  LIFETIME_SECONDS_MAX,
} from '#domain/identity-provider.ts';
import { KEYS_MAX } from '#domain/identity-provider-keys.ts';
import { id } from '../documented.ts';
import type { Operations } from '../operation.ts';
import { keptText } from '../wire/page.ts';
import { flag } from '../wire/query.ts';

const BASE = '/api/v1/identity-providers';
const TEXT_CHARS_MAX = 1_000;
/** What the explanation of a token says in each step. */
const STEPS_MAX = 100;

const text = keptText(TEXT_CHARS_MAX);
/** Parsed and refused in the domain's words, as other texts are. */
const name = z.string().meta({
  pattern: IDENTITY_PROVIDER_NAME.source,
  description: '3 to 35 lower-case letters, digits and dashes; a letter first, no dash last.',
  examples: ['github-actions'],
});
const issuer = text.meta({
  description: 'What its tokens say in `iss`, character by character.',
  examples: ['https://token.actions.githubusercontent.com'],
});
const jwksUri = text.meta({
  description: 'Where its public keys are fetched; this, or `jwks`.',
  examples: ['https://token.actions.githubusercontent.com/.well-known/jwks'],
});
const claim = text.meta({
  description: 'A claim, or names with "/" between for one within others; a "/" in a name is written ~1.',
  examples: ['kubernetes.io/serviceaccount/name'],
});
/** A JSON Web Key Set (RFC 7517); of each key only what a public one has is kept. */
const jwks = z.strictObject({ keys: z.array(z.record(text, z.unknown())).max(KEYS_MAX) });

/** All that can be said of one: what is left out, or null, is as it is where nobody says it. */
const said = {
  name,
  /** Nobody comes in by one that is not. */
  enabled: z.boolean().nullish(),
  issuer,
  jwksUri: jwksUri.nullish(),
  jwks: jwks.nullish(),
  audiences: z.array(text).max(AUDIENCES_MAX),
  algorithms: z.array(z.enum(EXTERNAL_ALGORITHMS)).max(EXTERNAL_ALGORITHMS.length).nullish(),
  clockSkewSeconds: z.int().min(0).max(CLOCK_SKEW_SECONDS_MAX).nullish(),
  /** From `iat` to `exp`. */
  lifetimeSecondsMax: z.int().min(1).max(LIFETIME_SECONDS_MAX).nullish(),
  /** Virtual accounts are mapped by its value. */
  subjectClaim: claim.nullish(),
  /** Users are found by its value; without it none is. */
  emailClaim: claim.nullish(),
  /** Teams are mapped by its value, or values. */
  teamClaim: claim.nullish(),
};
export type SaidOfProvider = z.output<z.ZodObject<typeof said>>;

const provider = z.strictObject({
  id: z.string(),
  name: z.string(),
  enabled: z.boolean(),
  issuer: z.string(),
  /** Null where its keys were handed over. */
  jwksUri: z.string().nullable(),
  /** Null where they are fetched. */
  jwks: z.strictObject({ keys: z.array(z.record(z.string(), z.unknown())) }).nullable(),
  audiences: z.array(z.string()),
  algorithms: z.array(z.enum(EXTERNAL_ALGORITHMS)),
  clockSkewSeconds: z.int(),
  lifetimeSecondsMax: z.int().nullable(),
  subjectClaim: z.string(),
  emailClaim: z.string().nullable(),
  teamClaim: z.string().nullable(),
  /** The id of who made it. */
  createdBy: z.string(),
  /** Instants are ISO 8601, in UTC. */
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type OwnProvider = z.infer<typeof provider>;

const explanation = z.strictObject({
  accepted: z.boolean(),
  /** As far as they were taken; the last says what was wrong, where it did not pass. */
  steps: z
    .array(z.strictObject({ step: z.string(), passed: z.boolean(), about: z.string().nullable() }))
    .max(STEPS_MAX),
  /** What the provider says, where its word is believed. */
  identity: z
    .strictObject({
      subject: z.string(),
      email: z.string().nullable(),
      teams: z.array(z.string()),
      expiresAt: z.string(),
    })
    .nullable(),
  /** Who that is, where it is somebody. */
  principal: z.strictObject({ id: z.string(), kind: z.string(), name: z.string() }).nullable(),
});
export type OwnExplanation = z.infer<typeof explanation>;

const ROW = {
  surface: 'own',
  access: 'caller',
  existence: 'tell',
  absence: 'There is no identity provider of this id. List them to find it.',
  reveals: false,
} as const;
const READ = {
  ...ROW,
  action: 'identity-provider:ListIdentityProviders',
  denial:
    'Only a tenant admin, or a role with identity-provider:ListIdentityProviders, can see whose tokens are believed here.',
  effect: 'reads',
} as const;
const MANAGE = {
  ...ROW,
  action: 'identity-provider:ManageIdentityProviders',
  denial: 'Only a tenant admin can say whose tokens are believed here.',
  effect: 'changes',
} as const;
const onOne = { path: z.strictObject({ id }) };
const one = z.strictObject({ provider });

export const IDENTITY_PROVIDER_OPERATIONS = {
  ownListProviders: {
    ...READ,
    method: 'GET',
    path: BASE,
    summary: 'List the identity providers whose tokens are believed, by name',
    input: {},
    output: z.strictObject({ data: z.array(provider) }),
  },
  ownCreateProvider: {
    ...MANAGE,
    method: 'POST',
    path: BASE,
    summary:
      'Believe the tokens of an identity provider: whoever may do this can become anybody, so it takes every right',
    input: { body: z.strictObject(said) },
    output: one,
  },
  ownGetProvider: {
    ...READ,
    method: 'GET',
    path: `${BASE}/{id}`,
    summary: 'One identity provider',
    input: onOne,
    output: one,
  },
  ownPutProvider: {
    ...MANAGE,
    method: 'PUT',
    path: `${BASE}/{id}`,
    summary: 'Say all of an identity provider anew; tokens that were believed are judged again',
    input: { ...onOne, body: z.strictObject(said) },
    output: one,
  },
  ownDeleteProvider: {
    ...MANAGE,
    method: 'DELETE',
    path: `${BASE}/{id}`,
    summary: 'Remove an identity provider; with force, what is mapped by it too',
    input: { ...onOne, query: z.strictObject({ force: flag.optional() }) },
    /** How many virtual accounts and teams were mapped by it. */
    output: z.strictObject({ mapped: z.int() }),
  },
  ownTestProvider: {
    ...MANAGE,
    method: 'POST',
    path: `${BASE}/{id}/test`,
    effect: 'reads',
    summary: 'Why a token of it is accepted, or is not, step by step; the token is written nowhere',
    input: { ...onOne, body: z.strictObject({ token: z.string() }) },
    output: explanation,
  },
} as const satisfies Operations;
