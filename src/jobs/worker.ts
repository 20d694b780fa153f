import type { Deps } from '#app/deps.ts';
import { DELAY_MS_MAX, JOB_KINDS, type JobKind, onlyJob } from '#domain/job.ts';
import { type Report, runNext } from './run-next.ts';
import { JOBS } from './table.ts';

/** A run that is not over by then makes room for others that are due, and goes on after them. */
const RUN_MS_MAX = 1_000;
/** What is due when the process stops is done for so long; the rest waits for the next process. */
const AT_STOP_MS_MAX = 5_000;

export type Worker = {
  /** Does whatever is due. Whoever wakes it need not wait, and may do so at any time. */
  wake(): void;
  /** Once what is under way is over, and what a stop is to wait for is done. */
  stop(): Promise<void>;
};

export type WorkerReports = {
  readonly failed: Report;
  /** Jobs cannot even be asked for: told once, and once that they can again. */
  readonly cannotWork: (error: unknown) => void;
  readonly worksAgain: () => void;
};

/** One at a time in each process; other processes on the same database share the work. */
export function openWorker(deps: Deps, { failed: report, cannotWork, worksAgain }: WorkerReports): Worker {
  const state = { isReady: false, isStopping: false, isFailing: false };
  let under: Promise<void> | undefined;
  const all = async () => {
    if (!state.isReady) await makeReady(deps);
    state.isReady = true;
    const terms = { kinds: JOB_KINDS, mayGoOn: () => !state.isStopping, report };
    while (!state.isStopping && (await runNext(deps, bounded(deps, terms)))) {}
  };
  const trying = async (act: () => Promise<void>) => {
    const error = await act().then(
      () => undefined,
      (reason: unknown) => ({ reason }),
    );
    if (error !== undefined && !state.isFailing) cannotWork(error.reason);
    if (error === undefined && state.isFailing) worksAgain();
    state.isFailing = error !== undefined;
  };
  return {
    wake() {
      under ??= trying(all).finally(() => {
        under = undefined;
      });
    },
    async stop() {
      state.isStopping = true;
      await under;
      await trying(() => runDueJobs(deps, report, KINDS_AT_STOP, AT_STOP_MS_MAX));
    },
  };
}

const KINDS_AT_STOP = JOB_KINDS.filter((kind) => JOBS[kind].isDoneAtStop);

/** Does what is due by now, one after another. */
export async function runDueJobs(
  deps: Deps,
  report: Report = () => {},
  kinds: readonly JobKind[] = JOB_KINDS,
  msMax = Number.POSITIVE_INFINITY,
): Promise<void> {
  const inTime = before(deps, msMax);
  while (inTime() && (await runNext(deps, bounded(deps, { kinds, mayGoOn: inTime, report })))) {}
}

const bounded = (deps: Deps, terms: Parameters<typeof runNext>[1]): typeof terms => {
  const inTime = before(deps, RUN_MS_MAX);
  return { ...terms, mayGoOn: () => inTime() && terms.mayGoOn() };
};

function before({ clock }: Deps, msMax: number): () => boolean {
  const begun = clock.moment().elapsedMs;
  return () => clock.moment().elapsedMs - begun < msMax;
}

/** What there is to be always is there, and nothing waits for an hour that a wrong clock has named. */
export async function makeReady({ store, clock }: Pick<Deps, 'store' | 'clock'>): Promise<void> {
  const dueAt = clock.now();
  await store.transact(async (tx) => {
    await tx.jobs.bringForward(dueAt + DELAY_MS_MAX);
    for (const kind of JOB_KINDS) {
      const payload = JOBS[kind].firstPayload;
      if (payload !== undefined) await tx.jobs.add({ id: onlyJob(kind), kind, payload, dueAt });
    }
  });
}
