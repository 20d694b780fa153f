import type { Brand } from './brand.ts';
import { ID_CHARS, type Id, parseId } from './id.ts';
import type { Instant } from './instant.ts';
import { Refusal } from './refusal.ts';

export type PrincipalId = Id<'Principal'>;

/**
 * `setup` is the program itself at its first start, `operator` whoever may open the control socket, `anonymous` a stranger,
 * `retention` the job that removes what is long over, `rotation` the one that gives accounts new values, `watch` what
 * follows where a value is used that was replaced.
 */
export const PROGRAM_KINDS = ['setup', 'operator', 'anonymous', 'retention', 'rotation', 'watch'] as const;
export type ProgramKind = (typeof PROGRAM_KINDS)[number];
/** Who acts. */
export type PrincipalKind = 'user' | 'virtual_account' | ProgramKind;

export type Principal = {
  readonly id: PrincipalId;
  readonly kind: PrincipalKind;
  /** A user's e-mail address, a virtual account's name. */
  readonly name: string;
};

/** Those that have no row: one id each, the same on every instance, so that the audit can be searched for them. */
export const programPrincipal = (kind: ProgramKind): Principal => ({
  id: parseId(kind.padEnd(ID_CHARS, '0')),
  kind,
  name: kind,
});

export type PrincipalRecord = Principal & {
  /** A deactivated principal can do nothing, and none of its credentials is accepted. */
  readonly active: boolean;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  /** Their row stays, for what they did to be told; they are in no list, and their address is free for somebody else. */
  readonly removedAt: Instant | undefined;
};

export type Email = Brand<string, 'Email'>;

/** Longest address that mail can be delivered to (RFC 5321, section 4.5.3.1.3). */
export const EMAIL_CHARS_MAX = 254;
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

/** A user as they are made: active, and named by the address they sign in with. */
export const newUser = (id: PrincipalId, email: Email, now: Instant): PrincipalRecord => ({
  ...{ id, kind: 'user', name: email, active: true },
  ...{ createdAt: now, updatedAt: now, removedAt: undefined },
});

/** What one who was removed is called: as before, and as nobody who comes later can be. */
export const removedName = ({ id, name }: Principal): string => `${name} (removed ${id})`;
