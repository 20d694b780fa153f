import type { Deps } from '#app/deps.ts';
import { rotateAccount } from '#app/virtual-account/rotate.ts';
import { DELAY_MS_MAX } from '#domain/job.ts';
import type { DueAccount } from '#ports/virtual-accounts.ts';
import { type Handler, LeaseLost, type Run } from './run.ts';
import { tenantOf } from './tenant-of.ts';

/** Accounts that are due at a time, and between two of which others have a turn. */
const BATCH_MAX = 25;
/** What could not be rotated is tried again after that; nothing else waits for it. */
const AGAIN_MS = 60_000;
/** Named where they could not be rotated; of more the first will do. */
const LEFT_MAX = 5;

export const FIRST_ROTATION = '{}';

/**
 * Gives new values to whatever is due, each in a transaction of its own. One that fails keeps no other waiting: its old
 * value stays current and its date stays due.
 */
export const rotateDue: Handler = async (deps, run) => {
  const left = new Map<string, DueAccount>();
  let due: readonly DueAccount[];
  do {
    due = (await deps.store.virtualAccounts.due(deps.clock.now(), BATCH_MAX + left.size)).filter(
      (one) => !left.has(one.id),
    );
    for (const one of due) if (!(await isRotated(deps, run, one))) left.set(one.id, one);
  } while (due.length > 0 && run.mayGoOn());
  const dueAt = await nextRunAt(deps, left.size > 0);
  const named = [...left.keys()].slice(0, LEFT_MAX).join(', ');
  const lastError = left.size === 0 ? {} : { lastError: `could not be rotated, and stay as they were: ${named}` };
  await run.settle(async () => ({ payload: FIRST_ROTATION, dueAt, ...lastError }));
};

async function isRotated(deps: Deps, run: Run, { tenant, id }: DueAccount): Promise<boolean> {
  try {
    await rotateAccount(deps, { tenant: await tenantOf(deps, tenant), id, hold: run.hold });
    return true;
  } catch (error) {
    if (error instanceof LeaseLost) throw error;
    return false;
  }
}

async function nextRunAt({ store, clock }: Deps, isSomeLeft: boolean): Promise<number> {
  const now = clock.now();
  const next = (await store.virtualAccounts.nextDueAt(now)) ?? Number.POSITIVE_INFINITY;
  return Math.min(now + DELAY_MS_MAX, Math.max(next, isSomeLeft ? now + AGAIN_MS : now));
}
