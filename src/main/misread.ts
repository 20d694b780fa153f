/** What parseArgs says of a word that it does not know, as far as that word is a plain one. */
const PLAIN = /^(?:Unknown option|Unexpected argument) '-{0,2}[a-z][a-z-]{0,19}'(?=$|\. )/;
/** Of the options that are known, and of those alone, it says anything else. */
const OF_OURS = 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE';

/** What is wrong with arguments, as parseArgs found it. A word that is no plain one is not said again: it may be a key. */
export function misread(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === OF_OURS) return message;
  const [known] = PLAIN.exec(message) ?? [];
  return `${known ?? 'There is a word that is not known here'}. Usage: countersign --help`;
}
