import { Refusal } from '#domain/refusal.ts';

/** Another transaction changed the row first. Nothing was written: the body can be run again, on what stands by then. */
export class LostRace extends Refusal {
  constructor(options: { cause?: unknown } = {}) {
    super('unavailable', 'This was changed at the same moment, and nothing was done. Send it again.', options);
  }
}
