import type { Instant } from '#domain/instant.ts';

export type Window<Count> = { readonly endsAt: Instant; readonly count: Count };

/** One for all that runs on this machine: any program here may call from any of the 127/8 addresses. */
const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/;

/** Counts by where something comes from, within windows of fixed length. */
export class Windows<Count> {
  readonly #lengthMs: number;
  readonly #keptMax: number;
  readonly #fresh: () => Count;
  readonly #windows = new Map<string, Window<Count>>();

  constructor(lengthMs: number, keptMax: number, fresh: () => Count) {
    this.#lengthMs = lengthMs;
    this.#keptMax = keptMax;
    this.#fresh = fresh;
  }

  /** The window that is open for an address now. */
  of(address: string | undefined, now: Instant): Window<Count> {
    const place = LOOPBACK.test(address ?? '') ? 'loopback' : (address ?? 'unknown');
    const known = this.#windows.get(place);
    if (known !== undefined && this.#isOpen(known, now)) return known;
    if (this.#windows.size >= this.#keptMax) this.#makeRoom(now);
    const window = { endsAt: now + this.#lengthMs, count: this.#fresh() };
    this.#windows.delete(place);
    this.#windows.set(place, window);
    return window;
  }

  /** One that lasts longer than any should was opened before the clock was turned back. */
  #isOpen({ endsAt }: Window<Count>, now: Instant): boolean {
    return endsAt > now && endsAt - now <= this.#lengthMs;
  }

  /** An address has one window, so nobody drives out their own by opening others; only many addresses can. */
  #makeRoom(now: Instant): void {
    for (const [place, window] of this.#windows) if (!this.#isOpen(window, now)) this.#windows.delete(place);
    const [oldest] = this.#windows.size < this.#keptMax ? [] : this.#windows.keys();
    if (oldest !== undefined) this.#windows.delete(oldest);
  }
}
