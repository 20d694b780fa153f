import type { Deps } from '../deps.ts';

/** Says to whoever waits for a revoke how far this process is. */
export const acknowledge = ({ store, node, verified, feed }: Pick<Deps, 'store' | 'node' | 'verified' | 'feed'>) => {
  const said = { ...node, sequence: verified.sequence, staleMsMax: feed.staleMsMax };
  return store.transact((tx) => tx.nodes.seen(said));
};
