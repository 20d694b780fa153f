import type { Deps } from '#app/deps.ts';
import { openWorker } from '#jobs/worker.ts';
import type { Log } from '#telemetry/log.ts';

/** Jobs of other processes, and those that are due later, are found by asking. */
const POLL_MS = 1_000;

export type Working = { wake(): void; stop(): Promise<void> };

/** Works on the table of jobs until it is stopped. */
export function workOnJobs(deps: Deps, log: Log): Working {
  const worker = openWorker(deps, {
    failed: (error, of) => log.failed(error, of),
    cannotWork: (error) => log.failed(error),
    worksAgain: () => log.info('jobs are worked on again'),
  });
  const timer = setInterval(() => worker.wake(), POLL_MS).unref();
  worker.wake();
  return {
    wake: () => worker.wake(),
    async stop() {
      clearInterval(timer);
      await worker.stop();
    },
  };
}
