import { createPublicKey, generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Issuer, ProviderKeys } from '#domain/identity-provider.ts';
import { parseUploadedKeys } from '#domain/identity-provider-keys.ts';
import { Refusal } from '#domain/refusal.ts';
import { keySetIn, keysOf, ownFingerprints, refuseOurOwn } from './external-jwt-keys.ts';
import { publicKeys } from './jwt.ts';
import { Keyring } from './keyring.ts';

const rsa = (modulusLength: number, publicExponent = 65_537) =>
  generateKeyPairSync('rsa', { modulusLength, publicExponent }).publicKey;
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).publicKey;
const jwk = (key: KeyObject, more: object = {}): JsonWebKey => ({ ...key.export({ format: 'jwk' }), ...more });
const RSA = jwk(rsa(2_048));
const P256 = jwk(ec('P-256'));
const ED = jwk(generateKeyPairSync('ed25519').publicKey);

describe('a key is for what its kind, its curve and its own words allow', () => {
  const ALL = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
  test.each<[what: string, key: JsonWebKey, algorithms: readonly string[]]>([
    ['RSA', RSA, ALL],
    ['RSA for one algorithm', { ...RSA, alg: 'PS384' }, ['PS384']],
    ['P-256', P256, ['ES256']],
    ['P-384', jwk(ec('P-384')), ['ES384']],
    ['P-521', jwk(ec('P-521')), ['ES512']],
    ['Ed25519', ED, ['EdDSA']],
    ['Ed25519 that says so', { ...ED, alg: 'Ed25519' }, ['EdDSA']],
    ['Ed25519 that says EdDSA', { ...ED, alg: 'EdDSA' }, ['EdDSA']],
  ])('%s', (_, key, algorithms) => {
    expect(keySetIn({ keys: [key] })?.map((one) => one.algorithms)).toEqual([algorithms]);
  });
});

const UNUSABLE: readonly (readonly [what: string, key: unknown, problem: RegExp])[] = [
  ['a shared secret', { kty: 'oct', k: 'c2VjcmV0' }, /public key/],
  ['a private key', { ...RSA, d: 'AQAB' }, /public key/],
  ['a key without a kind', { ...RSA, kty: undefined }, /kty/],
  ['a kind that nobody knows', { ...RSA, kty: 'AKP' }, /kty/],
  ['a curve that is not allowed', { ...P256, crv: 'secp256k1' }, /crv/],
  ['a curve for agreeing on keys', { ...ED, crv: 'X25519' }, /crv/],
  ['an algorithm of another kind', { ...RSA, alg: 'HS256' }, /alg/],
  ['an algorithm for encryption', { ...RSA, alg: 'RSA-OAEP' }, /alg/],
  ['an algorithm that is no text', { ...RSA, alg: ['RS256'] }, /alg/],
  ['a key for encryption', { ...RSA, use: 'enc' }, /use/],
  ['a key for signing alone', { ...RSA, key_ops: ['sign'] }, /key_ops/],
  ['key_ops that is a text', { ...RSA, key_ops: 'verify' }, /key_ops/],
  ['a `kid` of two lines', { ...RSA, kid: 'a\nb' }, /kid/],
  ['a `kid` that is a number', { ...RSA, kid: 7 }, /kid/],
  ['RSA of 1024 bits', jwk(rsa(1_024)), /2048 to 8192 bits/],
  ['RSA of 2047 bits', jwk(rsa(2_047)), /2048 to 8192 bits/],
  ['RSA of a hundred thousand bits', { ...RSA, n: Buffer.alloc(12_500, 0xff).toString('base64url') }, /8192 bits/],
  ['RSA whose exponent is 1', { ...RSA, e: 'AQ' }, /exponent/],
  ['RSA whose exponent is even', { ...RSA, e: 'AQAA' }, /exponent/],
  ['RSA whose exponent is long', { ...RSA, e: 'AQAAAAE' }, /exponent/],
  ['RSA without a modulus', { ...RSA, n: undefined }, /not written/],
  ['a point that is on no curve', { ...P256, x: P256.y, y: P256.x }, /not written/],
  ['a point of another curve', { ...P256, crv: 'P-384' }, /not written/],
  ['half a point', { ...P256, y: undefined }, /not written/],
];

describe('a key that verifies nothing', () => {
  test.each(UNUSABLE)('%s', (_, key, problem) => {
    const good = { ...P256, kid: 'good' };
    expect(keySetIn({ keys: [key, good] })?.map(({ kid }) => kid)).toEqual(['good']); // the others still do
    const uploaded = { keys: [good, key] } as ReturnType<typeof parseUploadedKeys>;
    expect(() => keysOf(uploaded)).toThrow(Refusal);
    expect(() => keysOf(uploaded)).toThrow(problem);
    expect(() => keysOf(uploaded)).toThrow(/jwks\.keys\[1\]/);
  });

  test('is never shown in what is said of it', () => {
    const secret = 'hunter2hunter2hunter2';
    const keys = [
      { kty: 'oct', k: secret },
      { ...RSA, n: secret },
      { ...RSA, kid: `${secret}\n` },
      { ...RSA, alg: secret },
    ];
    for (const key of keys) {
      try {
        keysOf({ keys: [key] });
        expect.unreachable();
      } catch (error) {
        expect(JSON.stringify(error) + String(error)).not.toContain(secret);
      }
    }
  });
});

test.each<[unknown]>([[undefined], [null], ['{}'], [7], [[]], [{}], [{ keys: {} }], [{ keys: Array(51).fill(RSA) }]])(
  '%j is no key set',
  (document) => {
    expect(keySetIn(document)).toBeUndefined();
  },
);

test('one key has one fingerprint, however a set writes it', () => {
  const padded = {
    ...RSA,
    n: Buffer.concat([Buffer.alloc(1), Buffer.from(String(RSA.n), 'base64url')]).toString('base64url'),
  };
  const prints = (keySetIn({ keys: [RSA, { ...RSA, kid: 'a', alg: 'RS256' }, padded, P256] }) ?? []).map(
    (one) => one.fingerprint,
  );
  expect(new Set(prints.slice(0, 3)).size).toBe(1);
  expect(prints[3]).not.toBe(prints[0]);
});

describe('a provider that is ourselves is refused', () => {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const keyring = new Keyring();
  const pkcs8 = pair.privateKey.export({ type: 'pkcs8', format: 'der' });
  keyring.hold({ id: 'k'.repeat(24) as never, purpose: 'token-signing', tenant: undefined, createdAt: 1 }, pkcs8);
  const issuers = ['https://tokens.example.com', 'http://127.0.0.1:7080'];
  const at = (jwksUri: string): ProviderKeys => ({ from: 'url', jwksUri });
  const uploaded = (...keys: readonly JsonWebKey[]): ProviderKeys => ({
    from: 'upload',
    jwks: parseUploadedKeys({ keys }),
  });
  const ELSEWHERE = { issuer: 'https://idp.example', keys: at('https://idp.example/keys') };
  const refusing = (more: { issuer?: string; keys?: ProviderKeys }) => () =>
    refuseOurOwn({ ...ELSEWHERE, ...more } as { issuer: Issuer; keys: ProviderKeys }, {
      ...{ issuers, fingerprints: ownFingerprints(keyring) },
    });

  test.each([
    ...['https://tokens.example.com', 'https://tokens.example.com/', 'https://tokens.example.com:443'],
    ...[
      'https://TOKENS.example.com',
      'https://tokens.example.com.',
      'https://tokens.example.com//',
      'http://127.0.0.1:7080/',
    ],
  ])('as the issuer %s', (issuer) => {
    expect(refusing({ issuer })).toThrow('this server’s own');
  });

  test.each([
    'https://tokens.example.com/api/svc/v1/keys',
    'https://tokens.example.com.:443/',
    'http://127.0.0.1:7080/x',
  ])('as the address %s', (url) => {
    expect(refusing({ keys: at(url) })).toThrow('an address of this server');
  });

  test('as a key, whatever it is called', async () => {
    const own = (await publicKeys(keyring)).map(({ n, e, kty }) => ({ n, e, kty, kid: 'theirs' }));
    expect(refusing({ keys: uploaded(P256, ...own) })).toThrow('a key of this server');
    expect(refusing({ keys: uploaded(jwk(createPublicKey(pair.privateKey))) })).toThrow('a key of this server');
  });

  test('and nobody else is', () => {
    expect(refusing({})).not.toThrow();
    expect(refusing({ issuer: 'https://tokens.example.com/realms/x', keys: uploaded(RSA, P256) })).not.toThrow();
    expect(refusing({ issuer: 'https://tokens.example.com.evil.example' })).not.toThrow();
    expect(refusing({ keys: at('https://tokens.example.com:8443/keys') })).not.toThrow();
  });
});
