import * as z from 'zod';
import { type Parts, PLACES, type Untrusted } from '#contract/operation.ts';
import { type Problem, Refusal } from '#domain/refusal.ts';

/** More would not help anybody. */
const PROBLEMS_MAX = 10;
/** What a caller sent stands in problems only as names of fields, which may be long too. */
const PROBLEM_CHARS_MAX = 300;

/** `own` refuses what a row does not name, `wire` ignores it. */
const NOTHING = { wire: z.object({}), own: z.strictObject({}) } as const;
export type Manners = keyof typeof NOTHING;

/** Each place by its own part and by no other; together they are one flat input, since no name stands in two. */
export function parsedInput(parts: Parts, untrusted: Untrusted, manners: Manners): object {
  const flat = {};
  const problems: Problem[] = [];
  for (const place of PLACES) {
    const given = untrusted[place] ?? {};
    if (parts[place] === undefined && Object.keys(given).length === 0) continue; // nothing for nothing, at no cost
    const read = (parts[place] ?? NOTHING[manners]).safeParse(manners === 'wire' ? withoutNulls(given) : given);
    if (read.success) Object.assign(flat, read.data);
    else problems.push(...read.error.issues.map((issue) => problemOf(place, issue)));
  }
  if (problems.length > 0) throw refusalOf(problems.slice(0, PROBLEMS_MAX));
  return flat;
}

/** Deeper than any row looks. */
const NULLS_DEPTH_MAX = 8;

/**
 * On the wire null is absent, also in a manifest: some clients send it for what they leave out. An element of a list is
 * none of these, since its place counts.
 */
function withoutNulls<Given>(given: Given, depth = 0): Given {
  if (given === null || typeof given !== 'object' || depth > NULLS_DEPTH_MAX) return given;
  if (Array.isArray(given)) return given.map((one) => withoutNulls(one, depth + 1)) as Given;
  const kept = Object.entries(given).filter(([, value]) => value !== null);
  return Object.fromEntries(kept.map(([name, value]) => [name, withoutNulls(value, depth + 1)])) as Given;
}

function problemOf(place: string, issue: z.core.$ZodIssue): Problem {
  const field = issue.path.join('.') || place;
  return { field, problem: wordsOf(issue).slice(0, PROBLEM_CHARS_MAX) };
}

/** What to do; for the common mistakes in fewer words than zod's. */
function wordsOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return missingOrWrong(issue);
  if (issue.code === 'unrecognized_keys') return `unknown: ${issue.keys.join(', ')}`;
  if (issue.code === 'invalid_value') return `must be ${issue.values.map((one) => JSON.stringify(one)).join(' or ')}`;
  if (issue.code === 'too_small') return `must be at least ${issue.minimum}`;
  if (issue.code === 'too_big') return `must be at most ${issue.maximum}`;
  return issue.message;
}

/** The input itself is not in an issue, and should not be; zod's message tells absence from a wrong type. */
const missingOrWrong = ({ message, expected }: z.core.$ZodIssueInvalidType): string =>
  message.endsWith('received undefined') ? `is missing; give ${an(expected)}` : `must be ${an(expected)}`;

const an = (type: string): string =>
  type === 'int' ? 'a whole number' : /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;

function refusalOf(problems: readonly Problem[]): Refusal {
  const message = problems.map(({ field, problem }) => `${field} ${problem}`).join('; ');
  return new Refusal('invalid_request', `${message}.`, { problems });
}
