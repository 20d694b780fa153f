import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KeyId } from '#ports/digest.ts';
import type { MacField } from '#ports/row-mac.ts';
import vectors from '../../test/vectors/row-mac.json' with { type: 'json' };
import { Keyring } from './keyring.ts';
import { rowMacs } from './row-mac.ts';

function macsWith(...keys: readonly (readonly [id: string, bytes: Uint8Array])[]) {
  const keyring = new Keyring();
  for (const [id, bytes] of keys) {
    keyring.hold({ id: id as KeyId, purpose: 'row-mac', tenant: undefined, createdAt: 1 }, bytes);
  }
  return rowMacs(keyring);
}
const KEY = [vectors.keyId, Buffer.from(vectors.key, 'hex')] as const;
const macs = macsWith(KEY);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

type Written = MacField | { readonly bytes: string };
const read = (fields: readonly Written[]): readonly MacField[] =>
  fields.map((field) =>
    typeof field === 'object' && field !== null && 'bytes' in field ? Buffer.from(String(field.bytes), 'hex') : field,
  );

describe('a row that was written proves itself for ever', () => {
  test.each(vectors.rows)('$table', ({ table, fields, mac }) => {
    const row = read(fields as readonly Written[]);
    expect(hex(macs.of(table, row))).toBe(mac);
    expect(macs.proves(Buffer.from(mac, 'hex'), table, row)).toBe(true);
  });
});

const field: fc.Arbitrary<MacField> = fc.oneof(
  fc.constantFrom(null, '', 'null', '[]', 0, 1, '0', '1', '00', Buffer.of(0), Buffer.alloc(0), '["00"]'),
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.integer(),
  fc.uint8Array({ maxLength: 3 }),
);
const row = fc.record({ table: fc.constantFrom('token', 'tenant', ''), fields: fc.array(field, { maxLength: 4 }) });
const isSame = (one: readonly MacField[], two: readonly MacField[]) =>
  one.length === two.length &&
  one.every((value, at) => {
    const other = two[at];
    return value instanceof Uint8Array && other instanceof Uint8Array ? hex(value) === hex(other) : value === other;
  });

test('a MAC proves its own table and fields, and no others: not shifted, not of another type', () => {
  fc.assert(
    fc.property(row, row, (one, two) => {
      const same = one.table === two.table && isSame(one.fields, two.fields);
      return macs.proves(macs.of(one.table, one.fields), two.table, two.fields) === same;
    }),
    { numRuns: 2_000 },
  );
});

test('no changed byte, no missing end and no byte more proves anything', () => {
  const mac = macs.of('token', ['a', 1]);
  for (let at = 0; at < mac.length; at++) {
    const changed = Uint8Array.from(mac, (byte, i) => (i === at ? byte ^ 1 : byte));
    expect(macs.proves(changed, 'token', ['a', 1]), `byte ${at}`).toBe(false);
    expect(macs.proves(mac.subarray(0, at), 'token', ['a', 1]), `the first ${at}`).toBe(false);
  }
  expect(macs.proves(Buffer.concat([mac, Buffer.of(0)]), 'token', ['a', 1])).toBe(false);
});

test('a row that was written under an older key is believed as long as the key is held, and no longer', () => {
  const second = ['n'.repeat(24), Buffer.alloc(32, 2)] as const;
  const mac = macs.of('token', ['a']);
  const both = macsWith(KEY, second);
  expect(both.proves(mac, 'token', ['a'])).toBe(true);
  expect(hex(both.of('token', ['a']))).not.toBe(hex(mac));
  expect(macsWith(second).proves(mac, 'token', ['a'])).toBe(false);
});

test('what was proved before proves neither other fields nor another table, and is not needed for what was not', () => {
  const mac = macs.of('token', ['acme', 1]);
  for (let again = 0; again < 3; again++) {
    expect(macs.proves(mac, 'token', ['acme', 1])).toBe(true);
    expect(macs.proves(mac, 'token', ['acme', 2])).toBe(false);
    expect(macs.proves(mac, 'session', ['acme', 1])).toBe(false);
  }
  const other = macsWith(['k'.repeat(24), Buffer.alloc(32, 9)]);
  expect(other.proves(mac, 'token', ['acme', 1])).toBe(false);
});
