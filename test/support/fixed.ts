import { createHash } from 'node:crypto';
import type { Clock, Random } from '#ports/chance-and-time.ts';

export type FixedClock = Clock & { /** Backwards, too. */ advance(ms: number): void };

export function fixedClock(start = Date.UTC(2026, 0, 15, 10)): FixedClock {
  let now = start;
  let elapsedMs = 0;
  const advance = (ms: number) => {
    now += ms;
    elapsedMs += Math.max(ms, 0);
  };
  return { now: () => now, moment: () => ({ wall: now, elapsedMs }), pause: async (ms) => advance(ms), advance };
}

/** Bytes that look random, never repeat, and are the same in every run. */
export function countingRandom(): Random {
  let count = 0;
  return { bytes: (length) => createHash('shake256', { outputLength: length }).update(String(count++)).digest() };
}
