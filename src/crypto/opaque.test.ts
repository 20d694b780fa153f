import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Sensitive } from '#domain/sensitive.ts';
import type { KeyId } from '#ports/digest.ts';
import { countingRandom } from '#support/fixed.ts';
import vectors from '../../test/vectors/token.json' with { type: 'json' };
import { Keyring } from './keyring.ts';
import { cacheKeyOf, digestOf, digestsOf, mint, previewOf } from './opaque.ts';
import { kindOf, type OpaqueKind, PREFIXES } from './opaque-form.ts';

const KINDS = Object.keys(PREFIXES) as readonly OpaqueKind[];
const ALPHABET = [...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'];

function keyringOf(...peppers: readonly string[]): Keyring {
  const keyring = new Keyring();
  for (const [at, pepper] of peppers.entries()) {
    keyring.hold(
      { id: `pepper-${at}` as KeyId, purpose: 'token-pepper', tenant: undefined, createdAt: at },
      Buffer.from(pepper, 'hex'),
    );
  }
  return keyring;
}
const keyring = keyringOf(vectors.pepper);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const fromBody = (kind: OpaqueKind, body: string) => mint(kind, { bytes: () => Buffer.from(body, 'hex') });

/** Any credential of any kind. */
const credential = fc
  .record({ kind: fc.constantFrom(...KINDS), body: fc.uint8Array({ minLength: 32, maxLength: 32 }) })
  .map(({ kind, body }) => mint(kind, { bytes: () => body }).reveal());

describe('a credential issued once verifies for ever', () => {
  test.each(vectors.issued)('$token', ({ kind, body, token, preview, digest }) => {
    const issued = new Sensitive(token);
    expect({
      token: fromBody(kind as OpaqueKind, body).reveal(),
      kind: kindOf(issued, KINDS),
      preview: previewOf(issued),
      digest: hex(digestOf(keyring, issued).digest),
    }).toEqual({ token, kind, preview, digest });
  });

  test('there are vectors of every kind', () => {
    expect(new Set(vectors.issued.map(({ kind }) => kind))).toEqual(new Set(KINDS));
  });
});

test('a digest depends on every character, kind and checksum included, and on the pepper', () => {
  fc.assert(
    fc.property(credential, fc.nat(), fc.constantFrom(...ALPHABET), (text, position, other) => {
      const at = position % text.length;
      fc.pre(text[at] !== other);
      const changed = new Sensitive(text.slice(0, at) + other + text.slice(at + 1));
      return hex(digestOf(keyring, changed).digest) !== hex(digestOf(keyring, new Sensitive(text)).digest);
    }),
  );
  const same = mint('pat', countingRandom());
  expect(digestOf(keyringOf('01'), same)).not.toEqual(digestOf(keyringOf('02'), same));
});

test('a new credential is remembered under the newest pepper; one that is presented may be under any', () => {
  const [old, both] = [keyringOf('01'), keyringOf('01', '02')];
  const token = mint('pat', countingRandom());
  const underNewest = digestOf(both, token);
  expect(underNewest.pepper).toBe('pepper-1');
  expect(digestsOf(both, token)).toEqual([underNewest.digest, digestOf(old, token).digest]);
});

test('a cache’s key does not hold the credential, and means nothing under another salt', () => {
  const token = mint('pat', countingRandom());
  const key = cacheKeyOf('salt', token);
  expect(Buffer.from(key, 'base64')).toHaveLength(32);
  expect(key).not.toContain(token.reveal());
  expect(cacheKeyOf('other', token)).not.toBe(key);
  expect(cacheKeyOf('salt', mint('va', countingRandom()))).not.toBe(key);
});

test('a preview shows the kind, four characters and four, and nothing else of it', () => {
  fc.assert(
    fc.property(credential, (text) => {
      const bodyAt = text.lastIndexOf('_') + 1;
      return previewOf(new Sensitive(text)) === `${text.slice(0, bodyAt + 4)}…${text.slice(-4)}`;
    }),
  );
});
