import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '#ports/chance-and-time.ts';

/** The machine's; `aheadMs` is for fault tests. */
export function systemClock(aheadMs = 0): Clock {
  const now = () => Date.now() + aheadMs;
  return { now, moment: () => ({ wall: now(), elapsedMs: performance.now() }), pause: (ms) => pause(ms) };
}
