import { expect, test } from 'vitest';
import type { TenantId } from '#domain/tenant.ts';
import { fileWrapper } from '#key-wrapper/file/wrapper.ts';
import type { KeyId } from '#ports/digest.ts';
import type { KeyPlace } from '#ports/key-wrapper.ts';
import { countingRandom } from '#support/fixed.ts';
import { Keyring, makeKey, openKeyring } from './keyring.ts';
import { derived } from './keys.ts';

const place = (id: string, own: Partial<KeyPlace> = {}): KeyPlace => ({
  ...{ id: id as KeyId, purpose: 'token-pepper', tenant: undefined, createdAt: 1 },
  ...own,
});
const acme = 'acme' as TenantId;

function held(...places: readonly KeyPlace[]): Keyring {
  const keyring = new Keyring();
  for (const [at, one] of places.entries()) keyring.hold(one, Buffer.alloc(32, at));
  return keyring;
}

test('the last held of a purpose is current, and all are there, newest first', () => {
  const keyring = held(place('one'), place('mac', { purpose: 'row-mac' }), place('two'));
  expect(keyring.current('token-pepper').id).toBe('two');
  expect(keyring.all('token-pepper').map(({ id }) => id)).toEqual(['two', 'one']);
});

test('a tenant’s key is nobody else’s current one', () => {
  const keyring = held(place('acme', { purpose: 'tenant-kek', tenant: acme }));
  expect(keyring.current('tenant-kek', acme).id).toBe('acme');
  expect(() => keyring.current('tenant-kek', 'evil')).toThrow('there is no tenant-kek key of tenant evil');
  expect(() => keyring.current('tenant-kek')).toThrow('there is no tenant-kek key');
});

test('a key is found by its id for its own purpose only', () => {
  const keyring = held(place('one'));
  expect(keyring.byId('token-pepper', 'one')?.id).toBe('one');
  expect(keyring.byId('row-mac', 'one')).toBeUndefined();
  expect(keyring.byId('token-pepper', 'two')).toBeUndefined();
});

test('a key that was made is the same key after the next start, from its wrapped form alone', async () => {
  const random = countingRandom();
  const wrapper = fileWrapper(Buffer.alloc(32, 1), random);
  const where = place('p'.repeat(24), { tenant: acme, purpose: 'tenant-kek', createdAt: 5 });
  const { wrapped, bytes } = await makeKey(wrapper, where, random);
  expect({ ...wrapped, wrapped: wrapped.wrapped.length }).toEqual({ ...where, wrapped: 77 });
  const keyring = await openKeyring(wrapper, [wrapped]);
  expect(keyring.current('tenant-kek', acme).key.export()).toEqual(Buffer.from(bytes));
  expect(Buffer.from(wrapped.wrapped).includes(Buffer.from(bytes))).toBe(false);
});

test('a shelf with one key that does not unwrap opens not at all', async () => {
  const random = countingRandom();
  const wrapper = fileWrapper(Buffer.alloc(32, 1), random);
  const made = [await makeKey(wrapper, place('a'), random), await makeKey(wrapper, place('b'), random)];
  const [first, second] = made.map(({ wrapped }) => wrapped);
  await expect(openKeyring(wrapper, [first as never, { ...second, id: 'c' } as never])).rejects.toThrow();
});

test('derived keys differ by purpose, and are not their root', () => {
  const root = Buffer.alloc(32, 1);
  const [one, two] = [derived(root, 'one', 32), derived(root, 'two', 32)];
  expect(Buffer.compare(one, two)).not.toBe(0);
  expect(Buffer.compare(one, root)).not.toBe(0);
});
