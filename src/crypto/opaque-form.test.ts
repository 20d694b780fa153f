import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Sensitive } from '#domain/sensitive.ts';
import { TOKEN_KINDS } from '#domain/token.ts';
import { countingRandom } from '#support/fixed.ts';
import jwtVectors from '../../test/vectors/jwt.json' with { type: 'json' };
import vectors from '../../test/vectors/token.json' with { type: 'json' };
import { mint, previewOf } from './opaque.ts';
import { checkOf, type Form, formOf, kindOf, type OpaqueKind, PATTERN, PREFIXES, shapeOf } from './opaque-form.ts';

const KINDS = Object.keys(PREFIXES) as readonly OpaqueKind[];
const ALPHABET = [...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'];
const whole = new RegExp(`^(?:${PATTERN})$`);

/** Any credential of any kind. */
const credential = fc
  .record({ kind: fc.constantFrom(...KINDS), body: fc.uint8Array({ minLength: 32, maxLength: 32 }) })
  .map(({ kind, body }) => mint(kind, { bytes: () => body }).reveal());

test.each(vectors.malformed)('$why: it cannot have been issued', ({ token }) => {
  expect(kindOf(new Sensitive(token), KINDS)).toBeUndefined();
});

test('half a character after it is one character too many', () => {
  const token = mint('pat', countingRandom()).reveal();
  expect(kindOf(new Sensitive(`${token}\ud800`), KINDS)).toBeUndefined();
});

test('only the kinds that are asked for are accepted', () => {
  const accepted = (asked: readonly OpaqueKind[]) =>
    KINDS.filter((kind) => kindOf(mint(kind, countingRandom()), asked) !== undefined);
  expect(accepted(TOKEN_KINDS)).toEqual(['pat', 'va']);
  for (const kind of KINDS) expect(accepted([kind])).toEqual([kind]);
});

test('no prefix begins another, and only those of access tokens begin with `tfy_`', () => {
  const prefixes = KINDS.map((kind) => PREFIXES[kind]);
  expect(prefixes.filter((one) => prefixes.some((other) => other !== one && other.startsWith(one)))).toEqual([]);
  expect(KINDS.filter((kind) => PREFIXES[kind].startsWith('tfy_'))).toEqual([...TOKEN_KINDS]);
});

test('every minted credential is accepted as its own kind', () => {
  fc.assert(fc.property(credential, (text) => KINDS.some((kind) => kindOf(new Sensitive(text), [kind]) === kind)));
});

test('every single changed character is caught', () => {
  fc.assert(
    fc.property(
      credential,
      fc.nat(),
      fc.constantFrom(...ALPHABET, '_', '-', ' ', '\0', 'é'),
      (text, position, other) => {
        const at = position % text.length;
        fc.pre(text[at] !== other);
        return kindOf(new Sensitive(text.slice(0, at) + other + text.slice(at + 1)), KINDS) === undefined;
      },
    ),
    { numRuns: 2_000 },
  );
});

test('two exchanged neighbours, and any missing end, are caught', () => {
  fc.assert(
    fc.property(credential, fc.nat(), (text, position) => {
      const at = position % (text.length - 1);
      const [one, two] = [text[at] as string, text[at + 1] as string];
      const cut = kindOf(new Sensitive(text.slice(0, at)), KINDS);
      const swapped = kindOf(new Sensitive(text.slice(0, at) + two + one + text.slice(at + 2)), KINDS);
      return cut === undefined && (one === two || swapped === undefined);
    }),
  );
});

describe('what the parser accepts the published expression matches, and the other way round up to the checksum', () => {
  const matched = (text: string) => whole.test(text);
  /** The same with the checksum that belongs to it, so that only the expression's own question is left. */
  const mended = (text: string) => text.slice(0, -6) + checkOf(text.slice(0, -6));

  test('every credential', () => {
    fc.assert(fc.property(credential, matched));
  });

  test('anything else that is near one', () => {
    const character = fc.constantFrom(...ALPHABET, '_', '-', '…', '\n', 'é');
    const nearOne = fc.tuple(
      fc.constantFrom(
        ...KINDS.map((kind) => PREFIXES[kind]),
        'tfy_',
        'tfy_key_',
        'tfy-pat-',
        'TFY_PAT_',
        'xtfy_pat_',
        '',
      ),
      fc.string({
        unit: fc.oneof({ weight: 200, arbitrary: fc.constantFrom(...ALPHABET) }, character),
        minLength: 48,
        maxLength: 50,
      }),
    );
    let accepted = 0;
    fc.assert(
      fc.property(nearOne, ([prefix, rest]) => {
        const text = mended(prefix + rest);
        const kind = kindOf(new Sensitive(text), KINDS);
        if (kind !== undefined) accepted += 1;
        return matched(text) === (kind !== undefined);
      }),
      { numRuns: 5_000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  test('the expression of one kind matches that kind and no other', () => {
    const matches = (shape: OpaqueKind) =>
      KINDS.filter((kind) => new RegExp(`^${shapeOf(shape)}$`).test(mint(kind, countingRandom()).reveal()));
    expect(KINDS.map(matches)).toEqual(KINDS.map((kind) => [kind]));
  });
});

const pat = mint('pat', countingRandom()).reveal();
const opaque = (kind: OpaqueKind, fault?: 'checksum' | 'preview' | 'length' | 'characters'): Form => ({
  form: 'opaque',
  kind,
  fault,
});
const jwt: Form = { form: 'jwt' };
const foreign: Form = { form: 'foreign', isJwt: false };
const foreignJwt: Form = { form: 'foreign', isJwt: true };

const ourHeader = { alg: 'RS256', typ: 'access+jwt', kid: 'ka0bc1de2fg3hi4jk5lm6no7' };
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const signature = Buffer.alloc(256, 7).toString('base64url');
const jwtWith = (header: object): string => `${part(header)}.${part({ sub: 'x' })}.${signature}`;
const ourJwt = jwtWith(ourHeader);

test.each<{ what: string; text: string; told: Form }>([
  ...KINDS.map((kind) => ({
    what: `a whole ${kind}`,
    text: mint(kind, countingRandom()).reveal(),
    told: opaque(kind),
  })),
  ...KINDS.map((kind) => ({
    what: `the preview of a ${kind}`,
    text: previewOf(mint(kind, countingRandom())),
    told: opaque(kind, 'preview'),
  })),
  {
    what: 'a token with one letter for another',
    text: `${pat.slice(0, -1)}${pat.endsWith('A') ? 'B' : 'A'}`,
    told: opaque('pat', 'checksum'),
  },
  { what: 'a token without its end', text: pat.slice(0, -1), told: opaque('pat', 'length') },
  { what: 'a token with a letter more', text: `${pat}A`, told: opaque('pat', 'length') },
  { what: 'a prefix alone', text: 'tfy_va_', told: opaque('va', 'length') },
  { what: 'a token with a line end', text: `${pat}\n`, told: opaque('pat', 'characters') },
  { what: 'a token twice', text: pat + pat, told: opaque('pat', 'characters') },
  { what: 'a placeholder', text: 'tfy_pat_<your token>', told: opaque('pat', 'characters') },
  { what: 'a JWT as ours are', text: ourJwt, told: jwt },
  { what: 'a JWT of an RSA key of 4096 bits', text: `${ourJwt.slice(0, -2)}${'A'.repeat(344)}`, told: jwt },
  { what: 'a JWT without a type', text: 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln', told: foreignJwt },
  { what: 'a JWT of another type', text: jwtWith({ ...ourHeader, typ: 'at+jwt' }), told: foreignJwt },
  { what: 'a JWT of another algorithm', text: jwtWith({ ...ourHeader, alg: 'ES256' }), told: foreignJwt },
  { what: 'an unsigned JWT', text: jwtWith({ ...ourHeader, alg: 'none' }), told: foreignJwt },
  { what: 'a JWT that names no key', text: jwtWith({ alg: 'RS256', typ: 'access+jwt' }), told: foreignJwt },
  { what: 'a JWT whose key is no text', text: jwtWith({ ...ourHeader, kid: 1 }), told: foreignJwt },
  {
    what: 'a JWT whose header is in another order',
    text: jwtWith({ typ: 'access+jwt', alg: 'RS256', kid: 'k' }),
    told: foreignJwt,
  },
  { what: 'a JWT with its header altered', text: ourJwt.replace('.', 'A.'), told: foreignJwt },
  { what: 'a JWT cut short', text: ourJwt.slice(0, -1), told: foreignJwt },
  { what: 'a JWT in another spelling', text: `${ourJwt.slice(0, -1)}x`, told: foreignJwt },
  { what: 'a JWT that is too long', text: ourJwt + 'A'.repeat(4_096), told: foreignJwt },
  { what: 'a JWT without its signature', text: 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0', told: foreign },
  { what: 'an encrypted JWT, of five parts', text: 'eyJh.eyJh.eyJh.eyJh.eyJh', told: foreign },
  { what: 'a host name', text: 'www.example.com', told: foreign },
  { what: 'another product’s token', text: `ghp_${'a'.repeat(36)}`, told: foreign },
  { what: 'a token behind a scheme', text: `Bearer ${pat}`, told: foreign },
  { what: 'nothing', text: '', told: foreign },
])('offline, $what is told for what it is', ({ text, told }) => {
  expect(formOf(new Sensitive(text))).toEqual(told);
});

test('offline each JWT that was ever issued is told for one', () => {
  expect(jwtVectors.issued.length).toBeGreaterThan(0);
  for (const { token } of jwtVectors.issued) expect(formOf(new Sensitive(token))).toEqual(jwt);
});

test('offline one is called whole exactly when the server would look it up', () => {
  const texts = [...vectors.issued, ...vectors.malformed].map(({ token }) => new Sensitive(token));
  const called = (text: Sensitive) => {
    const form = formOf(text);
    return form.form === 'opaque' && form.fault === undefined ? form.kind : undefined;
  };
  expect(texts.map(called)).toEqual(texts.map((text) => kindOf(text, KINDS)));
});
