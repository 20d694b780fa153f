import type { Deps } from '#app/deps.ts';
import { flush } from '#app/flush.ts';
import { runDueJobs } from '#jobs/worker.ts';

/** Whatever was left to be written behind stands where it is read: written as jobs, and the jobs done. */
export async function flushed(deps: Deps, atEnd = false): Promise<void> {
  await flush(deps, atEnd);
  await runDueJobs(deps);
}
