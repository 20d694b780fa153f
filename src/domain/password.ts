import { Refusal } from './refusal.ts';
import { Sensitive } from './sensitive.ts';

/** Length is what protects a password; NIST SP 800-63B asks for no classes of characters. */
export const PASSWORD_CHARS_MIN = 12;
/** Bounds the work of a sign-in, far beyond any password manager's. */
export const PASSWORD_CHARS_MAX = 256;

/** As somebody types it, in the one Unicode form that every keyboard's variant of it becomes. */
export const presentedPassword = (input: string): Sensitive => new Sensitive(input.normalize('NFKC'));

/** One that somebody chooses. */
export function parsePassword(input: string): Sensitive {
  const password = input.normalize('NFKC');
  const { length } = [...password];
  if (length < PASSWORD_CHARS_MIN || length > PASSWORD_CHARS_MAX) {
    throw new Refusal(
      'invalid_request',
      `A password has ${PASSWORD_CHARS_MIN} to ${PASSWORD_CHARS_MAX} characters. Choose another.`,
      {
        problems: [
          { field: 'password', problem: `must have ${PASSWORD_CHARS_MIN} to ${PASSWORD_CHARS_MAX} characters` },
        ],
      },
    );
  }
  return new Sensitive(password);
}
