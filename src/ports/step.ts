import type { Action } from '#domain/permission.ts';

/** Every change passes the first three; `written` is inside its transaction. */
export type StepLabel =
  | `${Action}.${'decided' | 'written' | 'committed'}`
  | 'keys.made'
  | 'bootstrap.part-written'
  | 'bootstrap.file-written'
  | 'migration.written';

/** Where a fault test stops the process; in production nothing happens here. */
export type Step = (label: StepLabel) => void;
