import type { ProviderRules } from '#domain/identity-provider.ts';
import { type Claims, textAt } from '#domain/identity-provider-claims.ts';
import { audiencesOf } from './external-jwt-read.ts';
import type { Reason } from './external-jwt-reasons.ts';

type ClaimCheck = readonly [Reason, (claims: Claims, rules: ProviderRules, now: number) => boolean];

/** What the claims of a token must say, in order; times are in seconds, as in the token (RFC 7519, 4.1). */
export const CLAIM_CHECKS: readonly ClaimCheck[] = [
  ['issuer_missing', ({ iss }) => typeof iss === 'string'],
  ['issuer_other', ({ iss }, { issuer }) => iss === issuer],
  ['audience_missing', (claims) => audiencesOf(claims) !== undefined],
  ['audience_other', (claims, { audiences }) => audiencesOf(claims)?.some((one) => audiences.includes(one)) === true],
  ['expiry_missing', ({ exp }) => typeof exp === 'number'],
  ['expiry_range', ({ exp }) => isTime(exp)],
  ['expired', ({ exp }, { clockSkewSeconds }, now) => at(exp) + clockSkewSeconds > now],
  ['beginning_range', ({ nbf }) => nbf === undefined || isTime(nbf)],
  ['not_yet', ({ nbf }, { clockSkewSeconds }, now) => nbf === undefined || at(nbf) <= now + clockSkewSeconds],
  ['issue_missing', ({ iat }) => typeof iat === 'number'],
  ['issue_range', ({ iat }) => isTime(iat)],
  ['issued_later', ({ iat }, { clockSkewSeconds }, now) => at(iat) <= now + clockSkewSeconds],
  ['ends_before_issue', ({ iat, exp }) => at(iat) < at(exp)],
  ['lives_too_long', ({ iat, exp }, { lifetimeSecondsMax: max }) => max === undefined || at(exp) - at(iat) <= max],
  ['other_purpose', (claims) => !Object.hasOwn(claims, 'events')],
  ['subject_missing', (claims, { subjectClaim }) => textAt(claims, subjectClaim) !== undefined],
];

/** The end of the year 9999, and a number of milliseconds taken for one of seconds lies beyond. */
const TIME_MAX = 253_402_300_799;

const isTime = (value: unknown): boolean => typeof value === 'number' && value >= 0 && value <= TIME_MAX;
const at = (value: unknown): number => Number(value);
