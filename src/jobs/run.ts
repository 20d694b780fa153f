import type { Deps } from '#app/deps.ts';
import type { ClaimedJob, NewJob } from '#ports/jobs.ts';
import type { Transaction } from '#ports/store.ts';

/** What it knows when it runs again in its place, and when that is. */
export type Next = Pick<NewJob, 'payload' | 'dueAt'> & {
  /** What it had to leave, in words that are safe to show. */
  readonly lastError?: string;
};

/** One run of a job that this process has claimed. */
export type Run = {
  readonly job: Pick<ClaimedJob, 'id' | 'payload' | 'lastError'>;
  /** False once others have waited for long enough, or the process is to stop: then it settles to go on later. */
  mayGoOn(): boolean;
  /** First in every transaction that does only a part of the work: throws for a run that has lost its job. */
  hold(tx: Transaction): Promise<void>;
  /** Ends the run: what the body writes and what becomes of the job are one transaction, so that both are done once. */
  settle(body: (tx: Transaction) => Promise<Next | undefined>): Promise<void>;
};

/** Runs at least once, and so that a second time changes nothing more: by what is written with the end of the job. */
export type Handler = (deps: Deps, run: Run) => Promise<void>;

/** Somebody else has the job, and will do all of it: nothing of this transaction is done. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
  constructor() {
    super('the lease was lost');
  }
}
