import { constants as crypto, sign } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type ProviderInput, parseProvider } from '#domain/identity-provider.ts';
import { Sensitive } from '#domain/sensitive.ts';
import {
  by,
  CLAIMS,
  EC,
  ed,
  encoded,
  GOOD,
  H,
  HEADER,
  HOSTILE,
  NOW,
  now,
  ONE,
  ownPair,
  PROVIDER,
  p256,
  p384,
  p521,
  S,
  SET,
  saying,
  second,
  theirs,
  token,
  under,
} from '#support/hostile-jwts.ts';
import { verifyExternalJwt } from './external-jwt.ts';
import { keySetIn, ownFingerprints } from './external-jwt-keys.ts';
import { readExternalJwt } from './external-jwt-read.ts';
import { aboutReason, EXTERNAL_JWT_REASONS, EXTERNAL_JWT_STEPS } from './external-jwt-reasons.ts';
import { Keyring } from './keyring.ts';

const ours = new Keyring();
ours.hold(
  { id: 'k'.repeat(24) as never, purpose: 'token-signing', tenant: undefined, createdAt: 1 },
  ownPair.privateKey.export({ type: 'pkcs8', format: 'der' }),
);

const verified = (
  text: string,
  { set = SET as unknown, ...provider }: Partial<ProviderInput> & { set?: unknown } = {},
) =>
  verifyExternalJwt(new Sensitive(text), {
    rules: parseProvider({ ...PROVIDER, ...provider }),
    keys: async () => keySetIn(set) ?? 'bad_answer',
    ours: ownFingerprints(ours),
    now: NOW,
  });

describe('a good token is accepted', () => {
  test.each<[what: string, text: string]>([
    ['as most sign', GOOD],
    [
      'without `typ`, `nbf` and `jti`',
      token({ ...CLAIMS, nbf: undefined, jti: undefined }, { alg: 'RS256', kid: 'rsa' }),
    ],
    ['as RFC 9068 has it', saying({}, { typ: 'at+jwt' })],
    ['with the type in full', saying({}, { typ: 'application/at+JWT' })],
    ['for several', saying({ aud: ['account', 'https://countersign.example'] })],
    ['with fractions of a second', saying({ iat: now - 0.25, exp: now + 0.75 })],
    ['expired within what clocks may differ by', saying({ iat: now - 600, exp: now - 59 })],
    ['issued later by no more than that', saying({ iat: now + 60, nbf: now + 60 })],
    ['RS256 by a key that says so', token(CLAIMS, { ...HEADER, kid: 'rs256-only' }, by(second.privateKey))],
    [
      'PS256',
      token(
        CLAIMS,
        { alg: 'PS256', kid: 'rsa' },
        by(theirs.privateKey, 'sha256', { padding: crypto.RSA_PKCS1_PSS_PADDING, saltLength: 32 }),
      ),
    ],
    ['ES256', token(CLAIMS, { alg: 'ES256', kid: 'p256' }, by(p256.privateKey, 'sha256', EC))],
    ['ES384', token(CLAIMS, { alg: 'ES384', kid: 'p384' }, by(p384.privateKey, 'sha384', EC))],
    ['ES512', token(CLAIMS, { alg: 'ES512', kid: 'p521' }, by(p521.privateKey, 'sha512', EC))],
    ['EdDSA', token(CLAIMS, { alg: 'EdDSA', kid: 'ed' }, (input) => sign(null, Buffer.from(input), ed.privateKey))],
    ['with a key of its own in the header, which is not looked at', saying({}, { jwk: SET.keys[2], x5c: ['MII'] })],
    ['with blanks between', token(`{ "x" : {"a":[{"b":1},{"b":2}]}, ${JSON.stringify(CLAIMS).slice(1)}`)],
  ])('%s', async (_, text) => {
    expect(await verified(text)).toMatchObject({ ok: true, subject: 'build-7' });
  });

  test('without `kid` where the provider has one key, or one of its kind', async () => {
    expect(await verified(token(CLAIMS, { alg: 'RS256' }), { set: ONE })).toMatchObject({ ok: true });
    const es256 = token(CLAIMS, { alg: 'ES256' }, by(p256.privateKey, 'sha256', EC));
    expect(await verified(es256)).toMatchObject({ ok: true });
  });

  test('of a set that has the same key twice', async () => {
    expect(await verified(GOOD, { set: { keys: [...ONE.keys, ...ONE.keys] } })).toMatchObject({ ok: true });
  });

  test('with all that it says', async () => {
    const more = { email: 'ann@example.com', email_verified: true, groups: ['dev', 'ops', 'dev'] };
    expect(await verified(saying(more))).toEqual({
      ...{ ok: true, claims: { ...CLAIMS, ...more }, subject: 'build-7', email: 'ann@example.com' },
      ...{ teams: ['dev', 'ops'], expiresAt: NOW + 660_000 },
    });
  });

  test.each([false, 'false'])(
    'but not the address of which it says that nobody looked (%j)',
    async (email_verified) => {
      const read = await verified(saying({ email: 'ann@example.com', email_verified }));
      expect(read).toMatchObject({ ok: true, email: undefined });
    },
  );
});

/** As those issuers write them. */
const SHAPES: readonly { shape: string; claims: object; provider: Partial<ProviderInput>; subject: string }[] = [
  {
    shape: 'GitHub Actions',
    claims: {
      ...{ iss: 'https://token.actions.githubusercontent.com', aud: 'https://github.com/octo-org' },
      sub: 'repo:octo-org/octo-repo:environment:prod',
      ...{
        repository: 'octo-org/octo-repo',
        repository_id: '456789',
        repository_owner_id: '123456',
        ref: 'refs/heads/main',
      },
      ...{ jti: 'x', run_id: '1', nbf: now - 600, iat: now - 1, exp: now + 299 },
    },
    provider: {
      ...{ issuer: 'https://token.actions.githubusercontent.com', audiences: ['https://github.com/octo-org'] },
      subjectClaim: 'repository_id',
    },
    subject: '456789',
  },
  {
    shape: 'GitHub Actions, immutable `sub`',
    claims: {
      ...{ iss: 'https://token.actions.githubusercontent.com', aud: 'countersign', iat: now - 1, exp: now + 299 },
      sub: 'repo:octo-org@123456/octo-repo@456789:ref:refs/heads/main',
    },
    provider: { issuer: 'https://token.actions.githubusercontent.com' },
    subject: 'repo:octo-org@123456/octo-repo@456789:ref:refs/heads/main',
  },
  {
    shape: 'GitLab',
    claims: {
      ...{ iss: 'https://gitlab.com', aud: 'countersign', sub: 'project_path:acme/app:ref_type:branch:ref:main' },
      ...{ namespace_id: '1', project_id: '22', project_path: 'acme/app', user_email: 'ann@example.com' },
      ...{ nbf: now - 5, iat: now, exp: now + 3_600 },
    },
    provider: { issuer: 'https://gitlab.com', subjectClaim: 'project_id' },
    subject: '22',
  },
  {
    shape: 'Kubernetes',
    claims: {
      ...{ iss: 'https://kubernetes.default.svc.cluster.local', aud: ['countersign'] },
      ...{ sub: 'system:serviceaccount:ci:builder', iat: now - 100, nbf: now - 100, exp: now + 3_500 },
      'kubernetes.io': { namespace: 'ci', pod: { name: 'p', uid: 'u' }, serviceaccount: { name: 'builder', uid: 'v' } },
    },
    provider: {
      ...{ issuer: 'https://kubernetes.default.svc.cluster.local' },
      subjectClaim: 'kubernetes.io/serviceaccount/name',
    },
    subject: 'builder',
  },
];
test.each(SHAPES)('a token as $shape issues it is accepted', async ({ claims, provider, subject }) => {
  expect(await verified(token(claims), provider)).toMatchObject({ ok: true, subject });
});

describe('a hostile token is refused, for this very reason', () => {
  const rows = HOSTILE.map(([what, text, reason, against]) => ({ what, text, reason, against }));
  test.each(rows)('$what: $reason', async ({ text, reason, against }) => {
    expect(await verified(text, against)).toMatchObject({ ok: false, reason });
  });

  test('and there are more than sixty of them, of every reason there is', () => {
    expect(HOSTILE.length).toBeGreaterThan(60);
    expect(new Set(HOSTILE.map(([what]) => what)).size).toBe(HOSTILE.length);
    expect([...new Set(HOSTILE.map(([, , reason]) => reason))].sort()).toEqual([...EXTERNAL_JWT_REASONS].sort());
  });
});

test('keys that could not be fetched are told with why', async () => {
  const rules = parseProvider(PROVIDER);
  const keys = async () => 'timeout' as const;
  expect(await verifyExternalJwt(new Sensitive(GOOD), { rules, keys, ours: new Set(), now: NOW })).toEqual({
    ...{ ok: false, step: 'key', reason: 'keys_unavailable', failure: 'timeout' },
  });
});

test('more keys are asked for where none of those that are known fits, and only there', async () => {
  const rules = parseProvider(PROVIDER);
  const known = keySetIn(SET) ?? [];
  const asks: boolean[] = [];
  const keys = async (isEnough: (set: typeof known) => boolean) => {
    asks.push(isEnough(known));
    return known;
  };
  for (const text of [GOOD, under({ kid: 'new' }), under({ kid: 'p256' })])
    await verifyExternalJwt(new Sensitive(text), { rules, keys, ours: new Set(), now: NOW });
  expect(asks).toEqual([true, false, false]);
});

test('what cannot be verified because the runtime fails is a fault of ours, and no bad credential', async () => {
  const fails = vi.spyOn(globalThis.crypto.subtle, 'verify').mockRejectedValue(new Error('out of memory'));
  onTestFinished(() => fails.mockRestore());
  await expect(verified(GOOD)).rejects.toThrow();
});

test('whatever letter of it is changed, it is refused', async () => {
  const letter = fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.');
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: GOOD.length - 1 }), letter, async (at, other) => {
      fc.pre(GOOD[at] !== other);
      return !(await verified(GOOD.slice(0, at) + other + GOOD.slice(at + 1))).ok;
    }),
    { numRuns: 300 },
  );
});

test('whatever is in its place, it is refused and not thrown at', async () => {
  const part = fc.oneof(fc.json().map(encoded), fc.string().map(encoded), fc.base64String());
  const text = fc.oneof(
    fc.string(),
    fc.tuple(part, part, part).map((parts) => parts.join('.')),
  );
  await fc.assert(
    fc.asyncProperty(text, async (one) => !(await verified(one)).ok),
    { numRuns: 500 },
  );
});

test('names that stand twice are found however the JSON is written', () => {
  const isTwice = (json: string) => readExternalJwt(new Sensitive(`${H}.${encoded(json)}.${S}`)).ok === false;
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => !isTwice(JSON.stringify(object, null, 1))),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), (object) => {
      const [name] = Object.keys(object);
      return isTwice(`{${JSON.stringify(name)}:"\\":",${JSON.stringify(object).slice(1)}`);
    }),
  );
});

describe('what is read before anything is proved', () => {
  test('is whom to ask, where it is that', () => {
    expect(readExternalJwt(new Sensitive(saying({ aud: ['a', 'b'] })))).toMatchObject({
      ...{ ok: true, jwt: { issuer: CLAIMS.iss, audiences: ['a', 'b'] } },
    });
    expect(readExternalJwt(new Sensitive(saying({ iss: 7, aud: [7] })))).toMatchObject({
      ...{ ok: true, jwt: { issuer: undefined, audiences: [] } },
    });
  });
});

test('steps are told in the order in which they are taken, each reason with what to make of it', () => {
  expect(EXTERNAL_JWT_STEPS).toEqual([
    ...['form', 'header', 'claims', 'algorithm', 'key', 'signature', 'issuer', 'audience'],
    ...['expiry', 'beginning', 'issue', 'lifetime', 'purpose', 'subject'],
  ]);
  for (const reason of EXTERNAL_JWT_REASONS)
    expect(aboutReason(reason)).toMatch(/^(It|Its|The|That|A|No|Several) .*\.$/);
});
