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

export const BODY_CHARS = 43;
const CHECK_CHARS = 6;
const AFTER_PREFIX = new RegExp(`^[0-9A-Za-z]{${BODY_CHARS + CHECK_CHARS}}$`);

/** Which of these kinds it is; undefined for anything that this product cannot have issued. No I/O. */
export function kindOf<Kind extends OpaqueKind>(credential: Sensitive, kinds: readonly Kind[]): Kind | undefined {
  const text = credential.reveal();
  const kind = kinds.find((one) => text.startsWith(PREFIXES[one]));
  if (kind === undefined || !AFTER_PREFIX.test(text.slice(PREFIXES[kind].length))) return undefined;
  return checkOf(text.slice(0, -CHECK_CHARS)) === text.slice(-CHECK_CHARS) ? kind : undefined;
}

/** The checksum that belongs after prefix and body. */
export const checkOf = (prefixAndBody: string): string => base62OfUint32(crc32(prefixAndBody), CHECK_CHARS);
