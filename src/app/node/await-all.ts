import type { NodeState } from '#ports/nodes.ts';
import type { Deps } from '../deps.ts';

/** How often it is looked whether all have said so. */
const LOOK_MS = 25;
/** On top of a node's own bound: for its last word to be on its way, and for clocks that do not run alike. */
const MARGIN_MS = 1_000;

export type Heard = {
  /** Nodes that have applied it, by name. */
  readonly acknowledged: readonly string[];
  /** Nodes that have said nothing for longer than they believe what they remember: gone, or cut off and refusing by now. */
  readonly silent: readonly string[];
};

/**
 * Resolves once no process accepts what was committed before this call as it was: each has said that it has applied it,
 * or has been silent for so long that it refuses by itself. So it ends in every case, and soon.
 */
export async function awaitAll({ store, node, clock }: Pick<Deps, 'store' | 'node' | 'clock'>): Promise<Heard> {
  if (!store.isShared) return { acknowledged: [node.name], silent: [] };
  const sequence = await store.changes.latest();
  for (;;) {
    const nodes = (await store.nodes.list()).filter((other) => other.id !== node.id);
    const isDone = (one: NodeState) => one.sequence >= sequence;
    if (nodes.every((one) => isDone(one) || isSilent(one))) {
      const names = (some: readonly NodeState[]) => some.map(({ name }) => name);
      return {
        acknowledged: [node.name, ...names(nodes.filter(isDone))],
        silent: names(nodes.filter((one) => !isDone(one))),
      };
    }
    await clock.pause(LOOK_MS);
  }
}

const isSilent = ({ silentMs, staleMsMax }: NodeState): boolean => silentMs > staleMsMax + MARGIN_MS;
