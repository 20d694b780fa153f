import { expect, test } from 'vitest';
import { Strangers } from './strangers.ts';

const MAX = 200;
const WINDOW_MS = 10_000;
const unknown = async () => undefined;
const known = async () => 'known';

async function flooded(address: string | undefined, times = MAX): Promise<Strangers> {
  const strangers = new Strangers();
  for (let at = 0; at < times; at++) await strangers.read(address, 0, unknown);
  return strangers;
}
const limited = (retryAfterSeconds: number) => expect.objectContaining({ code: 'rate_limited', retryAfterSeconds });

test('an address may have two hundred unknown ones read; then nothing more is read for it', async () => {
  expect(await (await flooded('192.0.2.1', MAX - 1)).read('192.0.2.1', 0, known)).toBe('known');
  let reads = 0;
  const late = (await flooded('192.0.2.1')).read('192.0.2.1', 0, async () => {
    reads += 1;
  });
  await expect(late).rejects.toEqual(limited(10));
  expect(reads).toBe(0);
});

test('any number of good ones may be read side by side, as after a restart', async () => {
  const strangers = new Strangers();
  const asked = Array.from({ length: 5_000 }, () => strangers.read('192.0.2.1', 0, known));
  expect(new Set(await Promise.all(asked))).toEqual(new Set(['known']));
});

test('what proves to be known, and what could not be read, is nobody’s fault', async () => {
  const strangers = await flooded('192.0.2.1', MAX - 1);
  const outage = new Error('no database');
  for (let at = 0; at < MAX; at++) {
    expect(await strangers.read('192.0.2.1', 0, known)).toBe('known');
    await expect(strangers.read('192.0.2.1', 0, () => Promise.reject(outage))).rejects.toBe(outage);
  }
  expect(await strangers.read('192.0.2.1', 0, unknown)).toBeUndefined();
});

test.each([
  { now: 1, seconds: 10 },
  { now: WINDOW_MS - 1_000, seconds: 1 },
  { now: WINDOW_MS - 1, seconds: 1 },
])('at $now ms the wait is $seconds s, and then it is over', async ({ now, seconds }) => {
  const strangers = await flooded('192.0.2.1');
  await expect(strangers.read('192.0.2.1', now, known)).rejects.toEqual(limited(seconds));
  expect(await strangers.read('192.0.2.1', now + seconds * 1_000, known)).toBe('known');
});

test('who is told to wait is told apart by address, and all of this machine is one', async () => {
  expect(await (await flooded('192.0.2.1')).read('192.0.2.2', 0, known)).toBe('known');
  expect(await (await flooded('192.0.2.1')).read(undefined, 0, known)).toBe('known');
  await expect((await flooded('127.0.0.1')).read('127.9.9.9', 0, known)).rejects.toEqual(limited(10));
  await expect((await flooded(undefined)).read(undefined, 0, known)).rejects.toEqual(limited(10));
});
