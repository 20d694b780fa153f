import { expect, test } from 'vitest';
import type { PrincipalId } from '#domain/principal.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { PatId, TokenId } from '#domain/token.ts';
import type { KeyId } from '#ports/digest.ts';
import { countingRandom } from '#support/fixed.ts';
import vectors from '../../test/vectors/envelope.json' with { type: 'json' };
import { openAccountValue, sealAccountValue } from './account-value.ts';
import { openDelivery, sealDelivery } from './delivery.ts';
import { Keyring } from './keyring.ts';
import { mint } from './opaque.ts';

const random = countingRandom();
const [acme, evil] = ['acme' as TenantId, 'evil' as TenantId];
const keyring = new Keyring();
for (const [at, tenant] of [acme, evil].entries()) {
  const id = String.fromCharCode(97 + at).repeat(24) as KeyId;
  keyring.hold({ id, purpose: 'tenant-kek', tenant, createdAt: 1 }, Buffer.alloc(32, at + 1));
}
const place = { tenant: acme, account: 'a'.repeat(24) as PrincipalId, token: 't'.repeat(24) as TokenId };
const value = mint('va', random);
const sealed = sealAccountValue(keyring, value, place, random);
const CLOSED = expect.objectContaining({
  code: 'internal',
  detail: expect.stringContaining('account-value does not open'),
});

test('opens for its own account and value', () => {
  expect(openAccountValue(keyring, sealed, place).reveal()).toBe(value.reveal());
});

test.each<[string, Partial<typeof place>]>([
  ['tenant', { tenant: evil }],
  ['account', { account: 'b'.repeat(24) as PrincipalId }],
  ['value of the account', { token: 'u'.repeat(24) as TokenId }],
  [
    'account and value that changed places',
    { account: 't'.repeat(24) as PrincipalId, token: 'a'.repeat(24) as TokenId },
  ],
])('sealed for one, it opens for no other %s', (_, other) => {
  expect(() => openAccountValue(keyring, sealed, { ...place, ...other })).toThrow(CLOSED);
});

test('nothing that is sealed for a delivery opens as an account’s, under the same ids and key, nor the other way round', () => {
  const to = { tenant: acme, pat: 'a'.repeat(24) as PatId, token: place.token };
  expect(() => openAccountValue(keyring, sealDelivery(keyring, value, to, random), place)).toThrow(CLOSED);
  expect(() => openDelivery(keyring, sealed, to)).toThrow();
});

test('any changed bit, missing end or byte more closes it for ever', () => {
  for (let at = 0; at < sealed.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const flipped = Uint8Array.from(sealed, (byte, i) => (i === at ? byte ^ (1 << bit) : byte));
      expect(() => openAccountValue(keyring, flipped, place), `bit ${bit} of byte ${at}`).toThrow();
    }
    expect(() => openAccountValue(keyring, sealed.subarray(0, at), place), `the first ${at}`).toThrow();
  }
  expect(() => openAccountValue(keyring, Buffer.concat([sealed, Buffer.of(0)]), place)).toThrow();
});

test('nothing of the value shows, and no two seals of it are alike', () => {
  const again = sealAccountValue(keyring, value, place, random);
  expect(Buffer.from(again).equals(sealed)).toBe(false);
  for (const one of [sealed, again]) expect(Buffer.from(one).includes(value.reveal().slice(8, 16))).toBe(false);
});

test('what was sealed for accounts once is among the vectors, which open for ever', () => {
  expect(vectors.sealed.map(({ binding }) => binding.purpose)).toContain('account-value');
});
