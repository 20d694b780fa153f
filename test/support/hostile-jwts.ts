import { createHmac, generateKeyPairSync, type JsonWebKey, type KeyObject, sign } from 'node:crypto';
import { EXTERNAL_JWT_CHARS_MAX } from '#crypto/external-jwt-read.ts';
import type { Reason } from '#crypto/external-jwt-reasons.ts';
import type { ProviderInput } from '#domain/identity-provider.ts';

/* A provider with keys of every kind, tokens that it signs, and what somebody hostile makes of them. */

const rsaPair = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
const ecPair = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
export const theirs = rsaPair();
export const second = rsaPair();
export const mallorys = rsaPair();
export const ownPair = rsaPair();
export const p256 = ecPair('P-256');
export const p384 = ecPair('P-384');
export const p521 = ecPair('P-521');
export const ed = generateKeyPairSync('ed25519');
const jwkOf = (key: KeyObject, more: object): JsonWebKey => ({ ...key.export({ format: 'jwk' }), ...more });

export const SET = {
  keys: [
    jwkOf(theirs.publicKey, { kid: 'rsa', use: 'sig' }),
    jwkOf(second.publicKey, { kid: 'rs256-only', alg: 'RS256', key_ops: ['verify'] }),
    jwkOf(p256.publicKey, { kid: 'p256' }),
    jwkOf(p384.publicKey, { kid: 'p384' }),
    jwkOf(p521.publicKey, { kid: 'p521' }),
    jwkOf(ed.publicKey, { kid: 'ed', alg: 'Ed25519' }),
    jwkOf(ownPair.publicKey, { kid: 'stolen' }),
    { kty: 'oct', k: 'c2VjcmV0', kid: 'shared', alg: 'HS256' },
    { ...mallorys.privateKey.export({ format: 'jwk' }), kid: 'published' },
    jwkOf(mallorys.publicKey, { kid: 'for-encryption', use: 'enc' }),
    jwkOf(mallorys.publicKey, { kid: 'for-wrapping', key_ops: ['wrapKey'] }),
  ],
};
export const ONE = { keys: SET.keys.slice(0, 1) };

export const PROVIDER: ProviderInput = {
  name: 'build',
  issuer: 'https://idp.example/realms/ci',
  jwksUri: 'https://idp.example/keys',
  audiences: ['https://countersign.example', 'countersign'],
  algorithms: ['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA'],
  lifetimeSecondsMax: 24 * 60 * 60,
  emailClaim: 'email',
  teamClaim: 'groups',
};
export const NOW = Date.UTC(2026, 0, 15, 10);
export const now = NOW / 1000;
export const HEADER = { alg: 'RS256', typ: 'JWT', kid: 'rsa' };
export const CLAIMS = {
  ...{ iss: 'https://idp.example/realms/ci', aud: 'countersign', sub: 'build-7' },
  ...{ iat: now - 10, nbf: now - 10, exp: now + 600, jti: 'once' },
};

type Signed = (input: string) => Buffer;
export const encoded = (part: unknown): string =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');
export const by =
  (key: KeyObject, hash: string | undefined = 'sha256', more: object = {}): Signed =>
  (input) =>
    sign(hash, Buffer.from(input), { key, ...more });
export const RSA = by(theirs.privateKey);
export const EC = { dsaEncoding: 'ieee-p1363' };
/** Parts as objects, or as the very text. */
export function token(claims: unknown = CLAIMS, header: unknown = HEADER, signed: Signed = RSA): string {
  const input = `${encoded(header)}.${encoded(claims)}`;
  return `${input}.${signed(input).toString('base64url')}`;
}
export const saying = (claims: object, header: object = {}) =>
  token({ ...CLAIMS, ...claims }, { ...HEADER, ...header });
export const without = (name: string): string =>
  token(Object.fromEntries(Object.entries(CLAIMS).filter(([one]) => one !== name)));
export const GOOD = token();
export const [H, C, S] = GOOD.split('.') as [string, string, string];

const hmac =
  (secret: string | Buffer): Signed =>
  (input) =>
    createHmac('sha256', secret).update(input).digest();
const nothing: Signed = () => Buffer.from('x');
export const forMallory = by(mallorys.privateKey);
export const under = (header: object, signed: Signed = RSA): string => token(CLAIMS, { ...HEADER, ...header }, signed);
const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

export type Case = readonly [
  what: string,
  text: string,
  reason: Reason,
  against?: Partial<ProviderInput> & { set?: unknown },
];
export const HOSTILE: readonly Case[] = [
  // what it looks like
  ['nothing', '', 'no_jwt'],
  ['an opaque token', 'tfy_va_0123456789', 'no_jwt'],
  ['two parts', `${H}.${C}`, 'no_jwt'],
  ['four parts', `${GOOD}.${S}`, 'no_jwt'],
  ['no signature', `${H}.${C}.`, 'no_jwt'],
  ['no claims', `${H}..${S}`, 'no_jwt'],
  ['a blank before', ` ${GOOD}`, 'no_jwt'],
  ['a line after', `${GOOD}\n`, 'no_jwt'],
  ['padding', `${GOOD}==`, 'no_jwt'],
  ['JSON serialisation', JSON.stringify({ protected: H, payload: C, signature: S }), 'no_jwt'],
  ['encrypted', 'eyJhbGciOiJSU0EtT0FFUCJ9.AA.AA.AA.AA', 'encrypted'],
  ['encrypted without a wrapped key', 'eyJhbGciOiJkaXIifQ..AA.AA.AA', 'encrypted'],
  ['huge', token({ ...CLAIMS, x: 'x'.repeat(EXTERNAL_JWT_CHARS_MAX) }), 'too_long'],
  ['another spelling of the signature', `${H}.${C}.${otherSpelling(S)}`, 'not_canonical'],
  ['another spelling of the claims', `${H}.${otherSpelling(encoded('{"a":1}'))}.${S}`, 'not_canonical'],
  // its header
  ['a header that is no JSON', token(CLAIMS, 'hunter2'), 'header_no_object'],
  ['a header that is a list', token(CLAIMS, [HEADER]), 'header_no_object'],
  ['a header that is null', token(CLAIMS, 'null'), 'header_no_object'],
  ['a header with a mark before', token(CLAIMS, `\ufeff${JSON.stringify(HEADER)}`), 'header_no_object'],
  [
    'a header that is no UTF-8',
    `${Buffer.from('{"alg":"\xff"}', 'latin1').toString('base64url')}.${C}.${S}`,
    'header_no_object',
  ],
  ['`alg` twice', token(CLAIMS, '{"alg":"none","alg":"RS256","kid":"rsa"}'), 'header_twice'],
  [
    '`alg` twice, once in other letters',
    token(CLAIMS, '{"alg":"none","\\u0061lg":"RS256","kid":"rsa"}'),
    'header_twice',
  ],
  ['`crit` of what we know', under({ crit: ['exp'] }), 'header_crit'],
  ['`crit` of what nobody knows', under({ crit: ['evil'], evil: true }), 'header_crit'],
  ['`crit` of nothing', under({ crit: [] }), 'header_crit'],
  ['unencoded claims (b64)', under({ crit: ['b64'], b64: false }), 'header_crit'],
  ['`kid` that is a number', under({ kid: 7 }), 'kid_form'],
  ['`kid` that is null', under({ kid: null }), 'kid_form'],
  ['`kid` of nothing', under({ kid: '' }), 'kid_form'],
  ['`kid` of several lines', under({ kid: 'rsa\nforged: line' }), 'kid_form'],
  ['`kid` that is long', under({ kid: 'k'.repeat(201) }), 'kid_form'],
  ['`kid` that is an object', under({ kid: { $ne: '' } }), 'kid_form'],
  ['our own `typ`', under({ typ: 'access+jwt' }), 'type_ours'],
  ['our own `typ`, otherwise written', under({ typ: 'application/Access+JWT' }), 'type_ours'],
  ['a notice of log-out', under({ typ: 'logout+jwt' }), 'type_other'],
  ['a security event', under({ typ: 'secevent+jwt' }), 'type_other'],
  ['a proof of possession', under({ typ: 'dpop+jwt' }), 'type_other'],
  ['`typ` of no text', under({ typ: ['JWT'] }), 'type_other'],
  ['`typ` of nothing', under({ typ: '' }), 'type_other'],
  // what it says
  ['claims that are no JSON', token('hunter2'), 'claims_no_object'],
  ['claims that are a list', token([CLAIMS]), 'claims_no_object'],
  ['claims that are a text', token('"build-7"'), 'claims_no_object'],
  ['claims that are deep', token(nested(5_000)), 'claims_no_object'],
  ['`sub` twice', token(`{"sub":"admin",${JSON.stringify(CLAIMS).slice(1)}`), 'claims_twice'],
  ['a name twice within', token(`{"x":[{"a":1,"a":2}],${JSON.stringify(CLAIMS).slice(1)}`), 'claims_twice'],
  ['`__proto__` twice', token(`{"__proto__":{},"__proto__":{},${JSON.stringify(CLAIMS).slice(1)}`), 'claims_twice'],
  // its algorithm
  ['no algorithm', token(CLAIMS, { kid: 'rsa' }), 'algorithm_missing'],
  ['none', under({ alg: 'none' }, nothing), 'algorithm_refused'],
  ['None', under({ alg: 'None' }, nothing), 'algorithm_refused'],
  ['none with a good signature', under({ alg: 'none' }), 'algorithm_refused'],
  ['rs256', under({ alg: 'rs256' }), 'algorithm_refused'],
  ['a list of algorithms', under({ alg: ['RS256'] }), 'algorithm_refused'],
  ['constructor', under({ alg: 'constructor' }), 'algorithm_refused'],
  ...publicForms().map(
    ([what, secret]): Case => [
      `HS256 with the public key as ${what}`,
      under({ alg: 'HS256' }, hmac(secret)),
      'algorithm_refused',
    ],
  ),
  ['HS256 with nothing', under({ alg: 'HS256' }, hmac('')), 'algorithm_refused'],
  [
    'HS256 with a secret that the set publishes',
    under({ alg: 'HS256', kid: 'shared' }, hmac('secret')),
    'algorithm_refused',
  ],
  ['one that can be allowed and is not', under({ alg: 'RS512' }, by(theirs.privateKey, 'sha512')), 'algorithm_refused'],
  ['one that this provider does not allow', GOOD, 'algorithm_refused', { algorithms: ['ES256'] }],
  // its key
  ['no set of keys', GOOD, 'keys_unavailable', { set: { hunter2: [] } }],
  ['a set without end', GOOD, 'keys_unavailable', { set: { keys: Array(51).fill(ONE.keys[0]) } }],
  ['a set of none', GOOD, 'key_unknown', { set: { keys: [] } }],
  ['a key that is not there', under({ kid: 'rsa2' }, forMallory), 'key_unknown'],
  ['a key by a path', under({ kid: '../../../../dev/null' }, hmac('')), 'key_unknown'],
  ['a key by a query', under({ kid: "rsa'/**/or/**/1=1--" }, forMallory), 'key_unknown'],
  ['a key by what every object has', under({ kid: '__proto__' }, forMallory), 'key_unknown'],
  ['a key whose private half is published', under({ kid: 'published' }, forMallory), 'key_unknown'],
  ['a key for encryption', under({ kid: 'for-encryption' }, forMallory), 'key_unknown'],
  ['a key for wrapping', under({ kid: 'for-wrapping' }, forMallory), 'key_unknown'],
  ['a shared secret as a key', under({ kid: 'shared' }), 'key_unknown'],
  ['a key of another kind', under({ kid: 'p256' }), 'key_unfit'],
  [
    'a key of another curve',
    token(CLAIMS, { alg: 'ES256', kid: 'p384' }, by(p384.privateKey, 'sha256', EC)),
    'key_unfit',
  ],
  ['a key that says another algorithm', under({ alg: 'PS256', kid: 'rs256-only' }), 'key_unfit'],
  ['no `kid` where several keys fit', token(CLAIMS, { alg: 'RS256' }), 'key_ambiguous'],
  ['a `kid` that several keys have', GOOD, 'key_ambiguous', { set: sameKid() }],
  ['a key of ours', under({ kid: 'stolen' }, by(ownPair.privateKey)), 'key_ours'],
  // its signature
  ['another’s key under that name', under({}, forMallory), 'signature_wrong'],
  [
    'a key that the header brings',
    under({ jwk: jwkOf(mallorys.publicKey, { kid: 'rsa' }) }, forMallory),
    'signature_wrong',
  ],
  ['a key that the header has fetched', under({ jku: 'https://evil.example/keys' }, forMallory), 'signature_wrong'],
  [
    'a certificate that the header brings',
    under({ x5c: ['MIIB'], x5u: 'https://evil.example' }, forMallory),
    'signature_wrong',
  ],
  ['no signature at all', `${H}.${C}.${encoded('x')}`, 'signature_wrong'],
  ['the signature of another token', `${H}.${encoded({ ...CLAIMS, sub: 'admin' })}.${S}`, 'signature_wrong'],
  ['SHA-1 that says RS256', under({}, by(theirs.privateKey, 'sha1')), 'signature_wrong'],
  ['RS512 that says RS256', under({}, by(theirs.privateKey, 'sha512')), 'signature_wrong'],
  ['RS256 that says PS256', under({ alg: 'PS256' }), 'signature_wrong'],
  ['ES256 of noughts', token(CLAIMS, { alg: 'ES256', kid: 'p256' }, () => Buffer.alloc(64)), 'signature_wrong'],
  ['ES256 in DER', token(CLAIMS, { alg: 'ES256', kid: 'p256' }, by(p256.privateKey, 'sha256')), 'signature_wrong'],
  ['EdDSA of noughts', token(CLAIMS, { alg: 'EdDSA', kid: 'ed' }, () => Buffer.alloc(64)), 'signature_wrong'],
  // whose it is
  ['no `iss`', without('iss'), 'issuer_missing'],
  ['`iss` that is a list', saying({ iss: [CLAIMS.iss] }), 'issuer_missing'],
  ['another issuer', saying({ iss: 'https://evil.example' }), 'issuer_other'],
  ['the issuer with a slash', saying({ iss: `${CLAIMS.iss}/` }), 'issuer_other'],
  ['the issuer in capitals', saying({ iss: 'https://IDP.example/realms/ci' }), 'issuer_other'],
  ['another realm of it', saying({ iss: 'https://idp.example/realms/ci2' }), 'issuer_other'],
  ['the issuer with another name before', saying({ iss: `https://evil.example#${CLAIMS.iss}` }), 'issuer_other'],
  // for whom it is
  ['no `aud`', without('aud'), 'audience_missing'],
  ['`aud` of nothing', saying({ aud: '' }), 'audience_missing'],
  ['`aud` of none', saying({ aud: [] }), 'audience_missing'],
  ['`aud` with a number', saying({ aud: ['countersign', 7] }), 'audience_missing'],
  ['`aud` that is an object', saying({ aud: { 0: 'countersign' } }), 'audience_missing'],
  ['`aud` without end', saying({ aud: Array(101).fill('countersign') }), 'audience_missing'],
  ['for somebody else', saying({ aud: 'other' }), 'audience_other'],
  ['for somebody whose name begins alike', saying({ aud: 'countersign.evil' }), 'audience_other'],
  ['for us in capitals', saying({ aud: 'Countersign' }), 'audience_other'],
  ['for several, none of whom we are', saying({ aud: ['a', 'counter', 'sign'] }), 'audience_other'],
  // when it is good
  ['no `exp`', without('exp'), 'expiry_missing'],
  ['`exp` that is a text', saying({ exp: String(now + 600) }), 'expiry_missing'],
  ['`exp` that is null', saying({ exp: null }), 'expiry_missing'],
  ['`exp` without end', token(JSON.stringify(CLAIMS).replace(/"exp":\d+/, '"exp":1e999')), 'expiry_range'],
  ['`exp` in milliseconds', saying({ exp: NOW + 600_000 }), 'expiry_range'],
  ['`exp` before all time', saying({ exp: -1 }), 'expiry_range'],
  ['expired', saying({ exp: now - 60 }), 'expired'],
  ['expired long ago', saying({ iat: 1, exp: 2 }), 'expired'],
  ['expired by a second, where clocks may not differ', saying({ exp: now - 1 }), 'expired', { clockSkewSeconds: 0 }],
  ['`nbf` that is a text', saying({ nbf: 'now' }), 'beginning_range'],
  ['`nbf` that is null', saying({ nbf: null }), 'beginning_range'],
  ['good from later on', saying({ nbf: now + 61 }), 'not_yet'],
  ['no `iat`', without('iat'), 'issue_missing'],
  ['`iat` that is a text', saying({ iat: '1' }), 'issue_missing'],
  ['`iat` before all time', saying({ iat: -1 }), 'issue_range'],
  ['issued in the future', saying({ iat: now + 61 }), 'issued_later'],
  ['ended before it was issued', saying({ iat: now, exp: now - 1 }), 'ends_before_issue'],
  ['ended when it was issued', saying({ iat: now, exp: now }), 'ends_before_issue'],
  ['longer than it may live', saying({ iat: now, exp: now + 86_401 }), 'lives_too_long'],
  // what it is for, and whom it names
  [
    'a notice that says no `typ`',
    saying({ events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }),
    'other_purpose',
  ],
  ['no `sub`', without('sub'), 'subject_missing'],
  ['`sub` that is a number', saying({ sub: 7 }), 'subject_missing'],
  ['`sub` that is a list', saying({ sub: ['build-7'] }), 'subject_missing'],
  ['`sub` of nothing', saying({ sub: '' }), 'subject_missing'],
  ['`sub` of several lines', saying({ sub: 'build-7\nadmin' }), 'subject_missing'],
  ['`sub` that is long', saying({ sub: 's'.repeat(501) }), 'subject_missing'],
  ['a subject that every object has', GOOD, 'subject_missing', { subjectClaim: 'constructor/name' }],
  [
    'a subject by `__proto__`',
    token(`{"__proto__":{"x":"admin"},${JSON.stringify(CLAIMS).slice(1)}`),
    'subject_missing',
    { subjectClaim: 'x' },
  ],
  ['a subject within a text', GOOD, 'subject_missing', { subjectClaim: 'sub/length' }],
  ['a subject within a list', saying({ list: ['admin'] }), 'subject_missing', { subjectClaim: 'list/0' }],
  ['a subject whose name has the path’s slash', saying({ 'a/b': 'admin' }), 'subject_missing', { subjectClaim: 'a/b' }],
];

/** Other letters at the end for the same bytes. */
function otherSpelling(part: string): string {
  const bytes = Buffer.from(part, 'base64url');
  const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const others = [...LETTERS].map((last) => part.slice(0, -1) + last).filter((one) => one !== part);
  return others.find((one) => Buffer.from(one, 'base64url').equals(bytes)) ?? 'there is none';
}
function publicForms(): readonly [string, string | Buffer][] {
  return [
    ['PEM', theirs.publicKey.export({ type: 'spki', format: 'pem' })],
    ['DER', theirs.publicKey.export({ type: 'spki', format: 'der' })],
    ['PKCS#1', theirs.publicKey.export({ type: 'pkcs1', format: 'pem' })],
    ['modulus', Buffer.from(String(theirs.publicKey.export({ format: 'jwk' }).n), 'base64url')],
    ['JWK', JSON.stringify(SET.keys[0])],
  ];
}
function sameKid() {
  return { keys: [ONE.keys[0], jwkOf(mallorys.publicKey, { kid: 'rsa' })] };
}
