import {
  createHmac,
  createPublicKey,
  createSecretKey,
  constants as crypto,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import * as fc from 'fast-check';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Sensitive } from '#domain/sensitive.ts';
import type { KeyId } from '#ports/digest.ts';
import vectors from '../../test/vectors/jwt.json' with { type: 'json' };
import { type Claims, isJwtShaped, isOurJwt, publicKeys, SIGNING_OVERLAP_MS, signingKey, signJwt } from './jwt.ts';
import { Keyring } from './keyring.ts';

const PKCS8 = Buffer.from(vectors.pkcs8.join(''), 'hex');
const KID = vectors.kid as KeyId;
const PEPPER = 'p'.repeat(24) as KeyId;
const keyring = new Keyring();
keyring.hold({ id: PEPPER, purpose: 'token-pepper', tenant: undefined, createdAt: 1 }, Buffer.alloc(32, 1));
keyring.hold({ id: KID, purpose: 'token-signing', tenant: undefined, createdAt: 1 }, PKCS8);
const ours = signingKey(keyring, 0).key;
const mallorys = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

const [vector] = vectors.issued;
const TOKEN = vector?.token ?? expect.unreachable();
const [HEADER, CLAIMS, SIGNATURE] = TOKEN.split('.') as [string, string, string];
const isOurs = (text: string) => isOurJwt(keyring, new Sensitive(text));
const isShaped = (text: string) => isJwtShaped(new Sensitive(text));
/** What the verifier does, one after the other. */
const isTaken = async (text: string) => isShaped(text) && (await isOurs(text));

const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
/** Any header over the same claims, and what signs the two. */
function forged(header: object, signed: (input: string) => Buffer, claims: object = vector?.claims ?? {}): string {
  const input = `${encoded(header)}.${encoded(claims)}`;
  return `${input}.${signed(input).toString('base64url')}`;
}
const rsa =
  (hash: string, key: KeyObject = ours) =>
  (input: string) =>
    sign(hash, Buffer.from(input), key);
const GOOD = { alg: 'RS256', typ: 'access+jwt', kid: vectors.kid };

describe('a JWT issued once verifies for ever', () => {
  test.each(vectors.issued)('$about', async ({ token, claims }) => {
    expect(await isTaken(token)).toBe(true);
    expect((await signJwt({ id: KID, key: ours }, claims as Claims)).reveal()).toBe(token);
  });

  test('what is in it can be read by whoever holds it, in this order', () => {
    for (const { token, claims } of vectors.issued) {
      const [header, payload] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString());
      expect([header, payload]).toEqual([JSON.stringify(GOOD), JSON.stringify(claims)]);
    }
  });

  test('whoever has the key set verifies it without us', async () => {
    const keys = createLocalJWKSet({ keys: (await publicKeys(keyring)).map((key) => ({ ...key })) });
    const { payload, protectedHeader } = await jwtVerify(TOKEN, keys, {
      ...{ typ: 'access+jwt', algorithms: ['RS256'], currentDate: new Date(1_768_471_200_000) },
      ...{ issuer: 'https://countersign.example', audience: 'https://countersign.example' },
    });
    expect([payload, protectedHeader]).toEqual([vector?.claims, GOOD]);
  });
});

describe('the key set', () => {
  test('is every public key, newest first, and nothing of a private one', async () => {
    const two = new Keyring();
    for (const [at, id] of ['old', 'young'].entries()) {
      two.hold({ id: id as KeyId, purpose: 'token-signing', tenant: undefined, createdAt: at }, PKCS8);
    }
    const { n, e } = vectors;
    const same = { kty: 'RSA', use: 'sig', alg: 'RS256', n, e };
    expect(await publicKeys(two)).toEqual([
      { kid: 'young', ...same },
      { kid: 'old', ...same },
    ]);
  });
});

describe('the key that signs', () => {
  const at = (now: number, ...made: readonly number[]) => {
    const ring = new Keyring();
    for (const createdAt of made) {
      const id = `made-at-${createdAt}` as KeyId;
      ring.hold({ id, purpose: 'token-signing', tenant: undefined, createdAt }, PKCS8);
    }
    return signingKey(ring, now).createdAt;
  };
  const HOUR = SIGNING_OVERLAP_MS;

  test.each([
    { made: [5], now: 5, signs: 5 }, // the first one need not wait: nobody has a key set yet
    { made: [0, 2 * HOUR], now: 2 * HOUR, signs: 0 },
    { made: [0, 2 * HOUR], now: 3 * HOUR - 1, signs: 0 },
    { made: [0, 2 * HOUR], now: 3 * HOUR, signs: 2 * HOUR },
    { made: [0, HOUR, 2 * HOUR], now: 2 * HOUR + 1, signs: HOUR },
    { made: [0, HOUR, 2 * HOUR], now: 9 * HOUR, signs: 2 * HOUR },
    { made: [5, 6], now: -HOUR, signs: 5 }, // the clock was turned back before all of them
  ])('of those made at $made is at $now the one made at $signs', ({ made, now, signs }) => {
    expect(at(now, ...made)).toBe(signs);
  });

  test('is never none: a database without one is damaged', () => {
    expect(() => signingKey(new Keyring(), 0)).toThrow('there is no token-signing key');
  });
});

describe('another spelling of the same signature is no JWT of ours', () => {
  const LETTERS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'];
  const bytesOf = (text: string) => Buffer.from(text, 'base64url').toString('hex');

  test('of sixteen last letters that mean the same bytes, one is taken', async () => {
    const spellings = LETTERS.map((last) => SIGNATURE.slice(0, -1) + last);
    const same = spellings.filter((one) => bytesOf(one) === bytesOf(SIGNATURE));
    expect(same).toHaveLength(16);
    const taken = [];
    for (const one of same) if (await isTaken(`${HEADER}.${CLAIMS}.${one}`)) taken.push(one);
    expect(taken).toEqual([SIGNATURE]);
  });

  test.each([
    ['padded', `${HEADER}.${CLAIMS}.${SIGNATURE}==`],
    ['padded in every part', [HEADER, CLAIMS, SIGNATURE].map((part) => `${part}=`).join('.')],
    ['in the other alphabet', `${HEADER}.${CLAIMS}.${Buffer.from(SIGNATURE, 'base64url').toString('base64')}`],
    [
      'without padding in the other alphabet',
      `${HEADER}.${CLAIMS}.${SIGNATURE.replaceAll('-', '+').replaceAll('_', '/')}`,
    ],
    ['with a letter more', `${TOKEN}A`],
    ['with four letters more', `${TOKEN}AAAA`],
    ['cut short', TOKEN.slice(0, -1)],
    ['with a part more', `${TOKEN}.`],
    ['with five parts', `${TOKEN}.AA.AA`],
    ['of two parts', `${HEADER}.${CLAIMS}`],
    ['with nothing signed', `${HEADER}..${SIGNATURE}`],
    ['without a signature', `${HEADER}.${CLAIMS}.`],
    ...[' ', '\t', '\n', '\r\n', '\0', '\u00a0', '\ufeff', '\u2028'].flatMap((space): [string, string][] => [
      [`with ${JSON.stringify(space)} before`, space + TOKEN],
      [`with ${JSON.stringify(space)} after`, TOKEN + space],
      [`with ${JSON.stringify(space)} within`, `${HEADER}.${CLAIMS}.${space}${SIGNATURE}`],
    ]),
    ['as a JSON serialisation', JSON.stringify({ protected: HEADER, payload: CLAIMS, signature: SIGNATURE })],
  ])('%s', async (_, text) => {
    expect(text).not.toBe(TOKEN);
    expect(await isTaken(text)).toBe(false);
  });
});

test('whatever letter of it is changed, it is not ours', async () => {
  const letter = fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.');
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: TOKEN.length - 1 }), letter, async (at, other) => {
      fc.pre(TOKEN[at] !== other);
      return !(await isTaken(TOKEN.slice(0, at) + other + TOKEN.slice(at + 1)));
    }),
    { numRuns: 500 },
  );
});

test.each([
  ['an earlier beginning', { iat: 1 }],
  ['a later end', { exp: 32_503_593_601 }],
  ['another subject', { sub: 'somebodyelse000000000000' }],
  ['another id', { jti: 'another00000000000000000' }],
])('with %s under the old signature it is not ours', async (_, other) => {
  expect(await isTaken(`${HEADER}.${encoded({ ...vector?.claims, ...other })}.${SIGNATURE}`)).toBe(false);
});

describe('signed by our very key, another algorithm is refused', () => {
  const publicKey = createPublicKey(ours);
  const hmac = (secret: string | Buffer) => (input: string) => createHmac('sha256', secret).update(input).digest();
  const pss = (input: string) =>
    sign('sha256', Buffer.from(input), {
      ...{ key: ours, padding: crypto.RSA_PKCS1_PSS_PADDING, saltLength: 32 },
    });
  const nothing = () => Buffer.from('x');

  test.each<[string, string]>([
    ['none', forged({ ...GOOD, alg: 'none' }, nothing)],
    ['None', forged({ ...GOOD, alg: 'None' }, nothing)],
    ['none, with a good signature', forged({ ...GOOD, alg: 'none' }, rsa('sha256'))],
    ['no algorithm', forged({ typ: GOOD.typ, kid: GOOD.kid }, rsa('sha256'))],
    [
      'HS256 with the public key as PEM',
      forged({ ...GOOD, alg: 'HS256' }, hmac(publicKey.export({ type: 'spki', format: 'pem' }))),
    ],
    [
      'HS256 with the public key as DER',
      forged({ ...GOOD, alg: 'HS256' }, hmac(publicKey.export({ type: 'spki', format: 'der' }))),
    ],
    ['HS256 with the modulus', forged({ ...GOOD, alg: 'HS256' }, hmac(Buffer.from(vectors.n, 'base64url')))],
    ['HS256 with the pepper', forged({ ...GOOD, alg: 'HS256', kid: PEPPER }, hmac(Buffer.alloc(32, 1)))],
    ['PS256', forged({ ...GOOD, alg: 'PS256' }, pss)],
    ['PS256 that says RS256', forged(GOOD, pss)],
    ['RS384', forged({ ...GOOD, alg: 'RS384' }, rsa('sha384'))],
    ['RS512', forged({ ...GOOD, alg: 'RS512' }, rsa('sha512'))],
    ['RS512 that says RS256', forged(GOOD, rsa('sha512'))],
    ['SHA-1 that says RS256', forged(GOOD, rsa('sha1'))],
    ['rs256', forged({ ...GOOD, alg: 'rs256' }, rsa('sha256'))],
    ['a list of algorithms', forged({ ...GOOD, alg: ['RS256'] }, rsa('sha256'))],
  ])('%s', async (_, text) => {
    expect(await isTaken(text)).toBe(false);
  });

  test('while this very way of making one is taken', async () => {
    expect(await isTaken(forged(GOOD, rsa('sha256')))).toBe(true);
  });
});

describe('signed by our very key for something else, it is no access token', () => {
  test.each([
    'JWT',
    'at+jwt',
    'access+JWT',
    'ACCESS+JWT',
    'application/access+jwt',
    'refresh+jwt',
    '',
    null,
    ['access+jwt'],
  ])('its `typ` is %j', async (typ) => {
    expect(await isTaken(forged({ ...GOOD, typ }, rsa('sha256')))).toBe(false);
  });

  test('it says no `typ`', async () => {
    expect(await isTaken(forged({ alg: GOOD.alg, kid: GOOD.kid }, rsa('sha256')))).toBe(false);
  });

  test.each([{ crit: ['exp'] }, { crit: ['evil'], evil: true }, { crit: [] }])(
    'it demands what no verifier of ours knows: %j',
    async (demand) => {
      expect(await isTaken(forged({ ...GOOD, ...demand }, rsa('sha256')))).toBe(false);
    },
  );
});

describe('a key that is not the one we hold under that id verifies nothing', () => {
  const jwk = { ...createPublicKey(mallorys).export({ format: 'jwk' }), kid: vectors.kid, alg: 'RS256' };
  test.each<[string, object]>([
    ['another’s key under our id', GOOD],
    ['one that the header brings along', { ...GOOD, jwk }],
    [
      'one that the header says where to fetch',
      { ...GOOD, jku: 'https://evil.example/jwks', x5u: 'https://evil.example' },
    ],
    ['an unknown id', { ...GOOD, kid: 'u'.repeat(24) }],
    ['no id', { alg: GOOD.alg, typ: GOOD.typ }],
  ])('%s', async (_, header) => {
    expect(await isTaken(forged(header, rsa('sha256', mallorys)))).toBe(false);
  });

  test.each(['u'.repeat(24), PEPPER, '', '__proto__', 'constructor', null, 1, [vectors.kid], { kid: vectors.kid }])(
    'our own, where the id is %j',
    async (kid) => {
      expect(await isTaken(forged({ ...GOOD, kid }, rsa('sha256')))).toBe(false);
    },
  );

  test('our own, where no id is given', async () => {
    expect(await isTaken(forged({ alg: GOOD.alg, typ: GOOD.typ }, rsa('sha256')))).toBe(false);
  });

  test('one that was dropped', async () => {
    const ring = new Keyring();
    ring.hold({ id: KID, purpose: 'token-signing', tenant: undefined, createdAt: 1 }, PKCS8);
    const token = new Sensitive(TOKEN);
    expect(await isOurJwt(ring, token)).toBe(true);
    ring.drop(KID);
    expect(await isOurJwt(ring, token)).toBe(false);
  });
});

describe('what could be a JWT at all', () => {
  test.each([
    [TOKEN, true],
    ['eyJ.a.b', false],
    ['eyJh.a.b', true],
    ['', false],
    ['eyJ', false],
    ['eyJ..', false],
    ['eyJ.a', false],
    ['eyJ.a.b.c', false],
    [`tfy_pat_${'0'.repeat(49)}`, false],
    ['{"alg":"RS256"}.a.b', false],
    [`${TOKEN.slice(0, 100)}.${'a'.repeat(4_096)}.b`, false],
    [`eyJh.${'a'.repeat(4_096 - 7)}.b`, true],
    [`eyJh.${'a'.repeat(4_096 - 6)}.b`, false],
    ['eyJ'.repeat(1_000_000), false],
    [`eyJ${'.a'.repeat(1_000_000)}`, false],
  ])('case %#', (text, expected) => {
    expect(isShaped(text)).toBe(expected);
  });

  test('garbage of that shape is not ours, and is no outage either', async () => {
    for (const text of [
      'eyJ.a.b',
      'eyJ.AA.AA',
      'eyJh.e30.AA',
      'eyJhbGciOiJSUzI1NiJ9.e30.AA',
      `${encoded([])}.e30.AA`,
    ]) {
      expect(await isOurs(text)).toBe(false);
    }
  });
});

describe('what cannot be verified is a fault of ours, and no bad credential (I8)', () => {
  const token = new Sensitive(TOKEN);

  test('where the runtime fails', async () => {
    const fails = vi.spyOn(globalThis.crypto.subtle, 'verify').mockRejectedValue(new Error('out of memory'));
    onTestFinished(() => fails.mockRestore());
    await expect(isOurJwt(keyring, token)).rejects.toThrow();
    fails.mockRestore();
    expect(await isOurJwt(keyring, token)).toBe(true);
  });

  test('where the key that is held cannot be used', async () => {
    const broken = new Keyring();
    broken.hold({ id: KID, purpose: 'token-signing', tenant: undefined, createdAt: 1 }, PKCS8);
    Object.assign(broken.byId('token-signing', KID) ?? {}, { key: createSecretKey(Buffer.alloc(32, 1)) });
    await expect(isOurJwt(broken, token)).rejects.toThrow();
  });

  test('whereas no header that anybody can write is one', async () => {
    const odd = fc.constantFrom('alg', 'typ', 'kid', 'crit', 'b64', 'jwk', 'jku', 'x5c', 'zip', 'enc', '__proto__');
    const value = fc.oneof(fc.constantFrom('RS256', 'none', 'HS256', KID, false, ['b64']), fc.jsonValue());
    const part = fc.oneof(
      fc.base64String(),
      fc.json().map((text) => Buffer.from(text).toString('base64url')),
    );
    await fc.assert(
      fc.asyncProperty(fc.dictionary(odd, value), part, part, async (own, claims, signature) => {
        for (const header of [own, { ...GOOD, ...own }]) {
          expect(await isOurs(`${encoded(header)}.${claims}.${signature}`)).toBe(false);
        }
      }),
      { numRuns: 500 },
    );
  });
});
