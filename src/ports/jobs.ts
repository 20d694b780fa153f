import type { Id } from '#domain/id.ts';
import type { Instant } from '#domain/instant.ts';
import type { JobId, JobKind, JobState } from '#domain/job.ts';

/** Random, and new with each claim: whoever holds another one lost the job, whatever any clock says. */
export type LeaseId = Id<'Lease'>;

/** Something that runs by itself, at least once. Its payload is JSON of its kind's own. */
export type NewJob = {
  readonly id: JobId;
  readonly kind: JobKind;
  readonly payload: string;
  readonly dueAt: Instant;
};
/** As it was claimed; `attempts` counts this one. */
export type ClaimedJob = Pick<NewJob, 'id' | 'kind' | 'payload'> & {
  readonly lease: LeaseId;
  readonly attempts: number;
  /** Of the attempt before, where that failed, or of what it had to leave. */
  readonly lastError: string | undefined;
};
export type HeldJob = Pick<ClaimedJob, 'id' | 'lease'>;

/** Why a job is dead that nobody ran: its row was written by somebody else, or each attempt lost its process. */
export type Unrun = 'unproved' | 'abandoned';
export type Claim =
  | { readonly ok: true; readonly job: ClaimedJob }
  | { readonly ok: false; readonly id: JobId; readonly kind: JobKind; readonly why: Unrun };

export type ClaimTerms = {
  readonly lease: LeaseId;
  readonly now: Instant;
  readonly leaseMs: number;
  readonly attemptsMax: number;
};

/** For people and metrics. Not proved: what is shown of a row decides nothing. */
export type ShownJob = {
  readonly id: JobId;
  readonly kind: JobKind;
  readonly state: JobState;
  readonly dueAt: Instant;
  readonly attempts: number;
  readonly lastError: string | undefined;
};
export type JobCount = { readonly kind: JobKind; readonly state: JobState; readonly jobs: number };

export interface JobReads {
  /** The kind of the one, among these, that is due for the longest and that nobody holds; undefined where none is. */
  next(kinds: readonly JobKind[], now: Instant): Promise<JobKind | undefined>;
  /** How many there are, where there are any. */
  counts(now: Instant): Promise<readonly JobCount[]>;
  /** Since when the oldest is due that is neither dead nor held; undefined where none is. */
  oldestDueAt(now: Instant): Promise<Instant | undefined>;
  /** Dead ones first, then by when they are due. */
  list(now: Instant, max: number): Promise<readonly ShownJob[]>;
  find(id: JobId, now: Instant): Promise<ShownJob | undefined>;
}

export interface JobWrites {
  /** False, and nothing written, while there is one of that id. */
  add(job: NewJob): Promise<boolean>;
  /**
   * The one of this kind that is due for the longest, for whoever holds the lease from now on: of those who ask at once
   * each gets another. One whose lease has run out is taken over. One whose row does not prove itself, or that was begun
   * as often as may be and never ended, is dead from here on, and is given to nobody.
   */
  claim(kind: JobKind, terms: ClaimTerms): Promise<Claim | undefined>;
  /** Nobody can claim it before this transaction is over. Here and below: false, and nothing changed, for whoever lost the lease. */
  hold(job: HeldJob): Promise<boolean>;
  /** Ends it; or, with `next`, has it run again in its place, with a count of attempts that begins anew. */
  settle(job: HeldJob, next?: Pick<NewJob, 'payload' | 'dueAt'> & { readonly lastError?: string }): Promise<boolean>;
  /** Has it tried again at `retryAt`; dead without. */
  fail(
    job: HeldJob,
    failed: { readonly error: string; readonly now: Instant; readonly retryAt?: Instant },
  ): Promise<boolean>;
  /** Has a dead one run at once, as if for the first time; false for one that is not dead. One whose row does not prove itself throws. */
  retry(id: JobId, now: Instant): Promise<boolean>;
  /** Of whatever state. */
  remove(id: JobId): Promise<void>;
  /** Has none wait for longer than this: one that would was put off by a clock that has been turned back since. */
  bringForward(latest: Instant): Promise<void>;
}
