import { type Form, formOf, KIND_NAMES } from '#crypto/opaque-form.ts';
import { Sensitive } from '#domain/sensitive.ts';
import { type Command, type Options, textOf } from './command.ts';
import { EXIT } from './exit.ts';
import type { Here } from './here.ts';
import { typed } from './key.ts';

type Fault = NonNullable<Extract<Form, { form: 'opaque' }>['fault']>;

const FAULTS: Readonly<Record<Fault, string>> = {
  checksum: 'its checksum is wrong: a character was changed or two were swapped',
  preview: 'this is its preview, which is shown everywhere, and not its value',
  length: 'it is cut short, or something was added',
  characters: 'it holds characters that no token has',
};

/** Offline: what a text is can be told from it. Whether it is still good, only the server knows. */
export const tokensCheck: Command = {
  takes: '[--file FILE]',
  words: 0,
  options: { file: 'string' },
  async run(here, _, options) {
    const form = formOf(await given(here, options));
    const isGood = form.form === 'jwt' || (form.form === 'opaque' && form.fault === undefined);
    return {
      lines: [wordsOf(form)],
      json: { ...form, ...(form.form === 'opaque' ? { fault: form.fault ?? null } : {}), wellFormed: isGood },
      exit: isGood ? EXIT.done : EXIT.refused,
    };
  },
};

async function given(here: Here, options: Options): Promise<Sensitive> {
  const file = textOf(options.file);
  const text = file === undefined ? await typed(here, 'Token to check') : here.files.read(file);
  return new Sensitive(text.trim());
}

const STILL_GOOD = 'Whether it is still good, only the server knows.';

const FOREIGN_JWT =
  'A JWT, and not one of Countersign’s as they are written: another product’s, or one that was cut short or altered.';

function wordsOf(form: Form): string {
  if (form.form === 'foreign')
    return form.isJwt ? FOREIGN_JWT : 'Not one of Countersign’s: it begins as none of them does.';
  if (form.form === 'jwt')
    return 'A JWT as Countersign writes them. Which server signed it, and whether that is right, only a server knows.';
  if (form.fault === undefined) return `A ${KIND_NAMES[form.kind]}, written correctly. ${STILL_GOOD}`;
  return `Meant to be a ${KIND_NAMES[form.kind]}, and it is none: ${FAULTS[form.fault]}.`;
}
