import { expect, test } from 'vitest';
import type { Origin } from '#domain/caller.ts';
import type { Known } from '#domain/verification.ts';
import { ORIGIN } from '#support/core.ts';
import { Uses } from './uses.ts';

const known = (id: string, kind = 'token') => ({ tenant: { id: 't' }, credential: { kind, id } }) as unknown as Known;
const HOUR_MS = 3_600_000;
const use = (at: number, own: Partial<Origin> = {}) => {
  const { surface, address } = { ...ORIGIN, ...own };
  return { tenant: 't', token: 'a', at, surface, address };
};

test.each([
  { second: { at: 60_999 }, noted: use(1_000), why: 'within a minute it is one use' },
  { second: { at: 61_000 }, noted: use(61_000), why: 'after a minute it is another' },
  { second: { at: 1_001, address: 'x' }, noted: use(1_001, { address: 'x' }), why: 'another address is another use' },
  { second: { at: 1_001, address: undefined }, noted: use(1_001, { address: undefined }), why: 'none is another, too' },
  {
    second: { at: 1_001, surface: 'browser' as const },
    noted: use(1_001, { surface: 'browser' }),
    why: 'another surface is another use',
  },
  { second: { at: 0 }, noted: use(1_000), why: 'a clock that was turned back makes nothing older' },
  { second: { at: 0, address: 'x' }, noted: use(1_000), why: 'nor from elsewhere' },
])('$why, before it is written and after', ({ second: { at, ...own }, noted }) => {
  const [unwritten, flushed] = [new Uses(), new Uses()];
  for (const uses of [unwritten, flushed]) uses.accepted(known('a'), ORIGIN, 1_000);
  expect(flushed.takeLive(9)).toEqual([use(1_000)]);
  for (const uses of [unwritten, flushed]) uses.accepted(known('a'), { ...ORIGIN, ...own }, at);
  expect(unwritten.takeLive(9)).toEqual([noted]);
  expect(flushed.takeLive(9)).toEqual(noted.at === 1_000 ? [] : [noted]);
});

test('a token used all the time from one place is a write a minute, however often it is flushed', () => {
  const uses = new Uses();
  const written: number[] = [];
  for (let at = 0; at < 180_000; at += 500) {
    uses.accepted(known('a'), ORIGIN, at);
    written.push(...uses.takeLive(9).map((one) => one.at));
  }
  expect(written).toEqual([0, 60_000, 120_000]);
});

test('sessions are not noted, alive or dead', () => {
  const uses = new Uses();
  uses.accepted(known('s', 'session'), ORIGIN, 1);
  uses.refused(known('s', 'session'), ORIGIN, 1);
  expect([uses.takeLive(9), uses.takeDead(9)]).toEqual([[], []]);
});

test('what is taken is taken once, at most so much, oldest first', () => {
  const uses = new Uses();
  for (const id of ['a', 'b', 'c']) uses.accepted(known(id), ORIGIN, 1);
  const taken = [uses.takeLive(2), uses.takeLive(2), uses.takeLive(2)];
  expect(taken.map((some) => some.map(({ token }) => token))).toEqual([['a', 'b'], ['c'], []]);
});

test('of a dead token one use an hour is reported, whatever came between', () => {
  const uses = new Uses();
  for (const at of [0, 1, HOUR_MS - 1, HOUR_MS, HOUR_MS + 1]) uses.refused(known('a'), ORIGIN, at);
  uses.refused(known('b'), ORIGIN, HOUR_MS);
  expect(uses.takeDead(9).map(({ known, at }) => [known.credential.id, at])).toEqual([
    ['a', 0],
    ['a', HOUR_MS],
    ['b', HOUR_MS],
  ]);
});

test('what is given back is taken again, and never over something newer', () => {
  const uses = new Uses();
  for (const id of ['a', 'b']) uses.accepted(known(id), ORIGIN, 1);
  for (const id of ['c', 'd']) uses.refused(known(id), ORIGIN, 1);
  const [live, dead] = [uses.takeLive(9), uses.takeDead(9)];
  uses.accepted(known('a'), { ...ORIGIN, address: 'x' }, 5_000);
  uses.refused(known('e'), ORIGIN, 5_000);
  uses.giveBack(live, dead);
  expect(Object.fromEntries(uses.takeLive(9).map(({ token, at }) => [token, at]))).toEqual({ a: 5_000, b: 1 });
  expect(uses.takeDead(9).map(({ known }) => known.credential.id)).toEqual(['c', 'd', 'e']);
});

test('what was given back is not taken for written: it is one use still, and taken', () => {
  const uses = new Uses();
  uses.accepted(known('a'), ORIGIN, 1_000);
  uses.giveBack(uses.takeLive(9), []);
  uses.accepted(known('a'), ORIGIN, 2_000);
  expect([uses.takeLive(9), uses.takeLive(9)]).toEqual([[use(1_000)], []]);
});

test('beyond a hundred thousand tokens between two flushes a use is not noted, and those known still are', () => {
  const uses = new Uses();
  for (let at = 0; at <= 100_000; at++) uses.accepted(known(`t${at}`), ORIGIN, 1);
  uses.accepted(known('t0'), ORIGIN, 70_000);
  const live = uses.takeLive(200_000);
  expect([live.length, live[0]?.token, live[0]?.at]).toEqual([100_000, 't0', 70_000]);
});

test('of those written a hundred thousand are remembered; beyond, one may be written again too early', () => {
  const uses = new Uses();
  const flushed = (from: number, to: number) => {
    for (let at = from; at < to; at++) uses.accepted(known(`t${at}`), ORIGIN, 1);
    return uses.takeLive(200_000).length;
  };
  expect([flushed(0, 100_000), flushed(0, 100_000)]).toEqual([100_000, 0]);
  expect([flushed(100_000, 100_001), flushed(0, 1)]).toEqual([1, 1]);
});
