import type { Brand } from './brand.ts';
import type { Id } from './id.ts';
import type { Instant } from './instant.ts';
import { Refusal } from './refusal.ts';

export type PrincipalId = Id<'Principal'>;

/** Who acts. `setup` is the program itself at its first start, `operator` whoever may open the control socket. */
export type PrincipalKind = 'user' | 'virtual_account' | 'setup' | 'operator';

export type Principal = {
  readonly id: PrincipalId;
  readonly kind: PrincipalKind;
  /** A user's e-mail address, a virtual account's name. */
  readonly name: string;
};

export type PrincipalRecord = Principal & {
  /** A deactivated principal can do nothing, and none of its credentials is accepted. */
  readonly active: boolean;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
};

export type Email = Brand<string, 'Email'>;

/** Longest address that mail can be delivered to (RFC 5321, section 4.5.3.1.3). */
const EMAIL_CHARS_MAX = 254;
const EMAIL = /^[^\s@\p{C}]+@[^\s@\p{C}]+$/u;

/** One form for each address: people type capitals, and two accounts that differ by one would be a trap. */
export function parseEmail(input: string): Email {
  const email = input.normalize('NFKC').trim().toLowerCase();
  if (email.length > EMAIL_CHARS_MAX || !EMAIL.test(email)) {
    throw new Refusal('invalid_request', 'An e-mail address has the form name@domain, with at most 254 characters.', {
      problems: [{ field: 'email', problem: 'must be an e-mail address' }],
    });
  }
  return email as Email;
}
