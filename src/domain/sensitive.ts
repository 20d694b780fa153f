/** Same key Node's util.inspect looks up; spelled out so the domain imports no runtime. */
const inspect = Symbol.for('nodejs.util.inspect.custom');

/**
 * Plaintext that cannot be printed by accident: every road to a string ends in
 * the placeholder, except `reveal()`, which is easy to grep for.
 */
export class Sensitive {
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }
  /** The one way out. test/architecture/reveals.test.ts holds the list of files that may call it. */
  reveal(): string {
    return this.#text;
  }
  toString(): string {
    return '[sensitive]';
  }
  toJSON(): string {
    return '[sensitive]';
  }
  [inspect](): string {
    return '[sensitive]';
  }
}
