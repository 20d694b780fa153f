import type { Deps } from '#app/deps.ts';
import { change, made } from '#app/doors.ts';
import { programCaller } from '#app/program-caller.ts';
import type { Instant } from '#domain/instant.ts';
import { DELAY_MS_MAX } from '#domain/job.ts';
import type { Tenant } from '#domain/tenant.ts';
import { OVER_KEPT_MS } from '#domain/token.ts';
import {
  type OverPat,
  PAST_TABLES,
  type PastTable,
  type Place,
  type Removed,
  type Step,
  TOKEN_WALKS,
  type TokenWalk,
} from '#ports/retention.ts';
import type { Transaction } from '#ports/store.ts';
import type { Handler, Run } from './run.ts';
import { tenantOf } from './tenant-of.ts';

/** What is over is kept for 90 days: to the hour is near enough. */
const PERIOD_MS = DELAY_MS_MAX;
/** Looked at, and removed, in one transaction: it keeps the event loop for a few milliseconds. */
const BATCH_MAX = 25;
/** Between two batches whoever waits is served. */
const GAP_MS = 5;
/** An answer that can be asked for again is kept for its ten minutes and not longer; all else, as what it belongs to. */
const KEPT_MS: Readonly<Record<PastTable, number>> = {
  ...{ session: OVER_KEPT_MS, invitation: OVER_KEPT_MS, replay: 0, delivery: OVER_KEPT_MS },
};
/** Every verifier has read anew whatever it remembers from before, many times. */
const CHANGE_KEPT_MS = 60 * 60 * 1000;
/** One that comes back after it says so again, and believes nothing that it remembers. */
const NODE_KEPT_MS = 24 * 60 * 60 * 1000;
/** Rows that are named where they could not be removed; of more the first will do. */
const LEFT_MAX = 5;

const SWEEPS = [...TOKEN_WALKS, ...PAST_TABLES, 'changes', 'nodes', 'dead-jobs'] as const;
type Sweep = (typeof SWEEPS)[number];

/**
 * When the last whole round ended, and where the change feed stood. Only what was past by then goes: a clock that is wrong
 * for a while destroys nothing, unless it still is when the next round comes.
 */
type Round = { readonly at: Instant; readonly sequence: number };
const NONE: Round = { at: 0, sequence: 0 };

/** What a run knows when it goes on where the one before has made room for others. */
type Position = {
  readonly former: Round;
  readonly sweep?: Sweep;
  readonly after?: Place;
  readonly left?: readonly string[];
};
/** Where the sweep goes on, undefined from its beginning, unless it is over. */
type Swept = { readonly isOver: boolean; readonly after: Place | undefined; readonly unproved: readonly string[] };

export const FIRST_RETENTION = JSON.stringify({ former: NONE } satisfies Position);

/**
 * Removes what has been over for long, a few rows at a time. A row that does not prove itself is neither believed nor
 * removed; the round goes on past it, and names it.
 */
export const retain: Handler = async (deps, run) => {
  let at = JSON.parse(run.job.payload) as Position;
  do {
    const sweep = at.sweep ?? SWEEPS[0];
    const { isOver, after, unproved } = await swept(deps, run, sweep, at);
    const left = [...new Set([...(at.left ?? []), ...unproved])].slice(0, LEFT_MAX);
    const following = isOver ? SWEEPS[SWEEPS.indexOf(sweep) + 1] : sweep;
    if (following === undefined) return endRound(deps, run, left);
    at = { former: at.former, sweep: following, left, ...(isOver || after === undefined ? {} : { after }) };
    await deps.clock.pause(GAP_MS);
  } while (run.mayGoOn());
  const { lastError } = run.job;
  const dueAt = deps.clock.now();
  return run.settle(async () => ({
    payload: JSON.stringify(at),
    dueAt,
    ...(lastError === undefined ? {} : { lastError }),
  }));
};

/** Once, however long nobody ran it; the next is an hour from now, whatever the clock said before. */
async function endRound(deps: Deps, { settle }: Run, left: readonly string[]): Promise<void> {
  const former: Round = { at: deps.clock.now(), sequence: await deps.store.changes.latest() };
  const lastError =
    left.length === 0 ? {} : { lastError: `left, because they do not prove themselves: ${left.join(', ')}` };
  const next = { payload: JSON.stringify({ former } satisfies Position), dueAt: former.at + PERIOD_MS };
  await settle(async () => ({ ...next, ...lastError }));
}

function swept(deps: Deps, run: Run, sweep: Sweep, { former, after }: Position): Promise<Swept> {
  const at = Math.min(former.at, deps.clock.now());
  if (isTokenWalk(sweep)) return sweepTokens(deps, run, sweep, { before: at - OVER_KEPT_MS, after });
  if (isPastTable(sweep)) return sweepTable(deps, run, sweep, { before: at - KEPT_MS[sweep], after });
  return sweepOwn(deps, run, sweep, { before: at - OVER_KEPT_MS, sequence: former.sequence });
}
type From = Pick<Step, 'before' | 'after'>;
const isTokenWalk = (sweep: Sweep): sweep is TokenWalk => TOKEN_WALKS.some((walk) => walk === sweep);
const isPastTable = (sweep: Sweep): sweep is PastTable => PAST_TABLES.some((table) => table === sweep);

/** From the same place again, until there is nothing to be removed: what is gone is not met twice. */
async function sweepTokens(deps: Deps, run: Run, walk: TokenWalk, { before, after }: From): Promise<Swept> {
  const { found, next } = await deps.store.retention.overPats(walk, { before, after, max: BATCH_MAX });
  const unproved: string[] = [];
  let isSomeGone = false;
  for (const [id, pats] of Map.groupBy(found, ({ tenant }) => tenant)) {
    const removed = await purge(deps, run, { tenant: await tenantOf(deps, id), pats, before });
    isSomeGone ||= removed.values > 0 || removed.tokens > 0;
    unproved.push(...removed.unproved);
  }
  return isSomeGone ? { isOver: false, after, unproved } : { ...goingOn(next), unproved };
}

const goingOn = (next: Place | undefined) => ({ isOver: next === undefined, after: next });

type Purge = { readonly tenant: Tenant; readonly pats: readonly OverPat[]; readonly before: Instant };

/** On the record of the tenant whose they were, in the transaction in which they go; where none goes nothing is recorded. */
function purge(deps: Deps, run: Run, { tenant, pats, before }: Purge): Promise<Removed> {
  const action = 'personal-access-token:Purge';
  const caller = programCaller(tenant, 'retention', [action]);
  const what = { action, resource: 'personal-access-token/', locate: made } as const;
  const done = change(deps, caller, what, async (tx) => {
    await run.hold(tx);
    const removed = await tx.retention.removeOver(pats, before);
    const { tokens: count, values } = removed;
    if (count + values === 0) throw new Nothing(removed);
    return { result: removed, details: { count, values } };
  });
  return done.catch((error: unknown) => {
    if (error instanceof Nothing) return error.removed;
    throw error;
  });
}

class Nothing extends Error {
  readonly removed: Removed;
  constructor(removed: Removed) {
    super('nothing was over');
    this.removed = removed;
  }
}

function sweepTable({ store }: Deps, run: Run, table: PastTable, from: From): Promise<Swept> {
  return store.transact(async (tx) => {
    await run.hold(tx);
    const { next, unproved } = await tx.retention.removePast(table, { ...from, max: BATCH_MAX });
    return { ...goingOn(next), unproved };
  });
}

type Own = Exclude<Sweep, TokenWalk | PastTable>;
type Until = { readonly before: Instant; readonly sequence: number };

/** Of the changes only those that stood when the round before ended: nobody is that far behind and still believed. */
const OWN: Readonly<Record<Own, (tx: Transaction, until: Until) => Promise<number>>> = {
  changes: (tx, { sequence }) => tx.retention.removeChanges(sequence, CHANGE_KEPT_MS, BATCH_MAX),
  nodes: (tx) => tx.retention.removeNodes(NODE_KEPT_MS, BATCH_MAX),
  'dead-jobs': (tx, { before }) => tx.retention.removeDeadJobs(before, BATCH_MAX),
};

/** What nodes tell each other. */
async function sweepOwn({ store }: Deps, run: Run, of: Own, until: Until): Promise<Swept> {
  const removed = await store.transact(async (tx) => {
    await run.hold(tx);
    return OWN[of](tx, until);
  });
  return { isOver: removed < BATCH_MAX, after: undefined, unproved: [] };
}
