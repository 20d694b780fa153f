import { describe, expect, test } from 'vitest';
import type { TenantId } from '#domain/tenant.ts';
import type { KeyId } from '#ports/digest.ts';
import type { KeyPlace } from '#ports/key-wrapper.ts';
import { countingRandom } from '#support/fixed.ts';
import vectors from '../../../test/vectors/envelope.json' with { type: 'json' };
import { fileWrapper } from './wrapper.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const wrapper = fileWrapper(Buffer.from(vectors.rootKey, 'hex'), countingRandom());
const place: KeyPlace = {
  id: 'k'.repeat(24) as KeyId,
  purpose: 'tenant-kek',
  tenant: 'acme' as TenantId,
  createdAt: 1,
};
const key = Buffer.alloc(32, 5);

describe('a key that was wrapped once unwraps for ever', () => {
  test('under a root key that is known again by its fingerprint', () => {
    expect(wrapper.fingerprint).toBe(vectors.fingerprint);
  });

  test.each(vectors.wrapped)('$place.purpose', async ({ place, key, wrapped }) => {
    const at = { ...place, tenant: place.tenant ?? undefined } as KeyPlace;
    expect(hex(await wrapper.unwrap(Buffer.from(wrapped, 'hex'), at))).toBe(key);
  });
});

test('the root key opens nothing by its fingerprint, and shows in nothing it makes', async () => {
  const wrapped = await wrapper.wrap(key, place);
  expect(`${wrapper.fingerprint} ${hex(wrapped)}`).not.toContain(vectors.rootKey.slice(0, 16));
  expect(hex(wrapped)).not.toContain(hex(key));
});

test.each<[string, KeyPlace]>([
  ['another id', { ...place, id: 'l'.repeat(24) as KeyId }],
  ['another purpose', { ...place, purpose: 'row-mac' }],
  ['another tenant', { ...place, tenant: 'evil' as TenantId }],
  ['the instance', { ...place, tenant: undefined }],
  ['another time of its making', { ...place, createdAt: 2 }],
])('moved to %s it does not unwrap', async (_, elsewhere) => {
  const wrapped = await wrapper.wrap(key, place);
  expect(hex(await wrapper.unwrap(wrapped, place))).toBe(hex(key));
  await expect(wrapper.unwrap(wrapped, elsewhere)).rejects.toThrow();
});

test('no changed byte and no missing end passes', async () => {
  const wrapped = await wrapper.wrap(key, place);
  for (let at = 0; at < wrapped.length; at++) {
    const changed = Uint8Array.from(wrapped, (byte, i) => (i === at ? byte ^ 1 : byte));
    await expect(wrapper.unwrap(changed, place), `byte ${at}`).rejects.toThrow();
    await expect(wrapper.unwrap(wrapped.subarray(0, at), place), `the first ${at}`).rejects.toThrow();
  }
});

test('another root key has another fingerprint, and unwraps nothing of this one’s', async () => {
  const other = fileWrapper(Buffer.alloc(32, 9), countingRandom());
  expect(other.fingerprint).not.toBe(wrapper.fingerprint);
  await expect(other.unwrap(await wrapper.wrap(key, place), place)).rejects.toThrow();
});

test.each([0, 31, 33, 64])('a root key of %i bytes is refused with what to do', (length) => {
  const refusal = {
    code: 'conflict',
    message: `A root key has 32 bytes, this one ${length}. Put the right one back from its backup.`,
  };
  expect(() => fileWrapper(Buffer.alloc(length), countingRandom())).toThrow(expect.objectContaining(refusal));
});
