import type { Deps } from '#app/deps.ts';
import { newId } from '#app/new-id.ts';
import { type JobId, type JobKind, retryAfterMs } from '#domain/job.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Claim, ClaimedJob } from '#ports/jobs.ts';
import { LeaseLost, type Run } from './run.ts';
import { JOBS } from './table.ts';

/** For the log: what went wrong with a job, and whether it is dead by that. */
export type Report = (
  error: unknown,
  of: { readonly job: JobId; readonly kind: JobKind; readonly isDead: boolean },
) => void;

type Terms = { readonly kinds: readonly JobKind[]; readonly mayGoOn: () => boolean; readonly report: Report };

/** Runs the job that has been due for the longest; false where none is, or another process was faster. What a run throws is the job's, not the caller's. */
export async function runNext(deps: Deps, { kinds, mayGoOn, report }: Terms): Promise<boolean> {
  const kind = await deps.store.jobs.next(kinds, deps.clock.now());
  if (kind === undefined) return false;
  const claim = await claimed(deps, kind);
  if (claim === undefined) return false;
  const runs = deps.counts.jobRuns[kind];
  if (!claim.ok) {
    runs.dead += 1;
    report(new Error(`a job is dead: ${claim.why}`), { job: claim.id, kind, isDead: true });
    return true;
  }
  const { job } = claim;
  deps.step(`job.${kind}.claimed`);
  try {
    await JOBS[kind].handle(deps, runOf(deps, job, { mayGoOn, report }));
    runs.done += 1;
  } catch (error) {
    if (error instanceof LeaseLost) runs.lost += 1;
    else await failed(deps, job, error, report);
  }
  return true;
}

function claimed(deps: Deps, kind: JobKind): Promise<Claim | undefined> {
  const { leaseMs, attemptsMax } = JOBS[kind];
  const terms = { lease: newId<'Lease'>(deps), now: deps.clock.now(), leaseMs, attemptsMax };
  return deps.store.transact((tx) => tx.jobs.claim(kind, terms));
}

function runOf(deps: Deps, job: ClaimedJob, { mayGoOn, report }: Pick<Terms, 'mayGoOn' | 'report'>): Run {
  return {
    job,
    mayGoOn,
    async hold(tx) {
      if (!(await tx.jobs.hold(job))) throw new LeaseLost();
    },
    async settle(body) {
      const next = await deps.store.transact(async (tx) => {
        if (!(await tx.jobs.hold(job))) throw new LeaseLost();
        const next = await body(tx);
        await tx.jobs.settle(job, next);
        deps.step(`job.${job.kind}.done`);
        return next;
      });
      deps.step(`job.${job.kind}.settled`);
      if (next?.lastError === undefined || next.lastError === job.lastError) return; // what is known is not told again
      report(new Error(next.lastError), { job: job.id, kind: job.kind, isDead: false });
    },
  };
}

/** An outage that lets not even this be written leaves the lease to run out. */
async function failed(deps: Deps, job: ClaimedJob, error: unknown, report: Report): Promise<void> {
  const { id, kind, attempts } = job;
  const isDead = attempts >= JOBS[kind].attemptsMax;
  deps.counts.jobRuns[kind][isDead ? 'dead' : 'failed'] += 1;
  report(error, { job: id, kind, isDead });
  const now = deps.clock.now();
  const retry = isDead ? {} : { retryAt: now + retryAfterMs(attempts) };
  await deps.store.transact((tx) => tx.jobs.fail(job, { error: nameOf(error), now, ...retry }));
}

/** What kind of error it was; its words could say what is nobody's to read. */
function nameOf(error: unknown): string {
  if (error instanceof Refusal) return error.code;
  return error instanceof Error && /^\w{1,40}$/.test(error.name) ? error.name : 'unknown';
}
