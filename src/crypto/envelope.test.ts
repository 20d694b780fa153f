import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Sensitive } from '#domain/sensitive.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { PatId, TokenId } from '#domain/token.ts';
import { fileWrapper } from '#key-wrapper/file/wrapper.ts';
import type { KeyId } from '#ports/digest.ts';
import { countingRandom } from '#support/fixed.ts';
import vectors from '../../test/vectors/envelope.json' with { type: 'json' };
import { decrypt, encrypt } from './aead.ts';
import { openDelivery, sealDelivery } from './delivery.ts';
import { open, seal } from './envelope.ts';
import { Keyring } from './keyring.ts';
import { type Key, keyFrom } from './keys.ts';
import { associatedData, type Binding, PURPOSES, type Purpose } from './purposes.ts';

const KEK_ID = 'k'.repeat(24) as KeyId;
const kek = keyFrom(KEK_ID, Buffer.alloc(32, 7));
const byId = (id: KeyId): Key | undefined => (id === KEK_ID ? kek : undefined);
const here: Binding<'token-delivery'> = { purpose: 'token-delivery', tenant: 'acme', ids: { pat: 'a', token: 't' } };
const sealed = seal(kek, Buffer.from('hunter2'), here, countingRandom());
const flipped = (bytes: Uint8Array, at: number, bits = 1) =>
  Uint8Array.from(bytes, (byte, i) => (i === at ? byte ^ bits : byte));

describe('what was sealed once opens for ever', () => {
  test.each(vectors.sealed)('"$plaintext"', async ({ binding, plaintext, sealed }) => {
    const wrapper = fileWrapper(Buffer.from(vectors.rootKey, 'hex'), countingRandom());
    const [{ place, wrapped } = expect.unreachable()] = vectors.wrapped.filter(({ place }) => place.id === vectors.kek);
    const kekPlace = { ...place, tenant: place.tenant ?? undefined } as never;
    const key = keyFrom(vectors.kek as KeyId, await wrapper.unwrap(Buffer.from(wrapped, 'hex'), kekPlace));
    const opened = open(
      (id) => (id === key.id ? key : undefined),
      Buffer.from(sealed, 'hex'),
      binding as unknown as Binding,
    );
    expect(Buffer.from(opened).toString()).toBe(plaintext);
  });
});

test('any bytes come back from their own place', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5_000 }), (bytes) => {
      const opened = open(byId, seal(kek, bytes, here, countingRandom()), here);
      return Buffer.compare(opened, bytes) === 0;
    }),
  );
});

test('any changed bit closes it for ever', () => {
  for (let at = 0; at < sealed.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      expect(() => open(byId, flipped(sealed, at, 1 << bit), here), `bit ${bit} of byte ${at}`).toThrow();
    }
  }
});

test('any missing end, and any byte more, closes it', () => {
  for (let length = 0; length < sealed.length; length++) {
    expect(() => open(byId, sealed.subarray(0, length), here), `the first ${length}`).toThrow();
  }
  expect(() => open(byId, Buffer.concat([sealed, Buffer.of(0)]), here)).toThrow();
});

test.each<[string, object]>([
  ['another tenant', { ...here, tenant: 'evil' }],
  ['no tenant', { ...here, tenant: undefined }],
  ['another token', { ...here, ids: { pat: 'a', token: 'u' } }],
  ['another personal access token', { ...here, ids: { pat: 'b', token: 't' } }],
  ['ids that changed places', { ...here, ids: { pat: 't', token: 'a' } }],
  ['another purpose', { purpose: 'tenant-kek', tenant: 'acme', ids: { key: 'a' } }],
])('moved to %s it does not open', (_, elsewhere) => {
  expect(() => open(byId, sealed, elsewhere as typeof here)).toThrow();
});

test('under another key, or one that is not known, it does not open', () => {
  const other = keyFrom(KEK_ID, Buffer.alloc(32, 8));
  expect(() => open(() => other, sealed, here)).toThrow();
  expect(() => open(() => undefined, sealed, here)).toThrow(
    expect.objectContaining({ code: 'internal', detail: expect.stringContaining('sealed for') }),
  );
});

test('the two layers never open as each other, and a part of another envelope fits nowhere', () => {
  const random = countingRandom();
  const asWrapped = encrypt(kek.key, Buffer.from('x'), associatedData('wrapped', 1, here), random);
  expect(() => decrypt(kek.key, asWrapped, associatedData('sealed', 1, here))).toThrow();
  const second = seal(kek, Buffer.from('hunter2'), here, random);
  const spliced = Buffer.concat([sealed.subarray(0, 85), second.subarray(85)]);
  expect(() => open(byId, spliced, here)).toThrow();
});

test('no key, nonce or text is used twice, and nothing of the plaintext shows', () => {
  const random = countingRandom();
  const parts = Array.from({ length: 50 }, () => Buffer.from(seal(kek, Buffer.from('hunter2'), here, random)));
  for (const [from, to] of [
    [25, 37],
    [37, 85],
    [85, 97],
    [97, undefined],
  ] as const) {
    expect(new Set(parts.map((one) => one.subarray(from, to).toString('hex'))).size).toBe(50);
  }
  expect(parts.some((one) => one.includes('hunter2'))).toBe(false);
});

test('no two places have the same associated data, however their ids are written', () => {
  const text = fc.oneof(fc.constantFrom('', '"', ',', '","', 'null', '\\'), fc.string({ maxLength: 4 }));
  const binding = fc
    .record({
      purpose: fc.constantFrom(...(Object.keys(PURPOSES) as Purpose[])),
      tenant: fc.option(text),
      a: text,
      b: text,
    })
    .map(({ purpose, tenant, a, b }) => {
      const ids = Object.fromEntries(PURPOSES[purpose].map((id, at) => [id, [a, b][at]]));
      return { purpose, tenant: tenant ?? undefined, ids } as unknown as Binding;
    });
  const layer = fc.constantFrom('wrapped', 'sealed');
  fc.assert(
    fc.property(layer, binding, layer, binding, (layer1, one, layer2, two) => {
      const same = JSON.stringify([layer1, one]) === JSON.stringify([layer2, two]) && one.tenant === two.tenant;
      const data = [associatedData(layer1, 1, one), associatedData(layer2, 1, two)] as const;
      return (Buffer.compare(...data) === 0) === same;
    }),
    { numRuns: 1_000 },
  );
});

describe('AES-256-GCM, alone', () => {
  const aad = Buffer.from('aad');
  const message = encrypt(kek.key, Buffer.from('hunter2'), aad, countingRandom());

  test('opens with its key and associated data only', () => {
    expect(Buffer.from(decrypt(kek.key, message, aad)).toString()).toBe('hunter2');
    expect(() => decrypt(kek.key, message, Buffer.from('aae'))).toThrow();
    expect(() => decrypt(keyFrom(KEK_ID, Buffer.alloc(32, 8)).key, message, aad)).toThrow();
  });

  test('no changed byte and no missing end passes', () => {
    for (let at = 0; at < message.length; at++) {
      expect(() => decrypt(kek.key, flipped(message, at), aad), `byte ${at}`).toThrow();
      expect(() => decrypt(kek.key, message.subarray(0, at), aad), `the first ${at}`).toThrow();
    }
  });
});

describe('a delivery', () => {
  const to = { tenant: 'acme' as TenantId, pat: 'a' as PatId, token: 't' as TokenId };
  const keyring = new Keyring();
  keyring.hold({ id: KEK_ID, purpose: 'tenant-kek', tenant: to.tenant, createdAt: 1 }, Buffer.alloc(32, 7));
  const evil = { id: 'o'.repeat(24) as KeyId, tenant: 'evil' as TenantId };
  keyring.hold({ ...evil, purpose: 'tenant-kek', createdAt: 1 }, Buffer.alloc(32, 8));
  const sealedToken = sealDelivery(keyring, new Sensitive('tfy_pat_x'), to, countingRandom());

  test('opens for whom it was sealed', () => {
    expect(openDelivery(keyring, sealedToken, to).reveal()).toBe('tfy_pat_x');
  });

  test.each([{ tenant: 'evil' as TenantId }, { pat: 'b' as PatId }, { token: 'u' as TokenId }])(
    'does not open for %o',
    (other) => {
      expect(() => openDelivery(keyring, sealedToken, { ...to, ...other })).toThrow();
    },
  );
});
