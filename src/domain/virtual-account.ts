import type { Brand } from './brand.ts';
import type { Instant } from './instant.ts';
import type { PrincipalId } from './principal.ts';
import { Refusal } from './refusal.ts';
import type { TeamId } from './team.ts';
import { type PatId, TOKEN_NAME, type TokenFormat, type TokenId, type TokenName } from './token.ts';

/** Its token bears the same name. */
export type VirtualAccountName = Brand<TokenName, 'VirtualAccountName'>;

/** An identity for a program: a principal with grants of its own, and one token, whose values are its generations. */
export type VirtualAccount = {
  /** Of its principal, whose name is its own. */
  readonly id: PrincipalId;
  readonly name: VirtualAccountName;
  /** What owns the values of its token. */
  readonly pat: PatId;
  /** The value that is to be used; others that work are in their grace. Undefined after somebody has ended it. */
  readonly current: TokenId | undefined;
  /** Whose members manage it. */
  readonly team: TeamId | undefined;
  /** As they were given; nothing is decided by them. */
  readonly tags: Readonly<Record<string, unknown>>;
  /** None of its values works after it. */
  readonly expiresAt: Instant | undefined;
  /** Of values that are made from now on; undefined is the tenant's default. */
  readonly format: TokenFormat | undefined;
  readonly autoRotate: AutoRotate | undefined;
  /** When it gets a new value by itself; undefined where it never does. */
  readonly rotatesAt: Instant | undefined;
  /** One more with each change of the account, so that nobody changes what they have not seen. */
  readonly version: number;
  readonly createdBy: PrincipalId;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
};

/** Days have 24 hours. The value that is replaced works for the grace after it. */
export type AutoRotate = { readonly intervalDays: number; readonly graceDays: number };

/** The wire's own bounds (contract 4.1). */
export const INTERVAL_DAYS_MIN = 30;
export const GRACE_DAYS_MIN = 1;
/** A hundred years, as for all settings in days. */
export const INTERVAL_DAYS_MAX = 36_500;

const DAY_MS = 24 * 60 * 60 * 1000;
/** Of a regeneration by hand: a year. */
export const GRACE_MS_MAX = 365 * DAY_MS;

/** What a tenant has decided of the tokens of all its accounts. */
export type AccountRules = {
  /** Whether the value that is current can be had again; else it is kept nowhere. */
  readonly isReadable: boolean;
  /** What follows where a value is presented that was replaced, once its grace is over. */
  readonly afterRetirement: AfterRetirement;
};
/** Said in the audit and where the account is shown; the account can do nothing until somebody thaws it; all its values end. */
export const AFTER_RETIREMENT = ['report', 'freeze', 'revoke'] as const;
export type AfterRetirement = (typeof AFTER_RETIREMENT)[number];
export const ACCOUNT_RULES: AccountRules = { isReadable: true, afterRetirement: 'report' };

export function parseVirtualAccountName(input: string): VirtualAccountName {
  if (TOKEN_NAME.test(input)) return input as VirtualAccountName;
  throw new Refusal(
    'unprocessable',
    'A virtual account name has 3 to 36 lower-case letters, digits and dashes, starts with a letter and does not end in a dash.',
    { problems: [{ field: 'name', problem: `must match ${TOKEN_NAME.source}` }] },
  );
}

/** Two values work at most, so the older one is over before the next is made. */
export function parseAutoRotate({ intervalDays, graceDays }: AutoRotate): AutoRotate {
  const isInterval = isDays(intervalDays, INTERVAL_DAYS_MIN);
  if (!isInterval) throw wrong('auto_rotate_interval', `must be ${INTERVAL_DAYS_MIN} days or more, in whole days`);
  if (!isDays(graceDays, GRACE_DAYS_MIN)) throw wrong('grace_period', 'must be one day or more, in whole days');
  if (graceDays >= intervalDays) throw wrong('grace_period', 'must be shorter than auto_rotate_interval');
  return { intervalDays, graceDays };
}

const isDays = (days: number, min: number): boolean =>
  Number.isInteger(days) && days >= min && days <= INTERVAL_DAYS_MAX;

const wrong = (field: string, problem: string): Refusal =>
  new Refusal('unprocessable', `${field} ${problem}.`, { problems: [{ field: `auto_rotate.${field}`, problem }] });

type Rotates = Pick<VirtualAccount, 'autoRotate' | 'expiresAt'>;

/** Counted from the last value; never, where the account is over by then. */
export function nextRotation({ autoRotate, expiresAt }: Rotates, since: Instant): Instant | undefined {
  if (autoRotate === undefined) return undefined;
  const at = since + autoRotate.intervalDays * DAY_MS;
  return expiresAt !== undefined && expiresAt <= at ? undefined : at;
}

/** What an edit makes of the schedule: another interval counts from now, the same one goes on as it was. */
export function rescheduled(
  held: Pick<VirtualAccount, 'autoRotate' | 'rotatesAt'>,
  wanted: Rotates,
  now: Instant,
): Instant | undefined {
  const { rotatesAt } = held;
  if (rotatesAt === undefined || !isSameRotation(held.autoRotate, wanted.autoRotate)) return nextRotation(wanted, now);
  return wanted.expiresAt !== undefined && wanted.expiresAt <= rotatesAt ? undefined : rotatesAt;
}

const isSameRotation = (one: AutoRotate | undefined, other: AutoRotate | undefined): boolean =>
  one?.intervalDays === other?.intervalDays && one?.graceDays === other?.graceDays;

export const graceMsOf = ({ graceDays }: AutoRotate): number => graceDays * DAY_MS;
