import { expect, test } from 'vitest';
import { Traffic } from './traffic.ts';

test('an answer lies in the bucket of the time between the headers of its request and itself', () => {
  let elapsedMs = 1_000;
  const answers = new Traffic(() => elapsedMs).of('ownWhoami', 'GET');
  for (const tookMs of [0, 1, 1.5, 40, 9_999, 60_000]) {
    const arrivedAtMs = elapsedMs;
    elapsedMs += tookMs;
    answers.given({ arrivedAtMs });
  }
  const { bounds, counts, count, sum } = answers.seconds;
  const within = Object.fromEntries(counts.map((n, at) => [bounds[at] ?? 'more', n]).filter(([, n]) => n !== 0));
  expect(within).toEqual({ 0.001: 2, 0.0025: 1, 0.05: 1, 10: 1, more: 1 });
  expect(count).toBe(6);
  expect(sum).toBeCloseTo(70.0415);
});

test('methods that nobody knows are one, however many there are', () => {
  const traffic = new Traffic(() => 0);
  for (let at = 0; at < 1_000; at += 1) traffic.nowhere(`X-${at}`, 404);
  traffic.nowhere('GET', 404);
  traffic.nowhere('get', 400);
  expect(traffic.all.map(({ served, method, byStatus }) => [served, method, Object.fromEntries(byStatus)])).toEqual([
    ['none', 'other', { 404: 1_000, 400: 1 }],
    ['none', 'GET', { 404: 1 }],
  ]);
  expect(traffic.routes).toEqual([]);
});
