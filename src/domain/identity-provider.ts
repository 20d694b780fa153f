import type { Brand } from './brand.ts';
import type { Id } from './id.ts';
import { type ClaimPath, parseClaimPath } from './identity-provider-claims.ts';
import { parseUploadedKeys, type UploadedKeys } from './identity-provider-keys.ts';
import type { Instant } from './instant.ts';
import type { PrincipalId } from './principal.ts';
import { type Problem, Refusal } from './refusal.ts';

/*
 * Whoever else says who a program or a person is: it signs a JWT, and a claim of that is mapped to one of ours. What is
 * said here decides which tokens are believed, so that nothing of it has a lenient form.
 */
export type IdentityProviderId = Id<'IdentityProvider'>;
export type IdentityProviderName = Brand<string, 'IdentityProviderName'>;
/** Compared character by character with the `iss` of a token, as RFC 7519 has it: a slash at the end makes another. */
export type Issuer = Brand<string, 'Issuer'>;

/** None is symmetric: the key of a provider is public, and what it verifies nobody else must be able to make. */
export const EXTERNAL_ALGORITHMS = [
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512', 'EdDSA'] as const),
] as const;
export type ExternalAlgorithm = (typeof EXTERNAL_ALGORITHMS)[number];
const ALGORITHMS_FALLBACK: readonly ExternalAlgorithm[] = ['RS256', 'ES256'];

/** Clocks of other people's machines are seldom further off. */
const CLOCK_SKEW_SECONDS_FALLBACK = 60;
/** A longer one would only make expired tokens good. */
export const CLOCK_SKEW_SECONDS_MAX = 300;
/** A year: whatever lives longer is no token of a workload. */
export const LIFETIME_SECONDS_MAX = 366 * 24 * 60 * 60;
export const AUDIENCES_MAX = 20;
/** Longest of an address, issuer or audience. */
const TEXT_CHARS_MAX = 1_000;
const SUBJECT_CLAIM_FALLBACK = 'sub';

/** Where its public keys come from: fetched when they are needed, or handed over by whoever made the provider. */
export type ProviderKeys =
  | { readonly from: 'url'; readonly jwksUri: string }
  | { readonly from: 'upload'; readonly jwks: UploadedKeys };

/** All that a token is held against. */
export type ProviderRules = {
  readonly issuer: Issuer;
  readonly keys: ProviderKeys;
  /** At least one: a token for somebody else must not be good here. */
  readonly audiences: readonly string[];
  readonly algorithms: readonly ExternalAlgorithm[];
  readonly clockSkewSeconds: number;
  /** From `iat` to `exp`; undefined: any. */
  readonly lifetimeSecondsMax: number | undefined;
  /** Its value is what virtual accounts are mapped by. */
  readonly subjectClaim: ClaimPath;
  /** Its value is a user's e-mail address; undefined: no user is found by a token of this provider. */
  readonly emailClaim: ClaimPath | undefined;
  /** A text, or a list of texts, that teams are mapped by. */
  readonly teamClaim: ClaimPath | undefined;
};

/** What whoever manages it says of it. */
export type ProviderDefinition = ProviderRules & {
  readonly name: IdentityProviderName;
  /** Nobody comes in by one that is not. */
  readonly isEnabled: boolean;
};

export type IdentityProvider = ProviderDefinition & {
  readonly id: IdentityProviderId;
  readonly createdBy: PrincipalId;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
};

/** A definition as it is given; its shape has been checked, what it says has not. */
export type ProviderInput = {
  readonly name: string;
  readonly issuer: string;
  readonly jwksUri?: string | undefined;
  readonly jwks?: unknown;
  readonly audiences: readonly string[];
  readonly algorithms?: readonly string[] | undefined;
  readonly clockSkewSeconds?: number | undefined;
  readonly lifetimeSecondsMax?: number | undefined;
  readonly subjectClaim?: string | undefined;
  readonly emailClaim?: string | undefined;
  readonly teamClaim?: string | undefined;
  readonly isEnabled?: boolean | undefined;
};

export const IDENTITY_PROVIDER_NAME = /^[a-z][a-z0-9-]{1,33}[a-z0-9]$/;

export function parseIdentityProviderName(input: string): IdentityProviderName {
  if (IDENTITY_PROVIDER_NAME.test(input)) return input as IdentityProviderName;
  throw wrong(
    'name',
    'must have 3 to 35 lower-case letters, digits and dashes, start with a letter and not end in a dash',
  );
}

export function parseIssuer(input: string): Issuer {
  const url = httpsUrl(input);
  if (url !== undefined && url.search === '') return input as Issuer;
  throw wrong(
    'issuer',
    'must be the https:// address that tokens say in `iss`, without query, fragment or credentials',
  );
}

/** Refused with everything that is wrong with it. */
export function parseProvider(input: ProviderInput): ProviderDefinition {
  const problems: Problem[] = [];
  const noted = <Value>(parse: () => Value): Value => {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      problems.push(...error.problems);
      return undefined as Value; // never seen: where there is a problem, nothing is returned
    }
  };
  const definition: ProviderDefinition = {
    name: noted(() => parseIdentityProviderName(input.name)),
    isEnabled: input.isEnabled ?? true,
    issuer: noted(() => parseIssuer(input.issuer)),
    keys: noted(() => keysIn(input)),
    audiences: noted(() => audiencesIn(input.audiences)),
    algorithms: noted(() => algorithmsIn(input.algorithms ?? ALGORITHMS_FALLBACK)),
    clockSkewSeconds: noted(() => clockSkewIn(input.clockSkewSeconds ?? CLOCK_SKEW_SECONDS_FALLBACK)),
    lifetimeSecondsMax: noted(() => lifetimeIn(input.lifetimeSecondsMax)),
    subjectClaim: noted(() => parseClaimPath('subjectClaim', input.subjectClaim ?? SUBJECT_CLAIM_FALLBACK)),
    emailClaim: noted(() => pathIn('emailClaim', input.emailClaim)),
    teamClaim: noted(() => pathIn('teamClaim', input.teamClaim)),
  };
  if (problems.length > 0) throw refused(problems);
  return definition;
}

function keysIn({ jwksUri, jwks }: ProviderInput): ProviderKeys {
  if ((jwksUri === undefined) === (jwks === undefined))
    throw wrong('jwksUri', 'must be given, or `jwks` with the keys themselves, and not both');
  return jwksUri === undefined
    ? { from: 'upload', jwks: parseUploadedKeys(jwks) }
    : { from: 'url', jwksUri: jwksUriIn(jwksUri) };
}

/** Plain HTTP too: whether that may be asked is the operator's to say, when it is. */
function jwksUriIn(input: string): string {
  const url = input.startsWith('http://') ? httpsUrl(input.replace('http', 'https')) : httpsUrl(input);
  if (url !== undefined) return input;
  throw wrong('jwksUri', 'must be the https:// address of a JSON Web Key Set, without fragment or credentials');
}

/** As it is compared, it must be as everybody would write it: no spaces, no controls, nothing that a parser repairs. */
function httpsUrl(input: string): URL | undefined {
  const url = /^https:\/\/[!-~]+$/.test(input) && input.length <= TEXT_CHARS_MAX ? URL.parse(input) : null;
  const isPlain = url?.username === '' && url.password === '' && !/[@#\\]/.test(input);
  return url !== null && isPlain ? url : undefined;
}

/** What stands in a header or a log is not forged by them. */
const AUDIENCE = /^[^\p{C}]+$/u;

function audiencesIn(input: readonly string[]): readonly string[] {
  const isRight = (one: string) => one.length <= TEXT_CHARS_MAX && AUDIENCE.test(one) && one.trim() === one;
  if (input.length > 0 && input.length <= AUDIENCES_MAX && input.every(isRight)) return [...new Set(input)];
  throw wrong(
    'audiences',
    `must be 1 to ${AUDIENCES_MAX} texts, one of which a token says in \`aud\`: without it, a token for any other service would be good here`,
  );
}

function algorithmsIn(input: readonly string[]): readonly ExternalAlgorithm[] {
  const known = EXTERNAL_ALGORITHMS.filter((one) => input.includes(one));
  if (known.length > 0 && known.length === new Set(input).size) return known;
  throw wrong('algorithms', `must be one or more of ${EXTERNAL_ALGORITHMS.join(', ')}`);
}

function clockSkewIn(input: number): number {
  if (isWholeFrom(0, CLOCK_SKEW_SECONDS_MAX, input)) return input;
  throw wrong('clockSkewSeconds', `must be a whole number from 0 to ${CLOCK_SKEW_SECONDS_MAX}`);
}

function lifetimeIn(input: number | undefined): number | undefined {
  if (input === undefined || isWholeFrom(1, LIFETIME_SECONDS_MAX, input)) return input;
  throw wrong('lifetimeSecondsMax', `must be a whole number from 1 to ${LIFETIME_SECONDS_MAX}, or left out`);
}

const isWholeFrom = (min: number, max: number, number: number): boolean =>
  Number.isInteger(number) && number >= min && number <= max;

const pathIn = (field: string, input: string | undefined): ClaimPath | undefined =>
  input === undefined ? undefined : parseClaimPath(field, input);

const wrong = (field: string, problem: string): Refusal => refused([{ field, problem }]);

const refused = (problems: readonly Problem[]): Refusal =>
  new Refusal('unprocessable', `The identity provider is not usable: ${said(problems)}.`, { problems, isExact: true });

const said = (problems: readonly Problem[]): string =>
  problems.map(({ field, problem }) => `${field} ${problem}`).join('; ');
