import type { NewJob } from '#ports/jobs.ts';
import type { DeadTokenUse, TokenUse } from '#ports/tokens.ts';
import type { Deps } from '../deps.ts';
import { newId } from '../new-id.ts';

/** Uses that one process noticed, to be merged into the rows of their tokens by whichever process comes to it. */
export type UsesBatch = { readonly live: readonly TokenUse[]; readonly dead: readonly DeadTokenUse[] };

/** Merged once, though its job may be begun more than once: the merge and the job's end are one. */
export const jobOfUses = (deps: Pick<Deps, 'random' | 'clock'>, batch: UsesBatch): NewJob => ({
  ...{ id: newId<'Job'>(deps), kind: 'token-uses', payload: JSON.stringify(batch), dueAt: deps.clock.now() },
});

/** Of a row that proves itself: `jobOfUses` wrote it. What was undefined is not in it. */
export const usesIn = (payload: string): UsesBatch => JSON.parse(payload) as UsesBatch;
