import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Histogram } from './histogram.ts';

const BOUNDS = [1, 2.5, 10];

test('a value counts below the first bound that it does not exceed, and above all of them in a place of its own', () => {
  const histogram = new Histogram(BOUNDS);
  for (const value of [0, 1, 1.1, 2.5, 10, 10.1, 1000]) histogram.add(value);
  expect(histogram.counts).toEqual([2, 2, 1, 2]);
});

test('nothing that was added is lost, or counted twice', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (values) => {
      const histogram = new Histogram(BOUNDS);
      for (const value of values) histogram.add(value);
      const { counts, count, sum } = histogram;
      expect(counts.reduce((total, one) => total + one, 0)).toBe(count);
      expect({ count, sum }).toEqual({ count: values.length, sum: values.reduce((total, one) => total + one, 0) });
      for (const [at, bound] of BOUNDS.entries()) {
        const below = counts.slice(0, at + 1).reduce((total, one) => total + one, 0);
        expect(below).toBe(values.filter((value) => value <= bound).length);
      }
    }),
  );
});
