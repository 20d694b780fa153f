import { REVOCATION_BOUND_MS } from '#domain/revocation.ts';
import type { NodeState } from '#ports/nodes.ts';
import type { Deps } from '../deps.ts';
import { goneAfterMs } from '../token/feed.ts';

/** How often it is looked whether all have said so. */
const LOOK_MS = 25;
/** On top of a node's own bound: clocks do not run alike. */
const MARGIN_MS = 1_000;
/** Whoever waits does so on an open connection. A node may be set to believe what it remembers for longer. */
const WAIT_MS_MAX = 15_000;

/** Nodes, by name. */
export type Heard = {
  /** They have applied it. */
  readonly acknowledged: readonly string[];
  /** They have not, for longer than they believe what they remember: gone, or cut off and refusing by now. */
  readonly silent: readonly string[];
  /** Neither, when there was no more waiting. */
  readonly late: readonly string[];
};

type NodeDeps = Pick<Deps, 'store' | 'node' | 'clock' | 'feed'>;

/**
 * Resolves once no process accepts what was committed before this call as it was before: each has said that it has applied
 * it, or has not heard of it for so long that it refuses by itself, as has every one that is silent since long before.
 * Those of which neither is so in time are named.
 */
export async function awaitAll(deps: NodeDeps): Promise<Heard> {
  const { store, node, clock } = deps;
  if (!store.isShared) return { acknowledged: [node.name], silent: [], late: [] };
  const sequence = await store.changes.latest();
  const begun = clock.moment().elapsedMs;
  for (;;) {
    const waitedMs = clock.moment().elapsedMs - begun; // before the look: who has not said so by then had not heard
    const heard = heardAmong(await othersOf(deps), node.name, { sequence, waitedMs });
    if (heard.late.length === 0 || waitedMs > WAIT_MS_MAX) return heard;
    await clock.pause(LOOK_MS);
  }
}

type Waited = { readonly sequence: number; readonly waitedMs: number };

function heardAmong(others: readonly NodeState[], own: string, { sequence, waitedMs }: Waited): Heard {
  const names = (is: (one: NodeState) => boolean) => others.filter(is).map(({ name }) => name);
  const isDone = (one: NodeState) => one.sequence >= sequence;
  // When it last said something does not tell when it last heard something: only that it has not heard of this does.
  const isSilent = (one: NodeState) => isGone(one) || waitedMs > one.staleMsMax + MARGIN_MS;
  return {
    acknowledged: [own, ...names(isDone)],
    silent: names((one) => !isDone(one) && isSilent(one)),
    late: names((one) => !isDone(one) && !isSilent(one)),
  };
}

/** The numbers in force from now on: of the node that believes what it remembers the longest. */
export async function boundsInForce(
  deps: NodeDeps,
): Promise<{ readonly boundMs: number; readonly staleMsMax: number }> {
  const others = deps.store.isShared ? (await othersOf(deps)).filter((one) => !isGone(one)) : [];
  const staleMsMax = Math.max(deps.feed.staleMsMax, ...others.map((one) => one.staleMsMax));
  return { boundMs: REVOCATION_BOUND_MS, staleMsMax };
}

const othersOf = async ({ store, node }: NodeDeps): Promise<readonly NodeState[]> =>
  (await store.nodes.list()).filter(({ id }) => id !== node.id);

const isGone = (one: NodeState): boolean => one.silentMs > goneAfterMs(one) + MARGIN_MS;
