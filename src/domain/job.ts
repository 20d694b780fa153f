import { ID_CHARS, type Id, parseId } from './id.ts';

export type JobId = Id<'Job'>;

/** What runs by itself. A kind stays in the database for as long as one of its jobs does: never renamed. */
export const JOB_KINDS = ['token-uses', 'retention', 'account-rotation', 'refused-uses'] as const;
export type JobKind = (typeof JOB_KINDS)[number];

/** `waiting` is due later, after a failure or by its period; `dead` is run no more until somebody asks for it. */
export const JOB_STATES = ['due', 'leased', 'waiting', 'dead'] as const;
export type JobState = (typeof JOB_STATES)[number];

/** Of a job that there is once in the whole instance: the same id everywhere, so that adding it twice adds one. */
export const onlyJob = (kind: JobKind): JobId => parseId(kind.replaceAll('-', '').padEnd(ID_CHARS, '0'));

const RETRY_MS_FIRST = 1_000;
/** What still fails after hours is tried once an hour; and no delay that is given to any job is longer. */
export const DELAY_MS_MAX = 60 * 60 * 1000;

/** Twice as long with each attempt that failed. */
export const retryAfterMs = (attempts: number): number =>
  Math.min(DELAY_MS_MAX, RETRY_MS_FIRST * 2 ** Math.max(0, attempts - 1));

/** A run that neither ended nor failed by then lost its process. Longer than any transaction of one may take. */
export const LEASE_MS_MAX = 60 * 1000;
