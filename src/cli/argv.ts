import { BODY_CHARS, PREFIXES } from '#crypto/opaque-form.ts';
import { misunderstood } from './exit.ts';

/** Of a kind that is none of ours: files and folders are called by such words, but not by such long ones. */
const OTHERS_CHARS_MIN = 20;
/**
 * Ours or another installation's, or a JWT, wherever in a word it stands. Of ours the body is enough, since its checksum
 * can be calculated; less than that is a name.
 */
const CREDENTIALS = [
  new RegExp(`(?:${Object.values(PREFIXES).join('|')})[0-9A-Za-z]{${BODY_CHARS}}`),
  new RegExp(`(?!${Object.values(PREFIXES).join('|')})\\b(?:tfy|cs)_[a-z]+_[0-9A-Za-z]{${OTHERS_CHARS_MIN}}`),
  /\beyJ[\w-]{8,}\.[\w-]+\.[\w-]/,
];
/** What people try, coming from other command lines. */
const OPTION = /^--?(?:token|key|api-?key|password|secret|value)(?:=|$)/i;

/**
 * Arguments are no place for a credential: every user of a machine can list those of running programs, and shells keep
 * them in a file. Too late for the one that is here, so it is said; it is not said again what it was. All words of a
 * command, its own name first.
 */
export function refuseCredentials(words: readonly string[]): void {
  const at = words.findIndex((word) => CREDENTIALS.some((shape) => shape.test(word)));
  if (at >= 0) {
    throw misunderstood(
      `A credential stands on the command line (word ${at + 1} after countersign), where other users of this machine can ` +
        'see it and where the shell’s history keeps it. Revoke it if it is in use. Keys are read from a prompt or from ' +
        'standard input, never from here.',
    );
  }
  if (words.some((word) => OPTION.test(word))) {
    throw misunderstood('Keys are read from a prompt or from standard input, never from the command line.');
  }
}
