import type { Instant } from '#domain/instant.ts';
import { Refusal } from '#domain/refusal.ts';

const WINDOW_MS = 15 * 60_000;
/** Failures by which one address may guess at one account before it has to wait. */
const PER_ACCOUNT_MAX = 10;
/** Failures of one address altogether: a password tried on many accounts. */
const PER_ADDRESS_MAX = 100;
/** Keys remembered at once; beyond it the oldest windows are forgotten. */
const KEPT_MAX = 20_000;

type Window = { readonly endsAt: Instant; failures: number };

/**
 * Slows down guessing, by where it comes from: an account is never locked for everybody, or whoever knows an
 * administrator's address could lock them out. Counted before the work is done, so that guesses side by side count too.
 */
export class Attempts {
  readonly #windows = new Map<string, Window>();

  /** Refuses with `rate_limited` beyond the limits; `succeeded` takes the attempt back. */
  begin(address: string | undefined, account: string, now: Instant): { succeeded(): void } {
    const windows = [
      { window: this.#window(`${address}`, now), max: PER_ADDRESS_MAX },
      { window: this.#window(`${address} ${account}`, now), max: PER_ACCOUNT_MAX },
    ];
    for (const { window, max } of windows) if (window.failures >= max) throw tooMany(window.endsAt - now);
    for (const { window } of windows) window.failures += 1;
    return {
      succeeded() {
        for (const { window } of windows) window.failures -= 1;
      },
    };
  }

  #window(key: string, now: Instant): Window {
    const known = this.#windows.get(key);
    // A clock that was turned back far would make a window last: it ends then, too.
    if (known !== undefined && known.endsAt > now && known.endsAt - now <= WINDOW_MS) return known;
    if (this.#windows.size >= KEPT_MAX) this.#forgetSome();
    const window = { endsAt: now + WINDOW_MS, failures: 0 };
    this.#windows.delete(key);
    this.#windows.set(key, window);
    return window;
  }

  #forgetSome(): void {
    for (const key of [...this.#windows.keys()].slice(0, KEPT_MAX / 2)) this.#windows.delete(key);
  }
}

const tooMany = (waitMs: number): Refusal =>
  new Refusal('rate_limited', 'Too many failed attempts from this address. Wait a few minutes and try again.', {
    retryAfterSeconds: Math.ceil(waitMs / 1000),
  });
