import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { base62, base62OfUint32 } from './base62.ts';

const of32Bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });

test.each([
  [Buffer.alloc(32), '0'.repeat(43)],
  [Buffer.alloc(32, 0xff), 'yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1'],
  [Buffer.of(...Array(31).fill(0), 61), `${'0'.repeat(42)}z`],
  [Buffer.of(...Array(31).fill(0), 62), `${'0'.repeat(41)}10`],
])('%o is %s', (bytes, text) => {
  expect(base62(bytes, 43)).toBe(text);
});

test('32 bytes have 43 characters, always', () => {
  fc.assert(fc.property(of32Bytes, (bytes) => /^[0-9A-Za-z]{43}$/.test(base62(bytes, 43))));
});

test('different bytes have different forms, in the same order', () => {
  fc.assert(
    fc.property(of32Bytes, of32Bytes, (one, two) => {
      const [first, second] = [base62(one, 43), base62(two, 43)];
      return Math.sign(Buffer.compare(one, two)) === (first === second ? 0 : first < second ? -1 : 1);
    }),
  );
});

test('32 bits have the form that their bytes have, in 6 characters', () => {
  const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  fc.assert(
    fc.property(uint32, (value) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value);
      const text = base62OfUint32(value, 6);
      return text === base62(bytes, 6) && text.length === 6;
    }),
    { examples: [[0], [61], [62], [2 ** 32 - 1]] },
  );
});
