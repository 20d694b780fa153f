import { parseArgs } from 'node:util';
import { Refusal } from '#domain/refusal.ts';
import { misunderstood } from './exit.ts';
import type { Here } from './here.ts';

/** What a command has to say. Neither holds a credential; nothing in either acts on a terminal once it is printed. */
export type Said = {
  readonly lines: readonly string[];
  /** Stable; docs/command-line.md tells its shape. */
  readonly json: unknown;
  readonly exit?: number;
};
export type Options = Readonly<Record<string, string | boolean | undefined>>;

export type Command = {
  /** What stands behind `countersign` and the command's name. */
  readonly takes: string;
  readonly words: number;
  readonly options: Readonly<Record<string, 'string' | 'boolean'>>;
  run(here: Here, words: readonly string[], options: Options): Promise<Said>;
};

/** Every command takes these. */
const COMMON = { json: 'boolean', 'insecure-http': 'boolean' } as const;

/** A word that is one word too many is not echoed: it may be a key. */
export function readWords(name: string, { takes, words, options }: Command, args: readonly string[]) {
  const usage = `Usage: countersign ${[name, takes].filter((part) => part !== '').join(' ')}`;
  try {
    const read = parseArgs({ args: [...args], options: typed({ ...options, ...COMMON }), allowPositionals: true });
    const empty = Object.keys(read.values).find((option) => read.values[option] === '');
    if (empty !== undefined) throw misunderstood(`--${empty} must not be empty. ${usage}`);
    if (read.positionals.length === words) return { words: read.positionals, options: read.values as Options };
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw misunderstood(`${(error as Error).message.split('. ')[0]}. ${usage}`);
  }
  throw misunderstood(usage);
}

const typed = (options: Command['options']) =>
  Object.fromEntries(Object.entries(options).map(([name, type]) => [name, { type }]));

export const textOf = (option: Options[string]): string | undefined =>
  typeof option === 'string' ? option : undefined;
