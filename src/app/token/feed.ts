import { isWithin, type Moment } from '#domain/instant.ts';
import type { Clock } from '#ports/chance-and-time.ts';

type Terms = {
  /** Others write to the database too. A process that is alone there has applied every change by itself. */
  readonly isShared: boolean;
  readonly staleMsMax: number;
};

/** On top of its own bound. What a process cannot write it may still hear, so this is a matter of outages, not of load. */
const UNSAID_MS_MAX = 30_000;

/** A process that has not said for so long that it is there believes nothing that it remembers. */
export const goneAfterMs = ({ staleMsMax }: { readonly staleMsMax: number }): number => staleMsMax + UNSAID_MS_MAX;

/** When this process last had word of all that others had committed by then. */
export class Feed {
  readonly staleMsMax: number;
  /** Keys have moved, and are not learnt yet: a change is told once, and until then the feed was not heard to its end. */
  owesKeys = false;
  readonly #clock: Clock;
  readonly #isShared: boolean;
  #heardAt: Moment;
  #saidAt: Moment;

  constructor(clock: Clock, { isShared, staleMsMax }: Terms) {
    this.#clock = clock;
    this.#isShared = isShared;
    this.staleMsMax = staleMsMax;
    this.#heardAt = clock.moment();
    this.#saidAt = this.#heardAt;
  }

  /** The feed was read to its end; `asked` is from before the question. */
  hear(asked: Moment): void {
    if (asked.elapsedMs > this.#heardAt.elapsedMs) this.#heardAt = asked;
  }

  /** Others know that this process is there, and how far; `asked` is from before that was written. */
  said(asked: Moment): void {
    if (asked.elapsedMs > this.#saidAt.elapsedMs) this.#saidAt = asked;
  }

  /**
   * Else nothing that is remembered may be believed: a revoke may have passed by unheard, or somebody who waits for all
   * has taken this process for gone.
   */
  isHeard(): boolean {
    if (!this.#isShared) return true;
    const now = this.#clock.moment();
    return isWithin(this.#heardAt, now, this.staleMsMax) && isWithin(this.#saidAt, now, goneAfterMs(this));
  }

  /** To be called before a read: what it answers tells whether what was read may be believed by now. */
  reading(): () => boolean {
    const asked = this.#clock.moment();
    return () => !this.#isShared || this.isHeard() || isWithin(asked, this.#clock.moment(), this.staleMsMax);
  }

  /** 0 where there is nobody to be heard. */
  silentMs(): number {
    return this.#isShared ? this.#clock.moment().elapsedMs - this.#heardAt.elapsedMs : 0;
  }
}
