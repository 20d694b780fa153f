import type { Instant } from '#domain/instant.ts';
import { Refusal } from '#domain/refusal.ts';
import { Windows } from '../windows.ts';

const WINDOW_MS = 10_000;
/** Unknown credentials from one address in a window; each cost a read, and no honest client has so many. */
const UNKNOWN_MAX = 200;
/** Addresses remembered at once. */
const KEPT_MAX = 10_000;

/** Credentials that were never issued: only counted, as garbage must not cause writes, and bounded by address. */
export class Strangers {
  readonly #windows = new Windows<{ unknown: number }>(WINDOW_MS, KEPT_MAX, () => ({ unknown: 0 }));
  #total = 0;

  /** Since the process began. */
  get total(): number {
    return this.#total;
  }

  noticed(address: string | undefined, now: Instant): void {
    this.#total += 1;
    this.#windows.of(address, now).count.unknown += 1;
  }

  /**
   * Refuses with `rate_limited` where too many came from. Asked before the database is: what is remembered as good goes
   * on being served, and what is not read is not called bad.
   */
  mayAsk(address: string | undefined, now: Instant): void {
    const { endsAt, count } = this.#windows.of(address, now);
    if (count.unknown < UNKNOWN_MAX) return;
    throw new Refusal(
      'rate_limited',
      'Too many unknown API keys came from this address. Wait a few seconds and try again.',
      {
        retryAfterSeconds: Math.ceil((endsAt - now) / 1000),
      },
    );
  }
}
