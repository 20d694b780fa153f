import { describe, expect, onTestFinished, test } from 'vitest';
import { type ProviderInput, parseProvider } from './identity-provider.ts';
import { type Claims, parseClaimPath, textAt, textsAt } from './identity-provider-claims.ts';
import { parseUploadedKeys } from './identity-provider-keys.ts';
import { Refusal } from './refusal.ts';

const INPUT: ProviderInput = {
  name: 'github-actions',
  issuer: 'https://token.actions.githubusercontent.com',
  jwksUri: 'https://token.actions.githubusercontent.com/.well-known/jwks',
  audiences: ['https://github.com/acme'],
};
const KEY = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid: 'one' };

function refusalOf(parse: () => unknown): Refusal {
  try {
    parse();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  return expect.unreachable();
}
const fieldsRefused = (input: ProviderInput) =>
  refusalOf(() => parseProvider(input)).problems.map(({ field }) => field);

test('what is not said of a provider is as safe as it can be', () => {
  expect(parseProvider(INPUT)).toEqual({
    ...{ name: 'github-actions', isEnabled: true, issuer: INPUT.issuer, audiences: INPUT.audiences },
    ...{ keys: { from: 'url', jwksUri: INPUT.jwksUri }, algorithms: ['RS256', 'ES256'] },
    ...{ clockSkewSeconds: 60, lifetimeSecondsMax: undefined },
    ...{ subjectClaim: 'sub', emailClaim: undefined, teamClaim: undefined },
  });
});

test('all that is said of it is kept', () => {
  const said = {
    clockSkewSeconds: 0,
    lifetimeSecondsMax: 3_600,
    emailClaim: 'email',
    teamClaim: 'groups',
    isEnabled: false,
  };
  const more = { ...said, subjectClaim: 'kubernetes.io/serviceaccount/name', algorithms: ['EdDSA', 'RS256'] };
  const { jwksUri: _, ...input } = { ...INPUT, ...more, jwks: { keys: [KEY] } };
  expect(parseProvider(input)).toMatchObject({
    ...{ ...more, algorithms: ['RS256', 'EdDSA'], keys: { from: 'upload', jwks: { keys: [KEY] } } },
  });
});

describe('a provider is refused where', () => {
  const https = (rest: string) => `https://idp.example${rest}`;
  test.each<[what: string, input: Partial<ProviderInput>, field: string]>([
    ...['', 'ab', 'Ci-x', '7ci', 'ci-', 'c_i', 'c'.repeat(36), 'ci cd', 'ci\n'].map(
      (name): [string, Partial<ProviderInput>, string] => [`its name is ${JSON.stringify(name)}`, { name }, 'name'],
    ),
    ...[
      ...['', 'idp.example', 'http://idp.example', 'https://', 'https:idp.example', 'HTTPS://idp.example'],
      ...[https('?a=b'), https('#a'), 'https://a@idp.example', https(' '), https('\n'), https('/ä'), https('\\a')],
      https(`/${'a'.repeat(1_000)}`),
    ].map((issuer): [string, Partial<ProviderInput>, string] => [
      ...([`its issuer is ${JSON.stringify(issuer.slice(0, 30))}`, { issuer }, 'issuer'] as const),
    ]),
    ...['', 'keys', 'ftp://idp.example/keys', 'file:///etc/passwd', https('#keys'), 'http://a:b@idp.example/'].map(
      (jwksUri): [string, Partial<ProviderInput>, string] => [`its keys are at ${jwksUri}`, { jwksUri }, 'jwksUri'],
    ),
    ['it has keys both ways', { jwks: { keys: [KEY] } }, 'jwksUri'],
    ['it has no keys', { jwksUri: undefined }, 'jwksUri'],
    ['it is for nobody', { audiences: [] }, 'audiences'],
    ['it is for an empty name', { audiences: ['a', ''] }, 'audiences'],
    ['it is for a name with a blank around it', { audiences: [' a'] }, 'audiences'],
    ['it is for a name of two lines', { audiences: ['a\nb'] }, 'audiences'],
    ['it is for too many', { audiences: Array.from({ length: 21 }, (_, at) => `${at}`) }, 'audiences'],
    ...['none', 'HS256', 'rs256', 'RSA-OAEP', 'ES256K', '', 'constructor'].map(
      (alg): [string, Partial<ProviderInput>, string] => [
        `it signs by "${alg}"`,
        { algorithms: ['RS256', alg] },
        'algorithms',
      ],
    ),
    ['it signs by nothing', { algorithms: [] }, 'algorithms'],
    ['clocks differ by minutes', { clockSkewSeconds: 301 }, 'clockSkewSeconds'],
    ['clocks differ by less than nothing', { clockSkewSeconds: -1 }, 'clockSkewSeconds'],
    ['clocks differ by a part', { clockSkewSeconds: 0.5 }, 'clockSkewSeconds'],
    ['clocks differ by no number', { clockSkewSeconds: Number.NaN }, 'clockSkewSeconds'],
    ['its tokens do not live', { lifetimeSecondsMax: 0 }, 'lifetimeSecondsMax'],
    ['its tokens live for ever', { lifetimeSecondsMax: Number.POSITIVE_INFINITY }, 'lifetimeSecondsMax'],
    ...['', '/', 'a/', '/a', 'a//b', 'a~2b', 'a~', 'a\nb', 'a/b/c/d/e/f/g', 'a'.repeat(201)].map(
      (path): [string, Partial<ProviderInput>, string] => [
        ...([
          `its subject is at ${JSON.stringify(path.slice(0, 20))}`,
          { subjectClaim: path },
          'subjectClaim',
        ] as const),
      ],
    ),
    ['its addresses are nowhere', { emailClaim: '' }, 'emailClaim'],
    ['its teams are nowhere', { teamClaim: 'a//b' }, 'teamClaim'],
  ])('%s', (_, input, field) => {
    expect(fieldsRefused({ ...INPUT, ...input })).toEqual([field]);
  });

  test('several things are wrong, with all of them', () => {
    const refusal = refusalOf(() =>
      parseProvider({ ...INPUT, name: 'X', issuer: 'x', audiences: [], algorithms: ['none'] }),
    );
    expect(refusal.problems.map(({ field }) => field)).toEqual(['name', 'issuer', 'audiences', 'algorithms']);
    expect(refusal).toMatchObject({
      code: 'unprocessable',
      message: expect.stringMatching(/^The identity .*; issuer must/),
    });
  });
});

test('one in the network of an operator may be asked without TLS: the operator says so, not the provider', () => {
  expect(parseProvider({ ...INPUT, jwksUri: 'http://127.0.0.1:7/keys' }).keys).toEqual({
    ...{ from: 'url', jwksUri: 'http://127.0.0.1:7/keys' },
  });
});

describe('keys that are handed over', () => {
  test('are kept with what a public key has, and nothing else', () => {
    const more = { use: 'sig', alg: 'ES256', x5c: ['MIIB'], exp: 7, evil: { deep: true } };
    expect(parseUploadedKeys({ keys: [{ ...KEY, ...more }], more: true })).toEqual({
      keys: [{ ...KEY, use: 'sig', alg: 'ES256' }],
    });
  });

  test.each<[what: string, input: unknown]>([
    ['nothing', undefined],
    ['a text', '{"keys":[]}'],
    ['a list', [KEY]],
    ['one key', KEY],
    ['no keys', { keys: [] }],
    ['keys that are none', { keys: ['a'] }],
    ['a key that is null', { keys: [null] }],
    ['too many', { keys: Array(51).fill(KEY) }],
    ['a shared secret', { keys: [KEY, { kty: 'oct', k: 'AA' }] }],
    ['a shared secret without the secret', { keys: [{ kty: 'oct' }] }],
    ['a key with a part that never ends', { keys: [{ ...KEY, x: 'x'.repeat(3_001) }] }],
    ...['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'].map((part): [string, unknown] => [
      ...([`the private part ${part}`, { keys: [{ ...KEY, [part]: 'AA' }] }] as const),
    ]),
  ])('are refused where they are %s', (_, input) => {
    expect(refusalOf(() => parseUploadedKeys(input)).problems).toEqual([
      { field: 'jwks', problem: expect.any(String) },
    ]);
  });

  test('that were private are told to be replaced, and not repeated', () => {
    const { message } = refusalOf(() => parseUploadedKeys({ keys: [{ ...KEY, d: 'hunter2' }] }));
    expect(message).toMatch(/replace the pair/);
    expect(message).not.toContain('hunter2');
  });
});

describe('a claim is found', () => {
  const CLAIMS: Claims = JSON.parse(`{
    "sub": "build-7", "number": 7, "empty": "", "lines": "a\\nb", "null": null, "list": ["a", "b", "a"], "mixed": ["a", 7],
    "kubernetes.io": { "namespace": "ci", "serviceaccount": { "name": "builder" } },
    "kubernetes.io/namespace": "not this one", "https://acme.example/role": "ops", "a~b": "tilde", "a~1b": "a tilde and a one", "a/b": "slash",
    "__proto__": { "polluted": "yes" }
  }`);
  const text = (path: string) => textAt(CLAIMS, parseClaimPath('claim', path));
  const texts = (path: string) => textsAt(CLAIMS, parseClaimPath('claim', path));

  test.each([
    ['sub', 'build-7'],
    ['kubernetes.io/namespace', 'ci'],
    ['kubernetes.io/serviceaccount/name', 'builder'],
    ['kubernetes.io~1namespace', 'not this one'],
    ['https:~1~1acme.example~1role', 'ops'],
    ['a~0b', 'tilde'],
    ['a~01b', 'a tilde and a one'],
    ...['number', 'empty', 'lines', 'null', 'list', 'kubernetes.io', 'absent', 'sub/length', 'list/0'].map(
      (path): [string, undefined] => [path, undefined],
    ),
    ...['constructor', 'constructor/name', 'toString', '__proto__/toString', 'hasOwnProperty/name', 'polluted'].map(
      (path): [string, undefined] => [path, undefined],
    ),
  ])('at %s as %j', (path, expected) => {
    expect(text(path)).toBe(expected);
  });

  test.each<[string, readonly string[]]>([
    ['list', ['a', 'b']],
    ['sub', ['build-7']],
    ...['mixed', 'number', 'empty', 'absent', 'kubernetes.io', 'constructor'].map((path): [string, string[]] => [
      path,
      [],
    ]),
  ])('at %s as a list: %j', (path, expected) => {
    expect(texts(path)).toEqual(expected);
  });

  test('never where only every object has it', () => {
    Object.assign(Object.prototype, { role: 'admin' });
    onTestFinished(() => void Reflect.deleteProperty(Object.prototype, 'role'));
    expect([text('role'), text('kubernetes.io/role'), texts('role')]).toEqual([undefined, undefined, []]);
  });

  test('nowhere in a list without end', () => {
    expect(textsAt({ list: Array(1_001).fill('a') }, parseClaimPath('claim', 'list'))).toEqual([]);
  });
});
