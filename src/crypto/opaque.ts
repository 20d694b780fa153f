import { createHmac, hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Sensitive } from '#domain/sensitive.ts';
import type { TokenKind } from '#domain/token.ts';
import type { Random } from '#ports/chance-and-time.ts';
import type { Digest, PepperedDigest } from '#ports/digest.ts';
import { base62, base62OfUint32 } from './base62.ts';
import type { Keyring } from './keyring.ts';

/*
 * Opaque credential:   <prefix><body><check>
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

const BODY_BYTES = 32;
const BODY_CHARS = 43;
const CHECK_CHARS = 6;
const SHOWN_CHARS = 4;
const AFTER_PREFIX = new RegExp(`^[0-9A-Za-z]{${BODY_CHARS + CHECK_CHARS}}$`);

export function mint(kind: OpaqueKind, random: Random): Sensitive {
  const checked = PREFIXES[kind] + base62(random.bytes(BODY_BYTES), BODY_CHARS);
  return new Sensitive(checked + checkOf(checked));
}

/** Which of these kinds it is; undefined for anything that this product cannot have issued. No I/O. */
export function kindOf<Kind extends OpaqueKind>(credential: Sensitive, kinds: readonly Kind[]): Kind | undefined {
  const text = credential.reveal();
  const kind = kinds.find((one) => text.startsWith(PREFIXES[one]));
  if (kind === undefined || !AFTER_PREFIX.test(text.slice(PREFIXES[kind].length))) return undefined;
  return checkOf(text.slice(0, -CHECK_CHARS)) === text.slice(-CHECK_CHARS) ? kind : undefined;
}

/** How a new credential is remembered. */
export function digestOf(keyring: Keyring, credential: Sensitive): PepperedDigest {
  const { id, key } = keyring.current('token-pepper');
  return { digest: hmac(key, credential), pepper: id };
}

/** What one that is presented may be remembered as: one for each pepper in use. */
export const digestsOf = (keyring: Keyring, credential: Sensitive): readonly Digest[] =>
  keyring.all('token-pepper').map(({ key }) => hmac(key, credential));

/** Keyed, so that a stolen table cannot be searched for a token seen elsewhere; no stretching: the body is 256 random bits. */
const hmac = (key: Parameters<typeof createHmac>[1], credential: Sensitive): Digest =>
  createHmac('sha256', key).update(credential.reveal()).digest();

/** What a cache may hold instead of the credential. The salt is the process's own, so keys mean nothing outside it. */
export const cacheKeyOf = (salt: string, credential: Sensitive): string =>
  hash('sha256', salt + credential.reveal(), 'base64');

/** The masked form shown everywhere: prefix, first four of the body, last four of the whole. */
export function previewOf(credential: Sensitive): string {
  const text = credential.reveal();
  const bodyAt = text.lastIndexOf('_') + 1;
  return `${text.slice(0, bodyAt + SHOWN_CHARS)}…${text.slice(-SHOWN_CHARS)}`;
}

const checkOf = (text: string): string => base62OfUint32(crc32(text), CHECK_CHARS);
