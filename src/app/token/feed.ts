import { isWithin, type Moment } from '#domain/instant.ts';
import type { Clock } from '#ports/chance-and-time.ts';

type Terms = {
  /** Others write to the database too. A process that is alone there has applied every change by itself. */
  readonly isShared: boolean;
  readonly staleMsMax: number;
};

/** When this process last had word of all that others had committed by then. */
export class Feed {
  readonly staleMsMax: number;
  readonly #clock: Clock;
  readonly #isShared: boolean;
  #heardAt: Moment;

  constructor(clock: Clock, { isShared, staleMsMax }: Terms) {
    this.#clock = clock;
    this.#isShared = isShared;
    this.staleMsMax = staleMsMax;
    this.#heardAt = clock.moment();
  }

  /** The feed was read to its end; `asked` is from before the question. */
  hear(asked: Moment): void {
    if (asked.elapsedMs > this.#heardAt.elapsedMs) this.#heardAt = asked;
  }

  /** Else nothing that is remembered may be believed: a revoke may have passed by unheard. */
  isHeard(): boolean {
    return !this.#isShared || isWithin(this.#heardAt, this.#clock.moment(), this.staleMsMax);
  }

  /** 0 where there is nobody to be heard. */
  silentMs(): number {
    return this.#isShared ? this.#clock.moment().elapsedMs - this.#heardAt.elapsedMs : 0;
  }
}
