import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { earliest, endOf, expiryFor, isSame, TOKEN_SETTINGS, type TokenSettings } from './token-settings.ts';

const DAY_MS = 86_400_000;
const NOW = 1_000 * DAY_MS;
const inDays = (days: number, ms = 0) => NOW + days * DAY_MS + ms;
const under = (settings: Partial<TokenSettings>): TokenSettings => ({ ...TOKEN_SETTINGS, ...settings });

describe('the date of a new token', () => {
  test.each([
    { max: undefined, life: undefined, wanted: undefined, expected: undefined },
    { max: undefined, life: undefined, wanted: inDays(0, 1), expected: inDays(0, 1) },
    { max: undefined, life: undefined, wanted: inDays(36_500), expected: inDays(36_500) },
    { max: undefined, life: 7, wanted: undefined, expected: inDays(7) },
    { max: undefined, life: 7, wanted: inDays(90), expected: inDays(90) }, // a default is no limit
    { max: 30, life: undefined, wanted: undefined, expected: inDays(30) },
    { max: 30, life: 7, wanted: undefined, expected: inDays(7) },
    { max: 7, life: 30, wanted: undefined, expected: inDays(7) },
    { max: 30, life: 7, wanted: inDays(30), expected: inDays(30) },
    { max: 1, life: undefined, wanted: inDays(0, 1), expected: inDays(0, 1) },
  ])('at most $max days, $life unless said, asked until $wanted: $expected', ({ max, life, wanted, expected }) => {
    expect(expiryFor(under({ ageDaysMax: max, lifeDaysDefault: life }), wanted, NOW)).toBe(expected);
  });

  test.each([
    { max: undefined, wanted: inDays(0), problem: 'must be in the future' },
    { max: undefined, wanted: inDays(0, -1), problem: 'must be in the future' },
    { max: undefined, wanted: 0, problem: 'must be in the future' },
    { max: 30, wanted: inDays(30, 1), problem: 'must be at most 30 days from now' },
    { max: 1, wanted: inDays(36_500), problem: 'must be at most 1 days from now' },
  ])('at most $max days, asked until $wanted: refused, $problem', ({ max, wanted, problem }) => {
    expect(() => expiryFor(under({ ageDaysMax: max }), wanted, NOW)).toThrow(
      expect.objectContaining({ code: 'invalid_request', problems: [{ field: 'expiresAt', problem }] }),
    );
  });

  test('is never one that its age ends before, so that what a JWT says is no promise too much', () => {
    const days = fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined });
    const date = fc.option(fc.integer({ min: 1, max: 40 * DAY_MS }), { nil: undefined });
    fc.assert(
      fc.property(days, days, date, (ageDaysMax, lifeDaysDefault, lives) => {
        const settings = under({ ageDaysMax, lifeDaysDefault });
        let expiresAt: number | undefined;
        try {
          expiresAt = expiryFor(settings, lives === undefined ? undefined : NOW + lives, NOW);
        } catch {
          return true;
        }
        return endOf(settings, { createdAt: NOW, expiresAt, lastUsedAt: undefined }) === expiresAt;
      }),
    );
  });
});

describe('the end of a value', () => {
  const created = { createdAt: NOW, expiresAt: undefined, lastUsedAt: undefined };
  test.each([
    { age: undefined, idle: undefined, life: {}, expected: undefined },
    { age: undefined, idle: undefined, life: { expiresAt: 5 }, expected: 5 },
    { age: 2, idle: undefined, life: {}, expected: inDays(2) },
    { age: 2, idle: undefined, life: { expiresAt: inDays(1) }, expected: inDays(1) },
    { age: 2, idle: undefined, life: { expiresAt: inDays(3) }, expected: inDays(2) },
    { age: 2, idle: undefined, life: { lastUsedAt: inDays(2) }, expected: inDays(2) }, // no use makes it younger
    { age: undefined, idle: 1, life: {}, expected: inDays(1) }, // unused since it was made
    { age: undefined, idle: 1, life: { lastUsedAt: inDays(0, 5) }, expected: inDays(1, 5) },
    { age: undefined, idle: 1, life: { lastUsedAt: inDays(-5) }, expected: inDays(1) }, // the clock was turned back
    { age: 2, idle: 1, life: { lastUsedAt: inDays(1.5) }, expected: inDays(2) },
    { age: undefined, idle: 1, life: { lastUsedAt: inDays(9), expiresAt: inDays(3) }, expected: inDays(3) },
  ])('by age $age, idleness $idle, of $life: $expected', ({ age, idle, life, expected }) => {
    expect(endOf({ ageDaysMax: age, idleDaysMax: idle }, { ...created, ...life })).toBe(expected);
  });
});

test('of no ends the first is never; of any it is the least', () => {
  expect([earliest(), earliest(undefined), earliest(undefined, 3), earliest(3, undefined, 2)]).toEqual([
    ...[undefined, undefined, 3, 2],
  ]);
  expect(earliest(0, undefined)).toBe(0);
});

test('settings differ where one of their fields does, and nowhere else', () => {
  expect(isSame(TOKEN_SETTINGS, { ...TOKEN_SETTINGS })).toBe(true);
  const others: Required<TokenSettings> = {
    ...{ ageDaysMax: 1, countMax: 1, lifeDaysDefault: 1, idleDaysMax: 1 },
    ...{ formatDefault: 'jwt', sessionOnly: true },
  };
  for (const [field, value] of Object.entries(others)) {
    expect(isSame(TOKEN_SETTINGS, { ...TOKEN_SETTINGS, [field]: value }), field).toBe(false);
  }
});
