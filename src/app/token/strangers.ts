import type { Instant } from '#domain/instant.ts';
import { placeOf } from '#domain/place.ts';
import { Refusal } from '#domain/refusal.ts';
import { Windows } from '#domain/windows.ts';

const WINDOW_MS = 10_000;
/** Unknown credentials from one address in a window; each cost a read, and no honest client has so many. */
const UNKNOWN_MAX = 200;
/** Addresses remembered at once. */
const KEPT_MAX = 10_000;

/** Nobody can tell whether one is good, and anybody can make one of which that is so: it counts as one that is not. */
export class Untold extends Refusal {}

/** Credentials that were never issued: only counted, as garbage must not cause writes, and bounded by address. */
export class Strangers {
  readonly #windows = new Windows<{ unknown: number }>(WINDOW_MS, KEPT_MAX, () => ({ unknown: 0 }));
  #total = 0;

  /** How many were presented since the process began. */
  get total(): number {
    return this.#total;
  }

  noticed(): void {
    this.#total += 1;
  }

  /**
   * Reads one that was not known before. Refuses with `rate_limited` where too many of an address proved unknown: what is not
   * read is not called bad, and what was known goes on being read. Reads under way do not count yet, or
   * everybody behind one proxy would be refused after a restart; so as many as run side by side may come on top.
   */
  async read<Known>(
    address: string | undefined,
    now: Instant,
    look: () => Promise<Known | undefined>,
  ): Promise<Known | undefined> {
    const { endsAt, count } = this.#windows.of(placeOf(address), now);
    if (count.unknown >= UNKNOWN_MAX) throw tooMany(endsAt - now);
    const known = await look().catch((error: unknown) => {
      if (error instanceof Untold) count.unknown += 1;
      throw error;
    });
    if (known === undefined) count.unknown += 1;
    return known;
  }
}

const tooMany = (waitMs: number): Refusal =>
  new Refusal('rate_limited', 'Too many unknown API keys came from this address. Wait a few seconds and try again.', {
    retryAfterSeconds: Math.ceil(waitMs / 1000),
  });
