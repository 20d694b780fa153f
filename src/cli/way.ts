import type { Sensitive } from '#domain/sensitive.ts';
import { type Options, textOf } from './command.ts';
import { misunderstood, refused } from './exit.ts';
import type { Ask, Here } from './here.ts';

/** Where a new value goes. */
export type Way = {
  readonly file: string | undefined;
  /** Hands the value over, once; resolves to what a person must be told with it. */
  hand(value: Sensitive, id: string): readonly string[];
  /** Of a value that will not come. */
  discard(): void;
};

/** What is handed over, in words for whoever takes it. */
export type Handed = { readonly called: string; readonly warning: string };

export const TOKEN: Handed = {
  called: 'One-time token',
  warning:
    '⚠️ Save this token NOW — it will not be shown again. Store it in a password manager, CI/CD secret store, or secret ' +
    'group. Never commit tokens to Git or share them in plain text.',
};
export const LINK: Handed = {
  called: 'One-time link',
  warning: '⚠️ Whoever opens this link first becomes that user. Give it to them, and to nobody else.',
};
const NOWHERE =
  'A new value can be had once, and nobody sits here who could take it. Say --out FILE, which makes a new file that ' +
  'only you can read; or, at a terminal, --show.';
const JSON_HOLDS_NONE = '--json never holds a value. Save it with --out FILE.';

/** Settled before anything is created, and by a person where they have not said; a refusal here costs nothing. */
export async function wayFor(here: Here, options: Options, what = TOKEN): Promise<Way> {
  const file = textOf(options.out);
  if (options.show === true && file !== undefined) throw misunderstood('Give --show or --out, not both.');
  if (file !== undefined) return intoFile(here, file);
  if (options.json === true) throw refused(JSON_HOLDS_NONE);
  const ask = here.out.isTerminal ? here.ask : undefined;
  if (ask === undefined) throw refused(NOWHERE);
  return options.show === true ? onTerminal(ask, what) : asChosen(here, ask, what);
}

const CHOICES = {
  show: 'Show it here, once',
  save: 'Save it in a new file that only I can read',
  nothing: 'Create nothing',
} as const;

async function asChosen(here: Here, ask: Ask, what: Handed): Promise<Way> {
  const choice = await ask.choose<keyof typeof CHOICES>('The value can be had once. Where should it go?', CHOICES);
  if (choice === 'nothing') throw refused('Nothing was created.');
  return choice === 'show' ? onTerminal(ask, what) : intoFile(here, await ask.line('File'));
}

async function onTerminal(ask: Ask, { called, warning }: Handed): Promise<Way> {
  const ready = await ask.confirm('The value will be shown here, once. Are you ready to copy it, and alone?');
  if (!ready) throw refused('Nothing was created.');
  return {
    file: undefined,
    hand: (value) => [`${called}: ${value.reveal()}`, warning],
    discard: () => {},
  };
}

function intoFile({ files }: Here, path: string): Way {
  if (path === '') throw misunderstood('A file needs a name.');
  const file = files.make(path);
  return {
    file: path,
    hand: (value, id) => {
      try {
        file.keep(`${value.reveal()}\n`);
      } catch {
        throw refused(`The token was created, and ${path} could not be written: its value is lost. End it: ${id}`);
      }
      return [`Saved in ${path}, which only you can read.`];
    },
    discard: () => file.discard(),
  };
}
