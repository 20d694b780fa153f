import type { Instant } from '#domain/instant.ts';
import { Refusal } from '#domain/refusal.ts';
import { Windows } from '#domain/windows.ts';

/** Requests in a window of 10 seconds; 0 is no limit. */
export type RequestLimits = {
  readonly perAddressMax: number;
  readonly perTokenMax: number;
  readonly perPrincipalMax: number;
  readonly perTenantMax: number;
};
export const NO_REQUEST_LIMITS: RequestLimits = {
  perAddressMax: 0,
  perTokenMax: 0,
  perPrincipalMax: 0,
  perTenantMax: 0,
};

/** Refuses what is too much for a key; undefined where there is no limit, so that nothing is done for it. */
export type RequestLimit = (key: string, now: Instant) => Refusal | undefined;

const WINDOW_MS = 10_000;
/** Keys remembered at once; some hundred bytes each. */
const KEPT_MAX = 50_000;

/** `whose` ends the sentence "Too many requests …". */
export function requestLimit(requestsMax: number, whose: string): RequestLimit | undefined {
  if (requestsMax === 0) return undefined;
  const windows = new Windows<{ requests: number }>(WINDOW_MS, KEPT_MAX, () => ({ requests: 0 }));
  return (key, now) => {
    const { endsAt, count } = windows.of(key, now);
    count.requests += 1;
    return count.requests > requestsMax ? tooMany(whose, endsAt - now) : undefined;
  };
}

const tooMany = (whose: string, waitMs: number): Refusal =>
  new Refusal('rate_limited', `Too many requests ${whose}. Wait a few seconds and try again.`, {
    retryAfterSeconds: Math.ceil(waitMs / 1000),
  });
