import { Refusal } from '#domain/refusal.ts';

/** An outage must never look like a bad credential: the caller is told so first, the operator is told what it is. */
export const outage = (why: string, cause: unknown): Refusal =>
  new Refusal(
    'unavailable',
    'The service is unavailable for the moment; your API key is not the problem. Its database cannot be used: try again.',
    { detail: `the database cannot be used: ${why}`, cause },
  );
