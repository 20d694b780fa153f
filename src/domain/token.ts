import type { Brand } from './brand.ts';
import type { Id } from './id.ts';
import type { Instant } from './instant.ts';
import type { PrincipalId } from './principal.ts';
import { Refusal } from './refusal.ts';

export type PatId = Id<'PersonalAccessToken'>;
export type TokenId = Id<'Token'>;
export type TokenName = Brand<string, 'TokenName'>;

/** Access tokens: what stands after `tfy_` in their prefix. */
export const TOKEN_KINDS = ['pat', 'va'] as const;
export type TokenKind = (typeof TOKEN_KINDS)[number];

/** Why something ended before its time. */
export type EndReason = 'deleted' | 'revoked_all' | 'superseded';
export type Ended = { readonly at: Instant; readonly by: PrincipalId; readonly reason: EndReason };

/** A personal access token as its owner knows it: a name that owns one or more values, its generations. */
export type PersonalAccessToken = {
  readonly id: PatId;
  readonly owner: PrincipalId;
  readonly name: TokenName;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  readonly expiresAt: Instant | undefined;
  readonly ended: Ended | undefined;
};

/** One value. It is nowhere; its digest stays in the store, and this may be shown. */
export type Token = {
  readonly id: TokenId;
  readonly kind: TokenKind;
  readonly pat: PatId;
  readonly subject: PrincipalId;
  /** From 1; only grows. */
  readonly generation: number;
  readonly preview: string;
  readonly createdAt: Instant;
  readonly expiresAt: Instant | undefined;
  readonly ended: Ended | undefined;
};

/** The last time a token was accepted, and where. */
export type LastUse = { readonly at: Instant; readonly surface: string; readonly address: string | undefined };

/** A personal access token with its values that still stand, newest first, and the last time any of them was used. */
export type PatView = {
  readonly pat: PersonalAccessToken;
  readonly tokens: readonly Token[];
  readonly lastUse: LastUse | undefined;
};

/** Beyond it the oldest value ends: each browser that fetches one by name adds one. */
export const LIVE_GENERATIONS_MAX = 5;

const TOKEN_NAME = /^[a-z][a-z0-9-]{1,34}[a-z0-9]$/;

export function parseTokenName(input: string): TokenName {
  if (!TOKEN_NAME.test(input)) {
    throw new Refusal(
      'invalid_request',
      'A token name has 3 to 36 lower-case letters, digits and dashes, starts with a letter and does not end in a dash.',
      { problems: [{ field: 'name', problem: `must match ${TOKEN_NAME.source}` }] },
    );
  }
  return input as TokenName;
}
