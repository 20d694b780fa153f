import { type Email, parseEmail } from './principal.ts';
import { Refusal } from './refusal.ts';
import { EVERYONE, parseTeamName, type TeamName } from './team.ts';
import { parseVirtualAccountName, type VirtualAccountName } from './virtual-account.ts';

/** Whom a client names: nobody has looked yet whether they are there. */
export type SubjectRef =
  | { readonly kind: 'user'; readonly name: Email }
  | { readonly kind: 'team'; readonly name: TeamName | typeof EVERYONE }
  | { readonly kind: 'virtualaccount'; readonly name: VirtualAccountName }
  | { readonly kind: ComingKind; readonly name: string };

/** `serviceaccount` is an older word. */
const ACCOUNT_KINDS = ['virtualaccount', 'serviceaccount'];
/** Kinds that clients know, and of which there is nobody here yet. */
const COMING = ['agent', 'external-identity'] as const;
type ComingKind = (typeof COMING)[number];

export const SUBJECT_CHARS_MAX = 300;
const COMING_NAME = /^[A-Za-z0-9][A-Za-z0-9._@:-]{0,99}$/;

/** `kind:name`; everything after the first colon is the name. */
export function parseSubject(input: string): SubjectRef {
  const at = input.indexOf(':');
  if (at === -1 || input.length > SUBJECT_CHARS_MAX) throw bad();
  return parseSubjectOf(input.slice(0, at), input.slice(at + 1));
}

/** The same in two parts, as role bindings write it. */
export function parseSubjectOf(kind: string, name: string): SubjectRef {
  if (kind === 'user') return { kind, name: wellFormed(parseEmail, name) };
  if (kind === 'team') return { kind, name: name === EVERYONE ? EVERYONE : wellFormed(parseTeamName, name) };
  if (ACCOUNT_KINDS.includes(kind)) {
    return { kind: 'virtualaccount', name: wellFormed(parseVirtualAccountName, name) };
  }
  const coming = COMING.find((one) => one === kind);
  if (coming === undefined || !COMING_NAME.test(name)) throw bad();
  return { kind: coming, name };
}

export const subjectText = ({ kind, name }: Pick<SubjectRef, 'kind' | 'name'>): string => `${kind}:${name}`;

function wellFormed<Name>(parse: (text: string) => Name, text: string): Name {
  try {
    return parse(text);
  } catch (error) {
    throw error instanceof Refusal ? bad(error) : error;
  }
}

const bad = (cause?: Refusal): Refusal =>
  new Refusal(
    'unprocessable',
    'Bad subject. A subject is user:<e-mail address>, team:<name> or virtualaccount:<name>.',
    {
      problems: [{ field: 'subject', problem: 'must be user:<e-mail address>, team:<name> or virtualaccount:<name>' }],
      ...(cause !== undefined && { cause }),
    },
  );
