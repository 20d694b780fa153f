import { Sensitive } from '#domain/sensitive.ts';
import { misunderstood } from './exit.ts';
import type { Here } from './here.ts';

/** What a header can hold. A line break around it comes with every file. */
const KEY = /^[\x21-\x7e]+$/;

/** The text itself is never part of what is wrong with it. */
export function parseKey(text: string, from: string): Sensitive {
  const key = text.trim();
  if (key === '') throw misunderstood(`There is no key in ${from}.`);
  if (!KEY.test(key)) throw misunderstood(`The key in ${from} must be one word of letters, digits and signs.`);
  return new Sensitive(key);
}

/** Typed unseen where a person sits there, else all of standard input. */
export async function typed({ ask, stdin }: Here, message: string): Promise<string> {
  if (ask !== undefined) return ask.secret(message);
  if (stdin.isTerminal) throw misunderstood('Nobody can be asked here: give it on standard input.');
  return stdin.text();
}
