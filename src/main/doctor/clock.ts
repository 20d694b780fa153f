import type { Instant } from '#domain/instant.ts';
import type { Check } from './check.ts';
import { type Finding, failed, ok, spanInWords, warning } from './finding.ts';

/** Of clocks that are kept by NTP, some milliseconds. */
const SKEW_MS_WARN = 1_000;
/** From here on windows, leases and ends of tokens are plainly not what they say. */
const SKEW_MS_FAIL = 5_000;
const ASKED_TIMES = 5;
/** Two clocks that agree may still be apart by this much at the moment of writing. */
const AHEAD_MS_MAX = 60_000;

export type Sample = { readonly asked: Instant; readonly said: Instant; readonly heard: Instant };

/** By how much the other clock is ahead: whoever answered soonest knows best, and did so half-way. */
export function skewOf(samples: readonly Sample[]): number {
  const [best] = samples.toSorted((one, other) => one.heard - one.asked - (other.heard - other.asked));
  return best === undefined ? 0 : best.said - (best.asked + best.heard) / 2;
}

export function skewFinding(skewMs: number): Finding {
  const apart = Math.abs(skewMs);
  const words = `The clock of the database is ${spanInWords(Math.round(apart))} ${skewMs < 0 ? 'behind' : 'ahead of'} ours.`;
  if (apart <= SKEW_MS_WARN) return ok(words);
  const remedy = 'Have both machines keep their clocks by NTP (timedatectl status; chronyc tracking).';
  return apart > SKEW_MS_FAIL ? failed(words, remedy) : warning(words, remedy);
}

const clock: Check = {
  name: 'clock',
  on: 'PostgreSQL',
  async run(scene) {
    const database = await scene.database();
    const samples: Sample[] = [];
    for (let times = 0; times < ASKED_TIMES; times++) {
      const asked = scene.now();
      const said = await database.nowMs();
      samples.push({ asked, said, heard: scene.now() });
    }
    return skewFinding(skewOf(samples));
  },
};

const dates: Check = {
  name: 'dates',
  async run(scene) {
    const database = await scene.tables();
    const now = scene.now();
    const { rows, newest = now } = await database.writtenAfter(now + AHEAD_MS_MAX);
    if (rows === 0) return ok('Nothing in the database was written in the future.');
    return warning(
      `${rows} entries and keys were written in the future, the last ${spanInWords(newest - now)} from now: ` +
        'the clock of a machine was ahead, or ours is behind.',
      'See the clock of this machine, and of each that runs a server (timedatectl status). Where one was ahead and is ' +
        'right again, nothing is to be done: what was written then counts as new until that time.',
    );
  },
};

export const CLOCK_CHECKS: readonly Check[] = [clock, dates];
