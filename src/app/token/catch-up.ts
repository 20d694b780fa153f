import type { Deps } from '../deps.ts';
import { learnKeys } from '../key/learn.ts';

type CatchUpDeps = Pick<Deps, 'store' | 'verified' | 'feed' | 'clock' | 'keyring' | 'wrapper' | 'counts'>;

/**
 * Applies every change committed since the last one applied, ours and other processes' alike; false where the feed cannot
 * be read. Then whoever shares the database believes what it remembers for as long as `Feed` allows; who is alone there
 * is in trouble with its own disk, and believes nothing.
 */
export async function catchUp(deps: CatchUpDeps): Promise<boolean> {
  const { store, verified, feed, clock, counts } = deps;
  const asked = clock.moment();
  try {
    const changes = await store.changes.since(verified.sequence);
    for (const change of changes) if (verified.apply(change)) counts.feedLag.add(change.ageMs / 1000);
    if (changes.some(({ moved }) => moved.kind === 'key')) feed.owesKeys = true;
    if (feed.owesKeys) {
      await learnKeys(deps);
      feed.owesKeys = false;
    }
    if (changes.length === 0) await keepToHistory(deps);
    feed.hear(asked);
    return true;
  } catch {
    if (!store.isShared) verified.forgetAll();
    return false;
  }
}

/**
 * A database that is behind what was heard of it has lost commits, as by a failover or a restore: what was heard is not so
 * any more, and its numbers are given again.
 */
async function keepToHistory({ store, verified }: CatchUpDeps): Promise<void> {
  if (!store.isShared) return;
  const latest = await store.changes.latest();
  if (latest < verified.sequence) verified.beginAnew(latest);
}
