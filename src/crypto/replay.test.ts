import { expect, test } from 'vitest';
import { Sensitive } from '#domain/sensitive.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { PatId } from '#domain/token.ts';
import { countingRandom } from '#support/fixed.ts';
import { open } from './envelope.ts';
import { type Key, keyFrom } from './keys.ts';
import { mint } from './opaque.ts';
import { askedDigest, openReplay, replayId, sealReplay } from './replay.ts';

const random = countingRandom();
const asker = { id: 't'.repeat(24), credential: mint('pat', random) };
const place = {
  tenant: 'acme' as TenantId,
  pat: 'a'.repeat(24) as PatId,
  replay: replayId(asker.id, 'key-1'),
  expiresAt: 7,
};
const value = mint('pat', random);
const sealed = sealReplay(asker, value, place, random);

test('opens for the credential that asked, from its own place', () => {
  expect(openReplay(asker, sealed, place).reveal()).toBe(value.reveal());
});

test.each<[string, Partial<typeof place>]>([
  ['tenant', { tenant: 'evil' as TenantId }],
  ['personal access token', { pat: 'b'.repeat(24) as PatId }],
  ['request', { replay: replayId(asker.id, 'key-2') }],
])('moved to another %s it does not open', (_, other) => {
  expect(() => openReplay(asker, sealed, { ...place, ...other })).toThrow();
});

test('another credential does not open it, whatever id it says it has', () => {
  const other = mint('pat', random);
  expect(() => openReplay({ id: asker.id, credential: other }, sealed, place)).toThrow();
  expect(() => openReplay({ id: 'u'.repeat(24), credential: other }, sealed, place)).toThrow();
  expect(() => openReplay({ id: 'u'.repeat(24), credential: asker.credential }, sealed, place)).toThrow();
});

test('any changed bit, missing end or byte more closes it for ever', () => {
  for (let at = 0; at < sealed.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const flipped = Uint8Array.from(sealed, (byte, i) => (i === at ? byte ^ (1 << bit) : byte));
      expect(() => openReplay(asker, flipped, place), `bit ${bit} of byte ${at}`).toThrow();
    }
    expect(() => openReplay(asker, sealed.subarray(0, at), place), `the first ${at}`).toThrow();
  }
  expect(() => openReplay(asker, Buffer.concat([sealed, Buffer.of(0)]), place)).toThrow();
});

test('no key that we hold opens it, nor the digest of the credential, which is all that is kept of it', () => {
  const binding = {
    purpose: 'token-replay',
    tenant: place.tenant,
    ids: { pat: place.pat, replay: place.replay, expiresAt: '7' },
  } as const;
  const tried = [
    Buffer.alloc(32, 1),
    Buffer.from(asker.id.padEnd(32, '0')),
    Buffer.from(asker.credential.reveal()).subarray(0, 32),
  ];
  for (const bytes of tried) {
    const key = keyFrom(asker.id as Key['id'], bytes);
    expect(() => open(() => key, sealed, binding)).toThrow();
  }
});

test('nothing of the value or the credential shows in it', () => {
  for (const text of [value.reveal(), asker.credential.reveal()])
    expect(Buffer.from(sealed).includes(text)).toBe(false);
});

test('two answers by one credential share no byte that tells of their values', () => {
  const again = sealReplay(asker, value, place, random);
  expect(Buffer.compare(sealed.subarray(25), again.subarray(25))).not.toBe(0);
});

test('an id is of one asker and key, however they are written; a digest of what is asked, of the whole of it', () => {
  const ids = [
    ['a', 'b'],
    ['ab', ''],
    ['', 'ab'],
    ['a","b', ''],
    ['a', '"b'],
    ['b', 'a'],
  ] as const;
  expect(new Set(ids.map(([who, key]) => replayId(who, key))).size).toBe(ids.length);
  const asked = [
    ['POST', '/a', '{}'],
    ['POST', '/a', '{ }'],
    ['POST', '/a{}', ''],
    ['PUT', '/a', '{}'],
    ['POST', '/a', null],
    [],
  ];
  expect(new Set(asked.map(askedDigest)).size).toBe(asked.length);
  expect(askedDigest(['a', 'b'])).not.toBe(replayId('a', 'b'));
  expect(askedDigest(['POST', '/a', '{}'])).toBe(askedDigest(['POST', '/a', '{}']));
});

test('a JWT asks as well as an opaque credential, and a session’s cookie does', () => {
  for (const credential of [new Sensitive(`eyJ${'a'.repeat(900)}.b.c`), mint('session', random)]) {
    const by = { ...asker, credential };
    expect(openReplay(by, sealReplay(by, value, place, random), place).reveal()).toBe(value.reveal());
  }
});
