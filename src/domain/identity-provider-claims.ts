import type { Brand } from './brand.ts';
import { Refusal } from './refusal.ts';

/*
 * Where a value stands in the claims of a token: names from the outside in, with "/" between, as
 * `kubernetes.io/serviceaccount/name`. Where a name itself has a "/", it is written "~1" there, and "~" as "~0", as in RFC 6901:
 * `https:~1~1example.com~1groups`. So each path means one place, whatever a token holds.
 */
export type ClaimPath = Brand<string, 'ClaimPath'>;
export type Claims = Readonly<Record<string, unknown>>;

const PATH_CHARS_MAX = 200;
const DEPTH_MAX = 6;
/** Longest value that is compared with a mapping; none that people give to programs is as long. */
export const CLAIM_CHARS_MAX = 500;
/** By so many values one account or team is mapped at most, over all providers. */
export const MAPPINGS_MAX = 50;
/** Teams are mapped by some of them; more are somebody's whole directory. */
const LIST_MAX = 1_000;

/** No empty name, and "~" only as it is written above. */
const PATH = /^(?:[^/~\p{C}]|~[01])+(?:\/(?:[^/~\p{C}]|~[01])+)*$/u;

export function parseClaimPath(field: string, input: string): ClaimPath {
  if (input.length <= PATH_CHARS_MAX && PATH.test(input) && input.split('/').length <= DEPTH_MAX)
    return input as ClaimPath;
  const problem = `must name a claim, or up to ${DEPTH_MAX} names with "/" between for one within others, as kubernetes.io/namespace; a "/" within a name is written ~1`;
  throw new Refusal('unprocessable', `${field} ${problem}.`, { problems: [{ field, problem }], isExact: true });
}

/** Only what the token itself says: never what every object has by its making. */
function claimAt(claims: Claims, path: ClaimPath): unknown {
  let found: unknown = claims;
  for (const name of path.split('/')) {
    const own = name.replaceAll('~1', '/').replaceAll('~0', '~');
    if (!isObject(found) || !Object.hasOwn(found, own)) return undefined;
    found = found[own];
  }
  return found;
}

const isObject = (value: unknown): value is Claims =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A text that is not empty; a number or a list is none, lest 7 and "7" be the same one. */
export function textAt(claims: Claims, path: ClaimPath): string | undefined {
  const found = claimAt(claims, path);
  return isClaimText(found) ? found : undefined;
}

/** One text, or a list of nothing but texts; anything else is no team at all. */
export function textsAt(claims: Claims, path: ClaimPath): readonly string[] {
  const found = claimAt(claims, path);
  const list: readonly unknown[] = Array.isArray(found) ? found : [found];
  return list.length <= LIST_MAX && list.every(isClaimText) ? [...new Set(list)] : [];
}

/** No controls: what is compared, shown and logged has one meaning. */
export const isClaimText = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= CLAIM_CHARS_MAX && !/\p{C}/u.test(value);
