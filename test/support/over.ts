import { afterAll, expect, onTestFinished } from 'vitest';

/** Once the test is over that runs now; outside of one, once all of its file are. */
export function whenOver(clean: () => void | Promise<void>): void {
  if (expect.getState().currentTestName === undefined) afterAll(clean);
  else onTestFinished(clean);
}
