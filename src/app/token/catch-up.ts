import type { Deps } from '../deps.ts';

/**
 * Applies every change committed since the last one applied, ours and other processes' alike. The change itself has
 * happened by now: where the feed cannot be read, nothing that is remembered may be believed any more.
 */
export async function catchUp({ store, verified }: Pick<Deps, 'store' | 'verified'>): Promise<void> {
  try {
    for (const change of await store.changes.since(verified.sequence)) verified.apply(change);
  } catch {
    verified.forgetAll();
  }
}
