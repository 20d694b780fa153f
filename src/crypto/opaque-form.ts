import { crc32 } from 'node:zlib';
import type { Sensitive } from '#domain/sensitive.ts';
import type { TokenKind } from '#domain/token.ts';
import { base62OfUint32 } from './base62.ts';

/*
 * How an opaque credential is written, without keys and without I/O, so that whoever holds one can tell offline:
 *   <prefix><body><check>
 *   prefix   names what it is, so a scanner and a human can tell credentials apart; no two kinds share one
 *   body     43 base62 characters from 256 random bits
 *   check    CRC-32 of all before it, 6 base62 characters; rejects typing errors and
 *            garbage without a query. It is not a security check.
 */
export type OpaqueKind = TokenKind | 'session' | 'invitation';

/** Access tokens begin with `tfy_`, as public clients demand; what is no access token must not. */
export const PREFIXES = {
  pat: 'tfy_pat_',
  va: 'tfy_va_',
  session: 'cs_session_',
  invitation: 'cs_invitation_',
} as const satisfies Record<OpaqueKind, string>;

/** What each is called where it is found. */
export const KIND_NAMES = {
  pat: 'personal access token',
  va: 'virtual account token',
  session: 'browser session',
  invitation: 'invitation code',
} as const satisfies Record<OpaqueKind, string>;

export const BODY_CHARS = 43;
const CHECK_CHARS = 6;
/** Of the body, and again of the end: what a preview shows. */
export const SHOWN_CHARS = 4;
const CHARACTER = '[0-9A-Za-z]';
const REST = `${CHARACTER}{${BODY_CHARS + CHECK_CHARS}}`;
const AFTER_PREFIX = new RegExp(`^${REST}$`);

/** As an expression that every engine reads alike, and without a group: scanners take what a group holds for the secret. */
export const shapeOf = (kind: OpaqueKind): string => PREFIXES[kind] + REST;

/** Finds one of any kind within other text: all that an expression can tell, thus with a wrong checksum too. */
export const PATTERN = `\\b(?:${Object.values(PREFIXES).join('|')})${REST}\\b`;

/** Which of these kinds it is; undefined for anything that this product cannot have issued. */
export function kindOf<Kind extends OpaqueKind>(credential: Sensitive, kinds: readonly Kind[]): Kind | undefined {
  const text = credential.reveal();
  const kind = kinds.find((one) => text.startsWith(PREFIXES[one]));
  return kind !== undefined && isWhole(text, kind) ? kind : undefined;
}

function isWhole(text: string, kind: OpaqueKind): boolean {
  if (!AFTER_PREFIX.test(text.slice(PREFIXES[kind].length))) return false;
  return checkOf(text.slice(0, -CHECK_CHARS)) === text.slice(-CHECK_CHARS);
}

/** What can be told of a text offline. Whether the server still knows it, and to whom it belongs, only the server can tell. */
export type Form =
  /** One of ours; or meant to be one, but altered or mistyped. */
  | { readonly form: 'opaque'; readonly kind: OpaqueKind; readonly fault: Fault | undefined }
  /** Whose it is, and whether its signature is right, cannot be told without the server's keys. */
  | { readonly form: 'jwt' }
  /** `isJwt`: somebody's, but not as we write them, or no longer. */
  | { readonly form: 'foreign'; readonly isJwt: boolean };
export type Fault = 'checksum' | 'preview' | 'length' | 'characters';

const KINDS = Object.keys(PREFIXES) as readonly OpaqueKind[];

export function formOf(credential: Sensitive): Form {
  const text = credential.reveal();
  const kind = KINDS.find((one) => text.startsWith(PREFIXES[one]));
  if (kind === undefined)
    return isOurJwtsForm(text) ? { form: 'jwt' } : { form: 'foreign', isJwt: JWT_SHAPE.test(text) };
  return { form: 'opaque', kind, fault: isWhole(text, kind) ? undefined : faultIn(text.slice(PREFIXES[kind].length)) };
}

/** By what stands after the prefix; the first that fits. */
const FAULTS: readonly (readonly [RegExp, Fault])[] = [
  [AFTER_PREFIX, 'checksum'],
  [new RegExp(`^${CHARACTER}{${SHOWN_CHARS}}…${CHARACTER}{${SHOWN_CHARS}}$`), 'preview'],
  [new RegExp(`^${CHARACTER}*$`), 'length'],
];
const faultIn = (rest: string): Fault => FAULTS.find(([fits]) => fits.test(rest))?.[1] ?? 'characters';

/** The checksum that belongs after prefix and body. */
export const checkOf = (prefixAndBody: string): string => base62OfUint32(crc32(prefixAndBody), CHECK_CHARS);

/*
 * How an access token as a JWT is written (jwt.ts), as far as that can be told without our keys.
 */
export const ALG = 'RS256';
/** One `typ` for each purpose, so that nothing signed for another is ever taken for an access token (RFC 8725, 3.11). */
export const TYP = 'access+jwt';
/** Longer ones are none of ours: claims are few and names are short. */
export const JWT_CHARS_MAX = 4_096;
/** Header, claims, signature. Every header begins with an object's first key, so a host name's three parts are no JWT. */
export const JWT_SHAPE = /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/;
/** Of RSA with 2048 bits, the fewest that RS256 may have. */
export const SIGNATURE_CHARS_MIN = 342;

/** The header of ours is the same up to the id of the key: whole groups of three bytes, which are four characters each. */
export const JWT_BEGINNING = ((): string => {
  const header = Buffer.from(JSON.stringify({ alg: ALG, typ: TYP, kid: '' }).replace(/"}$/, ''));
  return header.subarray(0, header.length - (header.length % 3)).toString('base64url');
})();

/** The last bits of base64url may be anything where they carry nothing: one signature has sixteen spellings. */
export const isCanonical = (part: string): boolean => Buffer.from(part, 'base64url').toString('base64url') === part;

function isOurJwtsForm(text: string): boolean {
  if (text.length > JWT_CHARS_MAX || !JWT_SHAPE.test(text) || !text.startsWith(JWT_BEGINNING)) return false;
  const [header = '', claims = '', signature = ''] = text.split('.');
  return (
    signature.length >= SIGNATURE_CHARS_MIN && [header, claims, signature].every(isCanonical) && hasOurHeader(header)
  );
}

function hasOurHeader(part: string): boolean {
  try {
    const { alg, typ, kid } = JSON.parse(Buffer.from(part, 'base64url').toString());
    return alg === ALG && typ === TYP && typeof kid === 'string';
  } catch {
    return false;
  }
}
