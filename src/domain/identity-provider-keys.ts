import { Refusal } from './refusal.ts';

/*
 * Public keys as whoever made the provider hands them over (RFC 7517). Whether they are good keys, the room `crypto` knows;
 * here it is seen to that nothing is kept but what a public key has.
 */
const MEMBERS = ['kty', 'kid', 'use', 'key_ops', 'alg', 'n', 'e', 'crv', 'x', 'y'] as const;
/** Whoever hands one of these over has shown what nobody may see: it is told, and not kept. */
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'] as const;

/** More than any provider has at once, and few enough to be looked through for each token. */
export const KEYS_MAX = 50;
const MEMBER_CHARS_MAX = 3_000;

export const holdsPrivatePart = (key: object): boolean => PRIVATE.some((name) => Object.hasOwn(key, name));

export type UploadedKey = Readonly<Partial<Record<(typeof MEMBERS)[number], unknown>>>;
export type UploadedKeys = { readonly keys: readonly UploadedKey[] };

export function parseUploadedKeys(input: unknown): UploadedKeys {
  const keys = isObject(input) ? input.keys : undefined;
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > KEYS_MAX)
    throw wrong(`must be a JSON Web Key Set: {"keys": […]} with 1 to ${KEYS_MAX} keys`);
  return { keys: keys.map(publicPartOf) };
}

function publicPartOf(key: unknown): UploadedKey {
  if (!isObject(key)) throw wrong('must hold keys that are objects');
  if (key.kty === 'oct' || holdsPrivatePart(key))
    throw wrong('must hold public keys alone: replace the pair of the private key that you have just sent');
  const members = MEMBERS.filter((name) => Object.hasOwn(key, name));
  if (!members.every((name) => isShort(key[name]))) throw wrong('has a key whose parts are too long');
  return Object.fromEntries(members.map((name) => [name, key[name]]));
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isShort = (value: unknown): boolean => (JSON.stringify(value) ?? '').length <= MEMBER_CHARS_MAX;

const wrong = (problem: string): Refusal =>
  new Refusal('unprocessable', `The key set ${problem}.`, { problems: [{ field: 'jwks', problem }], isExact: true });
