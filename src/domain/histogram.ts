/** How often something was how large, by fixed bounds: counting is one addition in an array. */
export class Histogram {
  /** Ascending; a value that is equal to one counts below it. */
  readonly bounds: readonly number[];
  /** One for each bound, and one for what is above all of them; not cumulative. */
  readonly counts: readonly number[];
  readonly #counts: number[];
  #sum = 0;
  #count = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.#counts = new Array<number>(bounds.length + 1).fill(0);
    this.counts = this.#counts;
  }

  get sum(): number {
    return this.#sum;
  }

  get count(): number {
    return this.#count;
  }

  add(value: number): void {
    let at = 0;
    while (at < this.bounds.length && value > (this.bounds[at] as number)) at += 1;
    this.#counts[at] = (this.#counts[at] as number) + 1;
    this.#sum += value;
    this.#count += 1;
  }
}
