import type { JobKind } from '#domain/job.ts';
import { FIRST_ROTATION, rotateDue } from './account-rotation.ts';
import { containUses } from './refused-uses.ts';
import { FIRST_RETENTION, retain } from './retention.ts';
import type { Handler } from './run.ts';
import { mergeUses } from './token-uses.ts';

export type KindOfJob = {
  readonly handle: Handler;
  /** Longer than any of its transactions may take; a process that is gone is missed after it. */
  readonly leaseMs: number;
  /** Beyond it a job is dead: with pauses that double up to an hour, after half a day. */
  readonly attemptsMax: number;
  /** A process that stops still does those that are due. */
  readonly isDoneAtStop: boolean;
  /** There is one in the whole instance, always, which begins with this payload. */
  readonly firstPayload: string | undefined;
};

const ATTEMPTS_MAX = 24;

/** Everything that runs by itself. A kind that is missing here does not compile. */
export const JOBS: Readonly<Record<JobKind, KindOfJob>> = {
  'token-uses': {
    ...{ handle: mergeUses, leaseMs: 30_000, attemptsMax: ATTEMPTS_MAX },
    ...{ isDoneAtStop: true, firstPayload: undefined },
  },
  'account-rotation': {
    ...{ handle: rotateDue, leaseMs: 60_000, attemptsMax: ATTEMPTS_MAX },
    ...{ isDoneAtStop: false, firstPayload: FIRST_ROTATION },
  },
  'refused-uses': {
    ...{ handle: containUses, leaseMs: 30_000, attemptsMax: ATTEMPTS_MAX },
    ...{ isDoneAtStop: true, firstPayload: undefined },
  },
  retention: {
    ...{ handle: retain, leaseMs: 60_000, attemptsMax: ATTEMPTS_MAX },
    ...{ isDoneAtStop: false, firstPayload: FIRST_RETENTION },
  },
};
