import type { Instant } from './instant.ts';
import { Refusal } from './refusal.ts';
import type { TokenFormat, TokenKind } from './token.ts';

/** What a tenant allows of personal access tokens; undefined is no limit. Days have 24 hours. */
export type TokenSettings = {
  /** A value older than this is not accepted, whatever its own date. */
  readonly ageDaysMax: number | undefined;
  /** Live tokens that one user may hold. */
  readonly countMax: number | undefined;
  /** For one that is created without a date. */
  readonly lifeDaysDefault: number | undefined;
  /** A value that was not used for so long is not accepted any more. */
  readonly idleDaysMax: number | undefined;
  /** For one that is created without saying. */
  readonly formatDefault: TokenFormat;
  /** Whether only a signed-in browser creates tokens, and no token does. */
  readonly sessionOnly: boolean;
};

/** Of a tenant that has not said. Opaque, because the public command line takes it from 0.17.0 on. */
export const TOKEN_SETTINGS: TokenSettings = {
  ageDaysMax: undefined,
  countMax: undefined,
  lifeDaysDefault: undefined,
  idleDaysMax: undefined,
  formatDefault: 'opaque',
  sessionOnly: false,
};

/** Of the values of one kind: what is for people is none of a program's. */
export const settingsOfKind = (kind: TokenKind, settings: TokenSettings): TokenSettings =>
  kind === 'pat' ? settings : TOKEN_SETTINGS;

/** Field by field: all are plain values. */
export const isSame = (one: TokenSettings, other: TokenSettings): boolean =>
  (Object.keys(TOKEN_SETTINGS) as (keyof TokenSettings)[]).every((key) => one[key] === other[key]);

/** A hundred years: further than anything that is meant. */
export const SETTING_DAYS_MAX = 36_500;
/** More than one person can look after; and they are counted, each proved, inside the transaction that creates one more. */
export const SETTING_COUNT_MAX = 1_000;

const DAY_MS = 24 * 60 * 60 * 1000;

/** The date of a token that is created now. One that nobody gave is the tenant's; one beyond its maximum is refused. */
export function expiryFor(
  { ageDaysMax, lifeDaysDefault }: TokenSettings,
  wanted: Instant | undefined,
  now: Instant,
): Instant | undefined {
  const latest = ageDaysMax === undefined ? undefined : now + ageDaysMax * DAY_MS;
  if (wanted === undefined) {
    return earliest(latest, lifeDaysDefault === undefined ? undefined : now + lifeDaysDefault * DAY_MS);
  }
  if (wanted <= now) throw refusal('The expiration date has passed. Give one in the future.', 'must be in the future');
  if (latest === undefined || wanted <= latest) return wanted;
  throw refusal(
    `Tokens live for at most ${ageDaysMax} days here. Give an earlier expiration date, or none.`,
    `must be at most ${ageDaysMax} days from now`,
  );
}

const refusal = (message: string, problem: string): Refusal =>
  new Refusal('invalid_request', message, { problems: [{ field: 'expiresAt', problem }] });

/** What the end of a value depends on. */
export type Life = {
  readonly createdAt: Instant;
  readonly expiresAt: Instant | undefined;
  readonly lastUsedAt: Instant | undefined;
};

/** When a value stops working if it is left alone: by its own date, its age or its idleness; undefined for never. */
export const endOf = (
  { ageDaysMax, idleDaysMax }: Pick<TokenSettings, 'ageDaysMax' | 'idleDaysMax'>,
  { createdAt, expiresAt, lastUsedAt = createdAt }: Life,
): Instant | undefined =>
  earliest(
    expiresAt,
    ageDaysMax === undefined ? undefined : createdAt + ageDaysMax * DAY_MS,
    idleDaysMax === undefined ? undefined : Math.max(createdAt, lastUsedAt) + idleDaysMax * DAY_MS,
  );

/** A value dies at the instant it names, not after it. */
export function isLiveUnder(settings: TokenSettings, life: Life, now: Instant): boolean {
  const endsAt = endOf(settings, life);
  return endsAt === undefined || endsAt > now;
}

/** What of an end moves with each use: how long after it, and how far at most. */
export type Idle = { readonly msMax: number; readonly endsAt: Instant | undefined };

/** Undefined where no use moves it. */
export const idleOf = (
  { ageDaysMax, idleDaysMax }: Pick<TokenSettings, 'ageDaysMax' | 'idleDaysMax'>,
  life: Life,
): Idle | undefined =>
  idleDaysMax === undefined
    ? undefined
    : { msMax: idleDaysMax * DAY_MS, endsAt: endOf({ ageDaysMax, idleDaysMax: undefined }, life) };

/** Undefined is never. */
export const earliest = (...ends: readonly (Instant | undefined)[]): Instant | undefined =>
  ends.reduce(
    (first, end) => (first === undefined ? end : end === undefined ? first : Math.min(first, end)),
    undefined,
  );
