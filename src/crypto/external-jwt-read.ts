import type { Claims } from '#domain/identity-provider-claims.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { isKid } from './external-jwt-keys.ts';
import { type Reason, refused } from './external-jwt-reasons.ts';
import { isCanonical, JWT_SHAPE, TYP } from './opaque-form.ts';

/*
 * What a token of somebody else says, before anybody has proved that it may. Good for finding out whom to ask, and for
 * nothing else.
 */
export type UnverifiedJwt = {
  readonly header: Claims;
  readonly claims: Claims;
  readonly issuer: string | undefined;
  readonly audiences: readonly string[];
};
export type ReadJwt = { readonly ok: true; readonly jwt: UnverifiedJwt } | ReturnType<typeof refused>;

/** What a server takes in its headers; those with somebody's whole directory in them are longer than most others. */
export const EXTERNAL_JWT_CHARS_MAX = 16_384;
/** More than anybody's; each is compared. */
const AUDIENCES_MAX = 100;

/** Whether it could be one at all. No I/O, and no key is touched. */
export function isExternalShaped(credential: Sensitive): boolean {
  const text = credential.reveal();
  return text.length <= EXTERNAL_JWT_CHARS_MAX && JWT_SHAPE.test(text);
}

export function readExternalJwt(credential: Sensitive): ReadJwt {
  const text = credential.reveal();
  const misshapen = FORM_CHECKS.find(([, isRight]) => !isRight(text));
  if (misshapen !== undefined) return refused(misshapen[0]);
  const [header, claims] = text.split('.').map(objectIn);
  if (typeof header !== 'object') return refused(header === 'twice' ? 'header_twice' : 'header_no_object');
  const wrong = HEADER_CHECKS.find(([, isRight]) => !isRight(header));
  if (wrong !== undefined) return refused(wrong[0]);
  if (typeof claims !== 'object') return refused(claims === 'twice' ? 'claims_twice' : 'claims_no_object');
  const issuer = typeof claims.iss === 'string' ? claims.iss : undefined;
  return { ok: true, jwt: { header, claims, issuer, audiences: audiencesOf(claims) ?? [] } };
}

const FORM_CHECKS: readonly (readonly [Reason, (text: string) => boolean])[] = [
  ['too_long', (text) => text.length <= EXTERNAL_JWT_CHARS_MAX],
  ['encrypted', (text) => !/^(?:[\w-]*\.){4}[\w-]*$/.test(text)],
  ['no_jwt', (text) => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text)],
  ['not_canonical', (text) => text.split('.').every(isCanonical)],
];

/** One text, or a list of nothing but texts, of which there is at least one; undefined for anything else. */
export function audiencesOf({ aud }: Claims): readonly string[] | undefined {
  const list: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  const isRight = list.length > 0 && list.length <= AUDIENCES_MAX;
  return isRight && list.every((one) => typeof one === 'string' && one !== '') ? (list as string[]) : undefined;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function objectIn(part: string): Claims | 'twice' | 'none' {
  const read = jsonIn(part);
  if (typeof read?.value !== 'object' || read.value === null || Array.isArray(read.value)) return 'none';
  return namesWritten(read.text) === namesRead(read.value) ? (read.value as Claims) : 'twice';
}

/** Undefined for what is none; bytes that are no text are not repaired. */
function jsonIn(part: string): { readonly text: string; readonly value: unknown } | undefined {
  try {
    const text = utf8.decode(Buffer.from(part, 'base64url'));
    return { text, value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** In JSON a text with a colon behind it is a name, and a quote stands nowhere but around a text. */
const namesWritten = (json: string): number =>
  [...json.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)].filter(([, name]) => name).length;

/** Of all that is within, however deep, and without a call for each level: fewer than written where one stood twice. */
function namesRead(value: object): number {
  const within: object[] = [value];
  let names = 0;
  for (const one of within) {
    if (!Array.isArray(one)) names += Object.keys(one).length;
    for (const inner of Object.values(one)) if (typeof inner === 'object' && inner !== null) within.push(inner);
  }
  return names;
}

/** `jwk`, `jku`, `x5u` and `x5c` are not looked at: a token does not say which key to believe, or where to fetch one. */
const HEADER_CHECKS: readonly (readonly [Reason, (header: Claims) => boolean])[] = [
  ['header_crit', ({ crit }) => crit === undefined],
  ['kid_form', ({ kid }) => kid === undefined || isKid(kid)],
  ['type_ours', ({ typ }) => plainType(typ) !== TYP],
  ['type_other', ({ typ }) => typ === undefined || FOR_ACCESS.includes(plainType(typ))],
];

/** RFC 7519, RFC 9068 and, for JOSE, SPIFFE. A notice of log-out or of an event is signed by the same key for the same audience. */
const FOR_ACCESS = ['jwt', 'at+jwt', 'jose'];

/** The type of media that it is short for, in one spelling (RFC 7515, 4.1.9). */
const plainType = (typ: unknown): string =>
  typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : '';
