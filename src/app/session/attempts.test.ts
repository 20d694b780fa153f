import { expect, test } from 'vitest';
import { Attempts } from './attempts.ts';

const WINDOW_MS = 15 * 60_000;
const HERE = '192.0.2.1';

/** How many of so many attempts are let through; each fails. */
function letThrough(
  attempts: Attempts,
  times: number,
  on: (at: number) => readonly [address: string, account: string],
) {
  let count = 0;
  for (let at = 0; at < times; at++) if (begun(attempts, ...on(at)) !== undefined) count += 1;
  return count;
}

function begun(attempts: Attempts, address: string, account: string, now = 0) {
  try {
    return attempts.begin(address, account, now);
  } catch (error) {
    expect(error).toMatchObject({ code: 'rate_limited', retryAfterSeconds: expect.any(Number) });
    return undefined;
  }
}

test.each([
  { what: 'ten of one address on one account', on: (): [string, string] => [HERE, 'ada'], expected: 10 },
  { what: 'a hundred of one address on many', on: (at: number): [string, string] => [HERE, `a${at}`], expected: 100 },
  { what: 'ten of each address on one', on: (at: number): [string, string] => [`a${at % 7}`, 'ada'], expected: 70 },
])('let through are $what in a quarter of an hour', ({ on, expected }) => {
  expect(letThrough(new Attempts(), 1_000, on)).toBe(expected);
});

/** The hole this closes: what was counted for the one account was driven out by counting many others. */
test('two hundred thousand attempts on many accounts give no eleventh guess on one, and a hundred in all', () => {
  const attempts = new Attempts();
  const guesses = letThrough(attempts, 20, () => [HERE, 'victim']);
  const others = letThrough(attempts, 200_000, (at) => [HERE, `account-${at}`]);
  const more = letThrough(attempts, 1_000, () => [HERE, 'victim']);
  expect([guesses, others, more]).toEqual([10, 90, 0]);
});

test('however they are mixed', () => {
  const attempts = new Attempts();
  let [onVictim, all] = [0, 0];
  for (let at = 0; at < 200_000; at++) {
    const account = at % 3 === 0 ? 'victim' : `account-${at}`;
    if (begun(attempts, HERE, account) === undefined) continue;
    all += 1;
    if (account === 'victim') onVictim += 1;
  }
  expect([onVictim, all]).toEqual([10, 100]);
});

test('all addresses of this machine are one', () => {
  const own = ['127.0.0.1', '127.0.0.2', '::1', '::ffff:127.0.0.3'];
  expect(letThrough(new Attempts(), 1_000, (at) => [own[at % own.length] ?? '', 'ada'])).toBe(10);
});

test('a success takes its own attempt back, and no refused one was counted', () => {
  const attempts = new Attempts();
  const [first] = Array.from({ length: 10 }, () => begun(attempts, HERE, 'ada'));
  expect(letThrough(attempts, 50, () => [HERE, 'ada'])).toBe(0);
  first?.takeBack();
  expect(letThrough(attempts, 50, () => [HERE, 'ada'])).toBe(1);
});

test('whoever succeeds every time is never told to wait', () => {
  const attempts = new Attempts();
  for (let at = 0; at < 1_000; at++) attempts.begin(HERE, 'ada', 0).takeBack();
  expect(letThrough(attempts, 50, () => [HERE, 'ada'])).toBe(10);
});

test('a success that comes when the window has ended gives the next one nothing', () => {
  const attempts = new Attempts();
  const late = attempts.begin(HERE, 'ada', 0);
  for (let at = 0; at < 10; at++) attempts.begin(HERE, 'ada', WINDOW_MS);
  late.takeBack();
  expect(begun(attempts, HERE, 'ada', WINDOW_MS)).toBeUndefined();
});

test('the wait is said in whole seconds, and is as long as it says', () => {
  const attempts = new Attempts();
  for (let at = 0; at < 10; at++) attempts.begin(HERE, 'ada', 0);
  expect(() => attempts.begin(HERE, 'ada', 1)).toThrow(expect.objectContaining({ retryAfterSeconds: 900 }));
  expect(() => attempts.begin(HERE, 'ada', WINDOW_MS - 1)).toThrow(expect.objectContaining({ retryAfterSeconds: 1 }));
  attempts.begin(HERE, 'ada', WINDOW_MS);
});

test('a clock that was turned back makes nobody wait longer', () => {
  const attempts = new Attempts();
  for (let at = 0; at < 10; at++) attempts.begin(HERE, 'ada', WINDOW_MS);
  expect(begun(attempts, HERE, 'ada', WINDOW_MS - 1)).toBeDefined();
});
