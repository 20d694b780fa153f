import { expect, test } from 'vitest';
import { Windows } from './windows.ts';

const LENGTH_MS = 100;
const counted = (keptMax = 10) => new Windows(LENGTH_MS, keptMax, () => ({ n: 0 }));

test('a key has one window, for as long as it is open', () => {
  const windows = counted();
  const first = windows.of('192.0.2.1', 0);
  first.count.n += 1;
  expect(first).toEqual({ endsAt: LENGTH_MS, count: { n: 1 } });
  expect(windows.of('192.0.2.1', LENGTH_MS - 1)).toBe(first);
  expect(windows.of('192.0.2.1', LENGTH_MS)).toEqual({ endsAt: 2 * LENGTH_MS, count: { n: 0 } });
});

test('a clock that was turned back opens a new window: none lasts longer than it should', () => {
  const windows = counted();
  const first = windows.of('192.0.2.1', 1_000);
  expect(windows.of('192.0.2.1', 999)).toEqual({ endsAt: 999 + LENGTH_MS, count: { n: 0 } });
  expect(windows.of('192.0.2.1', 1_000)).not.toBe(first);
});

test('at most so many are kept: beyond, those that ended go first, and those that are open stay', () => {
  const windows = counted(3);
  windows.of('ended', 0);
  const [b, c] = [windows.of('b', 50), windows.of('c', 50)];
  const d = windows.of('d', LENGTH_MS);
  expect(['b', 'c', 'd'].map((address) => windows.of(address, LENGTH_MS))).toEqual([b, c, d]);
  for (const [address, window] of Object.entries({ b, c, d })) expect(windows.of(address, LENGTH_MS)).toBe(window);
});

test('one that a clock turned back made too long goes before any that is open', () => {
  const windows = counted(2);
  const [open, fromLater] = [windows.of('open', 0), windows.of('from later', 1_000)];
  windows.of('new', 50);
  expect(windows.of('open', 50)).toBe(open);
  expect(windows.of('from later', 1_000)).not.toBe(fromLater);
});

test('one that is opened again is no longer the first that was opened', () => {
  const windows = counted(3);
  windows.of('a', 0);
  const b = windows.of('b', 50);
  const a = windows.of('a', LENGTH_MS);
  for (const address of ['c', 'd']) windows.of(address, LENGTH_MS);
  expect(windows.of('a', LENGTH_MS)).toBe(a);
  expect(windows.of('b', LENGTH_MS)).not.toBe(b);
});

test('where all are open the one opened first goes, and no other', () => {
  const windows = counted(3);
  const [a, b, c] = ['a', 'b', 'c'].map((address) => windows.of(address, 0));
  windows.of('a', 1); // asked for again is not opened again
  const d = windows.of('d', 1);
  for (const [address, window] of Object.entries({ b, c, d })) expect(windows.of(address, 1)).toBe(window);
  expect(windows.of('a', 1)).not.toBe(a);
});

test('nobody drives out a window by asking for one that they have', () => {
  const windows = counted(2);
  const [a, b] = [windows.of('a', 0), windows.of('b', 0)];
  for (let now = 0; now < LENGTH_MS; now++) expect(windows.of('b', now)).toBe(b);
  expect(windows.of('a', LENGTH_MS - 1)).toBe(a);
});

test('opening costs the same with all windows open as with none: no more is looked at than is dropped', () => {
  const KEPT = 20_000;
  const opened = (keptMax: number) => {
    const windows = counted(keptMax);
    for (let n = 0; n < KEPT; n++) windows.of(`a${n}`, 0);
    const begun = performance.now();
    for (let n = 0; n < KEPT; n++) windows.of(`b${n}`, 1);
    return performance.now() - begun;
  };
  opened(KEPT);
  expect(opened(KEPT)).toBeLessThan(50 * opened(1)); // searching them all is some thousand times as much
});
