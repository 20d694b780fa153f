import { createHash, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { EXTERNAL_ALGORITHMS, type ExternalAlgorithm, type ProviderRules } from '#domain/identity-provider.ts';
import { holdsPrivatePart, KEYS_MAX, type UploadedKeys } from '#domain/identity-provider-keys.ts';
import { type Problem, Refusal } from '#domain/refusal.ts';
import type { Keyring } from './keyring.ts';

/*
 * The public keys of an identity provider (RFC 7517), each with the algorithms that it may be used with. A key is for what its kind,
 * its curve and its own words allow, never for what a token asks: so no RSA key is ever the secret of an HMAC.
 */
export type ForeignKey = {
  readonly kid: string | undefined;
  readonly algorithms: readonly ExternalAlgorithm[];
  readonly key: KeyObject;
  readonly fingerprint: Fingerprint;
};
export type KeySet = readonly ForeignKey[];
/** Of a public key, however its set writes it. */
export type Fingerprint = string;

/** The fewest that RS256 may have (RFC 7518, 3.3), and more than anybody uses: one of a million bits would stop us. */
const RSA_BITS = { min: 2_048, max: 8_192 };
/** With an exponent of 1, everything is its own signature; beyond four bytes, not every library goes on. */
const RSA_EXPONENT = { min: 3n, max: 0xffff_ffffn };

const KIND_OF: Readonly<Record<ExternalAlgorithm, string>> = {
  ...{ RS256: 'RSA', RS384: 'RSA', RS512: 'RSA', PS256: 'RSA', PS384: 'RSA', PS512: 'RSA' },
  ...{ ES256: 'EC P-256', ES384: 'EC P-384', ES512: 'EC P-521', EdDSA: 'OKP Ed25519' },
};

/** Printable, and short enough for a log. */
const KID = /^[!-~]{1,200}$/;
export const isKid = (value: unknown): value is string => typeof value === 'string' && KID.test(value);

type Jwk = Readonly<Record<string, unknown>>;
type Read = ForeignKey | { readonly fault: string };

/** Those that can verify; what else is in a set (for encryption, of a kind yet to come) is none of it. Undefined: no key set. */
export function keySetIn(document: unknown): KeySet | undefined {
  const keys = isObject(document) ? document.keys : undefined;
  if (!Array.isArray(keys) || keys.length > KEYS_MAX) return undefined;
  return keys.map(keyIn).filter((one) => 'key' in one);
}

/** Refused with what is wrong with each, where one of them verifies nothing: it was handed over to do so. */
export function keysOf({ keys }: UploadedKeys): KeySet {
  const read = keys.map(keyIn);
  const problems = read.flatMap((one, at): Problem[] =>
    'fault' in one ? [{ field: `jwks.keys[${at}]`, problem: one.fault }] : [],
  );
  if (problems.length === 0) return read.filter((one) => 'key' in one);
  const said = problems.map(({ field, problem }) => `${field} ${problem}`).join('; ');
  throw new Refusal('unprocessable', `The key set is not usable: ${said}.`, { problems, isExact: true });
}

function keyIn(jwk: unknown): Read {
  if (!isObject(jwk)) return { fault: 'is no object' };
  const fault = FAULTS.find(([, isWrong]) => isWrong(jwk));
  if (fault !== undefined) return { fault: fault[0] };
  const key = publicKeyIn(jwk);
  if (key === undefined) return { fault: 'is not written as a key of its kind is' };
  const kid = isKid(jwk.kid) ? jwk.kid : undefined;
  return isStrong(key)
    ? { kid, algorithms: algorithmsOf(jwk), key, fingerprint: fingerprintOf(key) }
    : {
        fault: `must be of ${RSA_BITS.min} to ${RSA_BITS.max} bits, with an odd exponent of ${RSA_EXPONENT.min} to ${RSA_EXPONENT.max}`,
      };
}

/** The first that fits. A private key that is published is nobody's any more. */
const FAULTS: readonly (readonly [string, (jwk: Jwk) => boolean])[] = [
  ['must be a public key', (jwk) => jwk.kty === 'oct' || holdsPrivatePart(jwk)],
  ['must have a `kid` of 1 to 200 printable characters, or none', ({ kid }) => kid !== undefined && !isKid(kid)],
  ['must be for signatures (`use`)', ({ use }) => use !== undefined && use !== 'sig'],
  ['must be for verifying (`key_ops`)', ({ key_ops }) => key_ops !== undefined && !isForVerifying(key_ops)],
  ['must be for an algorithm that can be allowed (`kty`, `crv`, `alg`)', (jwk) => algorithmsOf(jwk).length === 0],
];

const isForVerifying = (operations: unknown): boolean => Array.isArray(operations) && operations.includes('verify');

/** By its kind and curve; by its own word too, where it has one, which for EdDSA may be the curve's name (RFC 9864). */
function algorithmsOf({ kty, crv, alg }: Jwk): readonly ExternalAlgorithm[] {
  const kind = kty === 'RSA' ? kty : `${kty} ${crv}`;
  const named = alg === 'Ed25519' ? 'EdDSA' : alg;
  return EXTERNAL_ALGORITHMS.filter((one) => KIND_OF[one] === kind && (named === undefined || named === one));
}

function publicKeyIn({ kty, n, e, crv, x, y }: Jwk): KeyObject | undefined {
  try {
    return createPublicKey({ key: { kty, n, e, crv, x, y } as JsonWebKey, format: 'jwk' });
  } catch {
    return undefined;
  }
}

function isStrong({ asymmetricKeyDetails: details = {} }: KeyObject): boolean {
  const { modulusLength: bits, publicExponent: exponent } = details;
  if (bits === undefined || exponent === undefined) return true; // a curve, whose strength is its name
  const isSound = exponent >= RSA_EXPONENT.min && exponent <= RSA_EXPONENT.max && exponent % 2n === 1n;
  return bits >= RSA_BITS.min && bits <= RSA_BITS.max && isSound;
}

const fingerprintOf = (key: KeyObject): Fingerprint =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('base64url');

const isObject = (value: unknown): value is Jwk => typeof value === 'object' && value !== null && !Array.isArray(value);

const ours = new WeakMap<KeyObject, Fingerprint>();

/** Of every key that signs, will sign, or has signed what still lives. */
export const ownFingerprints = (keyring: Keyring): ReadonlySet<Fingerprint> =>
  new Set(
    keyring.all('token-signing').map(({ key }) => {
      const known = ours.get(key) ?? fingerprintOf(createPublicKey(key));
      ours.set(key, known);
      return known;
    }),
  );

export type Ours = { readonly issuers: readonly string[]; readonly fingerprints: ReadonlySet<Fingerprint> };

/**
 * What we signed is judged by our own file of digests, and by that alone: as somebody else's, it would outlive its revocation. Keys
 * that are fetched are looked at again with each token.
 */
export function refuseOurOwn({ issuer, keys }: Pick<ProviderRules, 'issuer' | 'keys'>, own: Ours): void {
  if (own.issuers.some((one) => isSamePlace(one, issuer))) throw ourOwn('issuer', 'is this server’s own');
  if (keys.from === 'url' && own.issuers.some((one) => isSameOrigin(one, keys.jwksUri)))
    throw ourOwn('jwksUri', 'is an address of this server');
  if (keys.from === 'upload' && keysOf(keys.jwks).some(({ fingerprint }) => own.fingerprints.has(fingerprint)))
    throw ourOwn('jwks', 'holds a key of this server');
}

const isSamePlace = (one: string, other: string): boolean => placeOf(one) === placeOf(other);
const isSameOrigin = (one: string, other: string): boolean => hostOf(one) === hostOf(other);

/** As it is meant, not as it is compared: the scheme, a port or a slash more would be a way past this. */
const placeOf = (text: string): string => `${hostOf(text)}${URL.parse(text)?.pathname.replace(/\/+$/, '')}`;

function hostOf(text: string): string {
  const url = URL.parse(text);
  const port = url?.port || (url?.protocol === 'http:' ? '80' : '443');
  return `${url?.hostname.replace(/\.$/, '')}:${port}`;
}

const ourOwn = (field: string, problem: string): Refusal =>
  new Refusal('unprocessable', `The identity provider is not usable: ${field} ${problem}.`, {
    problems: [{ field, problem }],
    isExact: true,
  });
