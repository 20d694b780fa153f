export const PREFIX = 'COUNTERSIGN_';

export type Parsed<Value> = { readonly value: Value } | { readonly problem: string };
export type Setting<Value> = {
  readonly env: `${typeof PREFIX}${string}`;
  /** The word behind `--` for `countersign serve`, where there is one. */
  readonly flag: string | undefined;
  /** The flag alone says yes; it takes no value. */
  readonly bare?: true;
  /** May hold a password: its text is never shown. */
  readonly secret?: true;
  readonly fallback: string;
  readonly about: string;
  readonly parse: (text: string) => Parsed<Value>;
};
export type Texts = Readonly<Record<string, string | undefined>>;

/** The largest number that a setting takes: beyond, somebody has mistyped. */
const NUMBER_MAX = 1_000_000_000;

export function optional(text: string): Parsed<string | undefined> {
  return { value: text === '' ? undefined : text };
}

export function wholeNumber(text: string): Parsed<number> {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (number <= NUMBER_MAX) return { value: number };
  return { problem: `must be a whole number from 0 to ${NUMBER_MAX}; 0 is no limit` };
}

export const wholeNumberFrom =
  (min: number, max: number) =>
  (text: string): Parsed<number> => {
    const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    return number >= min && number <= max
      ? { value: number }
      : { problem: `must be a whole number from ${min} to ${max}` };
  };

const YES_OR_NO: Readonly<Record<string, boolean>> = { '1': true, true: true, '0': false, false: false };

export function yesOrNo(text: string): Parsed<boolean> {
  const value = Object.hasOwn(YES_OR_NO, text) ? YES_OR_NO[text] : undefined;
  return value === undefined ? { problem: 'must be true or false' } : { value };
}

export const oneOf =
  <Word extends string>(words: readonly Word[]) =>
  (text: string): Parsed<Word> => {
    const value = words.find((word) => word === text);
    return value === undefined ? { problem: `must be one of ${words.join(', ')}` } : { value };
  };
