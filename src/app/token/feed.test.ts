import { beforeEach, describe, expect, test } from 'vitest';
import { Sensitive } from '#domain/sensitive.ts';
import type { Known } from '#domain/verification.ts';
import { type FixedClock, fixedClock } from '#support/fixed.ts';
import { Feed, goneAfterMs } from './feed.ts';
import { VerifiedCredentials } from './verified-credentials.ts';

const STALE_MS = 5_000;
let clock: FixedClock;
let feed: Feed;
beforeEach(() => {
  clock = fixedClock();
  feed = new Feed(clock, { isShared: true, staleMsMax: STALE_MS });
});

describe('what is remembered', () => {
  test('is believed for so long after the last word of the feed, and not a millisecond longer (I3)', () => {
    clock.advance(STALE_MS - 1);
    expect(feed.isHeard()).toBe(true);
    clock.advance(1);
    expect(feed.isHeard()).toBe(false);
    feed.hear(clock.moment());
    expect(feed.isHeard()).toBe(true);
  });

  test('is as old as the question, however late the answer came', () => {
    const asked = clock.moment();
    clock.advance(STALE_MS);
    feed.hear(asked);
    expect(feed.isHeard()).toBe(false);
  });

  test('is not believed by a clock that was turned back, until the feed is heard again', () => {
    clock.advance(-60_000);
    expect(feed.isHeard()).toBe(false);
    clock.advance(1);
    feed.hear(clock.moment());
    feed.said(clock.moment());
    expect(feed.isHeard()).toBe(true);
  });

  test('is not believed by a process that others must take for gone, though it hears them', () => {
    const hearing = (ms: number) => {
      clock.advance(ms);
      feed.hear(clock.moment());
      return feed.isHeard();
    };
    expect([hearing(goneAfterMs(feed) - 1), hearing(1)]).toEqual([true, false]);
    feed.said(clock.moment());
    expect(feed.isHeard()).toBe(true);
  });

  test('is always believed by a process that has its database to itself', () => {
    const alone = new Feed(clock, { isShared: false, staleMsMax: STALE_MS });
    const isFresh = alone.reading();
    clock.advance(10 * STALE_MS);
    expect([alone.isHeard(), isFresh(), alone.silentMs()]).toEqual([true, true, 0]);
  });
});

describe('what was read', () => {
  const known = { restsOn: ['token'] } as unknown as Known;
  let verified: VerifiedCredentials;
  beforeEach(() => {
    verified = new VerifiedCredentials('salt', 0, feed);
  });
  /** One who presents it, and the answer to whatever is read for them. */
  function presented() {
    const { promise, resolve } = Promise.withResolvers<Known>();
    const found = Promise.resolve(verified.find(new Sensitive('one'), clock.now(), () => promise));
    return { found, answered: () => resolve(known) };
  }

  test('so long ago that nobody knows what came since is an outage, for all who wait for it, and is not kept (I3, I8)', async () => {
    const [first, joining] = [presented(), presented()];
    clock.advance(STALE_MS);
    first.answered();
    for (const { found } of [first, joining]) {
      await expect(found).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringMatching(/^The service is unavailable for the moment; your API key is not the problem\./),
      });
    }
    const again = presented();
    again.answered();
    expect(await again.found).toBe(known);
  });

  test('long ago is good where the feed was heard since, and told of nothing that it rests on', async () => {
    const one = presented();
    clock.advance(STALE_MS);
    feed.hear(clock.moment());
    one.answered();
    expect(await one.found).toBe(known);
  });

  test('from a database that has fallen back is read again, and its numbers count anew', async () => {
    const moved = { kind: 'token', id: 'token' } as const;
    verified.apply({ sequence: 7, moved });
    verified.beginAnew(5);
    expect(verified.sequence).toBe(5);
    expect([6, 7].map((sequence) => verified.apply({ sequence, moved }))).toEqual([true, true]);
  });
});
