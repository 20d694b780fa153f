import type { Brand } from './brand.ts';
import { Refusal } from './refusal.ts';

/** Names a record in public: 24 characters, safe to log, never part of a credential, never reused. */
export type Id<Noun extends string> = Brand<string, `${Noun}Id`>;

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const ALPHABET = `${LETTERS}0123456789`;
export const ID = /^[a-z][a-z0-9]{23}$/;
export const ID_CHARS = 24;
/** One for each character. */
export const ID_RANDOM_BYTES = ID_CHARS;

/** A remainder favours some letters slightly; harmless, because an id need not be hard to guess. */
export function idFrom<Noun extends string>(random: Uint8Array): Id<Noun> {
  const letters = Array.from(random, (byte, at) => (at === 0 ? LETTERS[byte % 26] : ALPHABET[byte % 36]));
  return parseId(letters.join(''));
}

/** What cannot be an id is absent, not wrong: the answer must not depend on why nothing was found. */
export function parseId<Noun extends string>(input: string): Id<Noun> {
  if (!ID.test(input)) throw new Refusal('not_found', 'No such id.');
  return input as Id<Noun>; // the only cast to an id in the program
}
