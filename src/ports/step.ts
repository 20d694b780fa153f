import type { JobKind } from '#domain/job.ts';
import type { Action } from '#domain/permission.ts';

/** Every change passes the first three, every job those of its kind; `written` and `done` are inside their transaction. */
export type StepLabel =
  | `${Action}.${'decided' | 'written' | 'committed'}`
  | `job.${JobKind}.${'claimed' | 'done' | 'settled'}`
  | 'keys.made'
  | 'bootstrap.part-written'
  | 'bootstrap.file-written'
  | 'migration.written';

/** Where a fault test stops the process; in production nothing happens here. */
export type Step = (label: StepLabel) => void;
