import type { Brand } from './brand.ts';
import type { Id } from './id.ts';
import type { Instant } from './instant.ts';
import type { PrincipalId } from './principal.ts';
import { Refusal } from './refusal.ts';
import type { TeamId } from './team.ts';

export type PatId = Id<'PersonalAccessToken'>;
export type TokenId = Id<'Token'>;
export type TokenName = Brand<string, 'TokenName'>;

/** Access tokens: what stands after `tfy_` in their prefix. */
export const TOKEN_KINDS = ['pat', 'va'] as const;
export type TokenKind = (typeof TOKEN_KINDS)[number];

/** How a value is written: random characters that are looked up, or signed claims that others can read too. */
export const TOKEN_FORMATS = ['opaque', 'jwt'] as const;
export type TokenFormat = (typeof TOKEN_FORMATS)[number];

/** What whoever revokes a token can say of it; closed, because the audit keeps it for ever. */
export const REVOKE_REASONS = ['deleted', 'unused', 'replaced', 'leaked'] as const;
export type RevokeReason = (typeof REVOKE_REASONS)[number];
/** Why something ended before its time. */
export type EndReason = RevokeReason | 'revoked_all' | 'superseded' | 'deactivated' | 'removed' | 'reused';
export type Ended = { readonly at: Instant; readonly by: PrincipalId; readonly reason: EndReason };

/** A personal access token as its owner knows it: a name that owns one or more values, its generations. */
export type PersonalAccessToken = {
  readonly id: PatId;
  readonly owner: PrincipalId;
  readonly name: TokenName;
  /** The owner, but where an administrator made it for them. */
  readonly createdBy: PrincipalId;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  readonly expiresAt: Instant | undefined;
  readonly ended: Ended | undefined;
  /** Whom its use is put down to; it gives no rights. */
  readonly team: TeamId | undefined;
  /** `va` is the one token of a virtual account, which is its owner, and is in no list of personal access tokens. */
  readonly kind: TokenKind;
};

/** One value. It is nowhere; its digest stays in the store, and this may be shown. */
export type Token = {
  readonly id: TokenId;
  readonly kind: TokenKind;
  readonly pat: PatId;
  readonly subject: PrincipalId;
  /** From 1; only grows. */
  readonly generation: number;
  readonly format: TokenFormat;
  /** The key that signed a JWT: it is published for as long as one of them lives. */
  readonly signedBy: Id<'Key'> | undefined;
  readonly preview: string;
  readonly createdAt: Instant;
  readonly expiresAt: Instant | undefined;
  readonly ended: Ended | undefined;
};

/** The last time a token was accepted, and where. */
export type LastUse = { readonly at: Instant; readonly surface: string; readonly address: string | undefined };

/** One value as it stands: when it stops working if it is left alone, and when it was last accepted. */
export type StandingToken = Token & { readonly endsAt: Instant | undefined; readonly lastUse: LastUse | undefined };

/** A personal access token with its values that still stand, newest first. */
export type PatView = {
  readonly pat: PersonalAccessToken;
  readonly tokens: readonly StandingToken[];
  /** When the last of its values stops working; undefined where one never does. */
  readonly endsAt: Instant | undefined;
  /** The last time any of its values was accepted. */
  readonly lastUse: LastUse | undefined;
  /** The last time one was presented after its end. */
  readonly deadUse: LastUse | undefined;
};

/** Beyond it the oldest value ends: each browser that fetches one by name adds one. */
export const LIVE_GENERATIONS_MAX = 5;

/** How long a revoked one is still shown, with who ended it and why. */
export const REVOKED_SHOWN_MS = 90 * 24 * 60 * 60 * 1000;
/** How long whatever is over is kept at all: as long as a revoked one is shown. */
export const OVER_KEPT_MS = REVOKED_SHOWN_MS;

type Ends = Pick<Token, 'ended' | 'expiresAt'>;

/**
 * When it was over for good; undefined for one that is not. By its own end, its own date, and those of its newest values,
 * among which are all that stand; never by a tenant's settings, which can be loosened again.
 */
export function overAt({ ended, expiresAt }: Ends, newest: readonly Ends[]): Instant | undefined {
  if (ended !== undefined) return ended.at;
  const ends = newest.map((value) => value.ended?.at ?? value.expiresAt);
  const isLiving = ends.length === 0 || ends.includes(undefined);
  return isLiving ? expiresAt : Math.min(expiresAt ?? Number.POSITIVE_INFINITY, Math.max(...(ends as Instant[])));
}

export const TOKEN_NAME = /^[a-z][a-z0-9-]{1,34}[a-z0-9]$/;

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
