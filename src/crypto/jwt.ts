import { createPublicKey } from 'node:crypto';
import { compactVerify, errors, exportJWK, SignJWT } from 'jose';
import { Sensitive } from '#domain/sensitive.ts';
import type { KeyId } from '#ports/digest.ts';
import type { Held, Keyring } from './keyring.ts';
import { ALG, isCanonical, JWT_CHARS_MAX, JWT_SHAPE, TYP } from './opaque-form.ts';

/*
 * Access token as a JWT:   RS256 (RFC 7518, 3.3), `kid` names one of our keys, `typ` is this one's alone.
 * RS256 is deterministic and what every verifier knows. The file of digests decides, as for opaque ones: a signature
 * only spares the database whatever we never signed.
 */

/** How long a new key is published before it signs: verifiers elsewhere look at the key set less often than this. */
export const SIGNING_OVERLAP_MS = 60 * 60 * 1000;

export type Claims = Readonly<Record<string, string | number>>;

/** The key that signs now: the newest that has been published long enough, or the oldest where none has. */
export function signingKey(keyring: Keyring, now: number): Held {
  const keys = keyring.all('token-signing');
  const key = keys.find(({ createdAt }) => createdAt + SIGNING_OVERLAP_MS <= now) ?? keys.at(-1);
  if (key === undefined) throw new Error('there is no token-signing key: every database begins with one');
  return key;
}

export async function signJwt({ id, key }: Pick<Held, 'id' | 'key'>, claims: Claims): Promise<Sensitive> {
  return new Sensitive(await new SignJWT(claims).setProtectedHeader({ alg: ALG, typ: TYP, kid: id }).sign(key));
}

/** Whether it could be one at all. No I/O, and no key is touched. */
export function isJwtShaped(credential: Sensitive): boolean {
  const text = credential.reveal();
  return text.length <= JWT_CHARS_MAX && JWT_SHAPE.test(text);
}

/**
 * Whether one of our keys signed exactly these characters. What it says, and whether it lives, the file knows. `learn`
 * brings the keys that other processes have made, for one that names a key which is not known here.
 */
export async function isOurJwt(
  keyring: Keyring,
  credential: Sensitive,
  learn: () => Promise<void> = async () => {},
): Promise<boolean> {
  const text = credential.reveal();
  if (!text.split('.').every(isCanonical)) return false;
  const keyOf = async ({ kid = '', typ }: { readonly kid?: string; readonly typ?: string }) => {
    if (typ !== TYP) throw new errors.JWKSNoMatchingKey(); // somebody else's: their keys are none of ours
    if (keyring.byId('token-signing', kid) === undefined) await learn();
    const key = keyring.byId('token-signing', kid);
    if (key === undefined) throw new errors.JWKSNoMatchingKey();
    return publicOf(key);
  };
  return compactVerify(text, keyOf, { algorithms: [ALG] }).then(
    ({ protectedHeader }) => protectedHeader.typ === TYP,
    (error: unknown) => {
      if (error instanceof errors.JOSEError && !isFault(error)) return false;
      throw error; // a fault of ours, which must not look like a bad credential
    },
  );
}

/** A runtime that could not verify has the name of a signature that is wrong, and, unlike it, a cause. */
export const isFault = (error: errors.JOSEError): boolean =>
  error instanceof errors.JWSSignatureVerificationFailed && error.cause !== undefined;

const publics = new WeakMap<object, ReturnType<typeof createPublicKey>>();

function publicOf({ key }: Pick<Held, 'key'>) {
  const known = publics.get(key) ?? createPublicKey(key);
  publics.set(key, known);
  return known;
}

/** A public key as others read it (RFC 7517). */
export type PublicJwk = {
  readonly kid: KeyId;
  readonly kty: 'RSA';
  readonly use: 'sig';
  readonly alg: typeof ALG;
  readonly n: string;
  readonly e: string;
};

/** Every key that signs, will sign, or has signed what still lives; newest first. */
export const publicKeys = (keyring: Keyring): Promise<readonly PublicJwk[]> =>
  Promise.all(
    keyring.all('token-signing').map(async (held) => {
      const { n = '', e = '' } = await exportJWK(publicOf(held));
      return { kid: held.id, kty: 'RSA', use: 'sig', alg: ALG, n, e } as const;
    }),
  );
