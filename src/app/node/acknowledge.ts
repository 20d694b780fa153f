import type { Deps } from '../deps.ts';

type SayingDeps = Pick<Deps, 'store' | 'node' | 'verified' | 'feed' | 'clock'>;

/** Says to whoever waits for a revoke how far this process is. */
export async function acknowledge({ store, node, verified, feed, clock }: SayingDeps): Promise<void> {
  const asked = clock.moment();
  const said = { ...node, sequence: verified.sequence, staleMsMax: feed.staleMsMax };
  await store.transact((tx) => tx.nodes.seen(said));
  feed.said(asked);
}

/** Nobody waits any more for a process that ends. Where it cannot be said, it is forgotten by itself. */
export const leave = ({ store, node }: Pick<Deps, 'store' | 'node'>): Promise<void> =>
  store.isShared ? store.transact((tx) => tx.nodes.leave(node.id)).catch(() => {}) : Promise.resolve();
