import type { Instant } from './instant.ts';

export type Window<Count> = { readonly endsAt: Instant; readonly count: Count };

/** Counts by a key, such as where something comes from, within windows of fixed length. No timers; at most so many are kept. */
export class Windows<Count> {
  readonly #lengthMs: number;
  readonly #keptMax: number;
  readonly #fresh: () => Count;
  /** In the order in which they were opened, which is that of their ends unless the clock was turned back. */
  readonly #windows = new Map<string, Window<Count>>();
  #latest: Instant = Number.NEGATIVE_INFINITY;

  constructor(lengthMs: number, keptMax: number, fresh: () => Count) {
    this.#lengthMs = lengthMs;
    this.#keptMax = keptMax;
    this.#fresh = fresh;
  }

  /** The window that is open for a key now. */
  of(key: string, now: Instant): Window<Count> {
    const known = this.#windows.get(key);
    if (known !== undefined && this.#isOpen(known, now)) return known;
    this.#windows.delete(key);
    this.#makeRoom(now);
    const window = { endsAt: now + this.#lengthMs, count: this.#fresh() };
    this.#windows.set(key, window);
    return window;
  }

  /** One that lasts longer than any should was opened before the clock was turned back. */
  #isOpen({ endsAt }: Window<Count>, now: Instant): boolean {
    return endsAt > now && endsAt - now <= this.#lengthMs;
  }

  /**
   * A key has one window, so nobody drives out their own by opening others; only many keys can. Looks no further than
   * the first that is open: whoever has many addresses must not make each of their requests search all windows.
   */
  #makeRoom(now: Instant): void {
    const turnedBack = now < this.#latest;
    this.#latest = now;
    if (this.#windows.size < this.#keptMax) return;
    if (turnedBack) this.#dropEnded(now);
    for (const [key, window] of this.#windows) {
      if (this.#windows.size < this.#keptMax && this.#isOpen(window, now)) return;
      this.#windows.delete(key);
    }
  }

  #dropEnded(now: Instant): void {
    for (const [key, window] of this.#windows) if (!this.#isOpen(window, now)) this.#windows.delete(key);
  }
}
