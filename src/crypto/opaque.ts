import { createHmac, hash } from 'node:crypto';
import { Sensitive } from '#domain/sensitive.ts';
import type { Random } from '#ports/chance-and-time.ts';
import type { Digest, PepperedDigest } from '#ports/digest.ts';
import { base62 } from './base62.ts';
import { isJwtShaped } from './jwt.ts';
import type { Keyring } from './keyring.ts';
import { BODY_CHARS, checkOf, type OpaqueKind, PREFIXES, SHOWN_CHARS } from './opaque-form.ts';

const BODY_BYTES = 32;

/** 256 random bits as text. */
export const unguessable = (random: Random): string => base62(random.bytes(BODY_BYTES), BODY_CHARS);

export function mint(kind: OpaqueKind, random: Random): Sensitive {
  const checked = PREFIXES[kind] + unguessable(random);
  return new Sensitive(checked + checkOf(checked));
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

/** Both come from one request, so that how long it takes tells nobody anything. */
export const isSame = (one: Sensitive, other: Sensitive): boolean => one.reveal() === other.reveal();

/** The masked form shown everywhere: prefix, first four of the body, last four of the whole; of a JWT, whose beginning tells of nothing, the last four. */
export function previewOf(credential: Sensitive): string {
  const text = credential.reveal();
  if (isJwtShaped(credential)) return `eyJ…${text.slice(-SHOWN_CHARS)}`;
  const bodyAt = text.lastIndexOf('_') + 1;
  return `${text.slice(0, bodyAt + SHOWN_CHARS)}…${text.slice(-SHOWN_CHARS)}`;
}
