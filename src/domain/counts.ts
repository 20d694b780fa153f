import { Histogram } from './histogram.ts';
import { JOB_KINDS, type JobKind } from './job.ts';

/**
 * How verifications end. `outage`: nobody could tell. `refused`: nobody looked, because too many unknown ones came from the
 * same place. `failed`: our fault, or a row that does not prove itself.
 */
export const VERIFICATION_RESULTS = [
  ...(['ok', 'malformed', 'unknown', 'revoked', 'expired'] as const),
  ...(['refused', 'outage', 'failed'] as const),
] as const;
export type VerificationResult = (typeof VERIFICATION_RESULTS)[number];

/** How a run of a job ends. One that `failed` is tried again, one that is `dead` is not; `lost`: another process had taken it over. */
export type JobOutcome = 'done' | 'failed' | 'dead' | 'lost';

/** By which a token of somebody else is looked at, in this order. */
export const EXTERNAL_STEPS = [
  ...(['form', 'header', 'claims', 'algorithm', 'key', 'signature', 'issuer', 'audience'] as const),
  ...(['expiry', 'beginning', 'issue', 'lifetime', 'purpose', 'subject'] as const),
] as const;
export type ExternalStep = (typeof EXTERNAL_STEPS)[number];

/** From what a database at hand needs to what makes a process believe nothing any more. */
const LAG_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** What the core counts since the process began: plain numbers, so that counting costs nothing, read by whoever asks. */
export class Counts {
  readonly verifications: Record<VerificationResult, number> = {
    ...{ ok: 0, malformed: 0, unknown: 0, revoked: 0, expired: 0 },
    ...{ refused: 0, outage: 0, failed: 0 },
  };
  readonly jobRuns = Object.fromEntries(
    JOB_KINDS.map((kind) => [kind, { done: 0, failed: 0, dead: 0, lost: 0 }]),
  ) as Readonly<Record<JobKind, Record<JobOutcome, number>>>;
  /** Tokens of providers that were not believed, by the step that found it out. */
  readonly externalRefusals = Object.fromEntries(EXTERNAL_STEPS.map((step) => [step, 0])) as Record<
    ExternalStep,
    number
  >;
  /** How old changes of other processes were when they were heard, in seconds. */
  readonly feedLag = new Histogram(LAG_SECONDS);
}
