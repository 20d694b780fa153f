import { misunderstood } from './exit.ts';

/** A token of ours or another installation's, a session, a code, or a JWT, wherever in a word it stands. */
const CREDENTIAL = /\b(?:tfy|cs)_[a-z]+_[0-9A-Za-z]{8}|\beyJ[\w-]{8,}\.[\w-]+\.[\w-]/;
/** What people try, coming from other command lines. */
const OPTION = /^--?(?:token|key|api-?key|password|secret|value)(?:=|$)/i;

/**
 * Arguments are no place for a credential: every user of a machine can list those of running programs, and shells keep
 * them in a file. Too late for the one that is here, so it is said; it is not said again what it was.
 */
export function refuseCredentials(args: readonly string[]): void {
  if (args.some((word) => CREDENTIAL.test(word))) {
    throw misunderstood(
      'A credential stands on the command line, where other users of this machine can see it and where the shell’s ' +
        'history keeps it. Revoke it if it is in use. Keys are read from a prompt or from standard input, never from here.',
    );
  }
  if (args.some((word) => OPTION.test(word))) {
    throw misunderstood('Keys are read from a prompt or from standard input, never from the command line.');
  }
}
