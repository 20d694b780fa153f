import { Refusal } from '#domain/refusal.ts';

/** What was read before the transaction was no longer so inside it; nothing was written. */
export class Overtaken extends Error {
  constructor() {
    super('overtaken');
  }
}

/** Beyond it something is wrong that another try does not mend: each try begins with what stands by then. */
const TRIES_MAX = 5;

/** Does it again from the start, where others were faster. */
export async function untilNotOvertaken<Result>(act: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error;
      if (tries === TRIES_MAX) throw busy(error);
    }
  }
}

const busy = (cause: Error): Refusal =>
  new Refusal('unavailable', 'This was changed at the same moment, and nothing was done. Send it again.', { cause });
