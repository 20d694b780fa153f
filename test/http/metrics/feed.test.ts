import { expect, test } from 'vitest';
import { catchUp } from '#app/token/catch-up.ts';
import { openWorld } from '#support/world.ts';
import { asking, rowNamed } from '../asked.ts';
import { scraped } from './scraped.ts';

test('the lag of the feed is that of other processes’ changes, each counted once; one’s own are heard before they are asked for', async () => {
  const world = await openWorld();
  const { token } = await world.person('admin', 'tenant-admin');
  const lags = async () => (await scraped(world, token)).value('countersign_feed_lag_seconds_count');
  const byAdmin = asking(world, token);
  await byAdmin.create({ name: 'ours' });
  await byAdmin.ownRevoke((await rowNamed(byAdmin.list, 'ours')).id);
  await catchUp(world.deps);
  const own = await scraped(world, token);
  expect(own.value('countersign_feed_sequence')).toBe(1);
  expect(await lags()).toBe(0);
  await world.deps.store.transact((tx) => tx.changes.append([{ kind: 'token', id: 'of another process' }]));
  await catchUp(world.deps);
  await catchUp(world.deps);
  const { families, value } = await scraped(world, token);
  expect(await lags()).toBe(1);
  expect(value('countersign_feed_sequence')).toBe(2);
  expect(families.get('countersign_feed_lag_seconds')?.kind).toBe('histogram');
});

test('silence is told by the clock that only grows, and ends when the feed is read', async () => {
  const world = await openWorld();
  const { token } = await world.person('admin', 'tenant-admin');
  await catchUp(world.deps);
  await scraped(world, token);
  world.clock.advance(2_000);
  const silent = await scraped(world, token);
  const shared = world.deps.store.isShared;
  expect(silent.value('countersign_feed_silent_seconds')).toBe(shared ? 2 : 0);
  expect(silent.value('countersign_feed_heard')).toBe(1);
  await catchUp(world.deps);
  expect((await scraped(world, token)).value('countersign_feed_silent_seconds')).toBe(0);
});
