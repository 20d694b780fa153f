import { inspect, isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import { Refusal } from '#domain/refusal.ts';
import type { Target } from './tampering-changes.ts';
import type { Question } from './tampering-holdings.ts';

/* What is asked, and whether it is answered by the truth, by a refusal, or by less of the truth. */

export type Answer = { readonly refused: string } | { readonly answer: unknown };

export const answersTo = (asked: readonly Question[]): Promise<readonly Answer[]> =>
  Promise.all(asked.map(({ ask }) => ask().then((answer) => ({ answer }), refusalOf)));

/**
 * What use cases say of a row that is not found. Of a replay: that the name is taken, or the key was used for something
 * else; nothing is revealed by any of them. Of a grant: that the caller may not.
 */
const ABSENT: readonly string[] = ['not_found', 'conflict', 'forbidden', 'unauthenticated', 'unprocessable'];

function refusalOf(error: unknown): Answer {
  if (!(error instanceof Refusal)) throw error;
  if (ABSENT.includes(error.code)) return { answer: undefined };
  if (error.code !== 'internal' || error.detail === undefined) throw error;
  return { refused: error.detail };
}

/** How a table is named by whoever refuses its row. */
export const NAMED: Readonly<Record<Target, RegExp>> = {
  tenant: /^a row of tenant does not carry a valid MAC/,
  tenant_origin: /^a row of tenant_origin does not carry a valid MAC/,
  tenant_alias: /^a row of tenant_alias does not carry a valid MAC/,
  principal: /^a row of principal does not carry a valid MAC/,
  password: /^a row of password does not carry a valid MAC/,
  role_grant: /^a row of role_grant does not carry a valid MAC/,
  team: /^a row of team does not carry a valid MAC/,
  team_member: /^a row of team_member does not carry a valid MAC/,
  role: /^a row of role does not carry a valid MAC/,
  role_binding: /^a row of role_binding does not carry a valid MAC/,
  personal_access_token: /^a row of personal_access_token does not carry a valid MAC/,
  virtual_account: /^a row of virtual_account does not carry a valid MAC/,
  token: /^a row of token does not carry a valid MAC/,
  token_use: /^a row of token_use does not carry a valid MAC/,
  token_settings: /^a row of token_settings does not carry a valid MAC/,
  session: /^a row of session does not carry a valid MAC/,
  invitation: /^a row of invitation does not carry a valid MAC/,
  identity_provider: /^a row of identity_provider does not carry a valid MAC/,
  identity_audience: /^a row of identity_audience does not carry a valid MAC/,
  identity_mapping: /^a row of identity_mapping does not carry a valid MAC/,
  job: /^a job is unproved/,
  wrapped_key: /^the key \S+ for \S+ does not unwrap/,
  delivery: /^what is sealed for token-delivery does not open/,
  replay: /^what is sealed for token-replay does not open/,
  virtual_account_value: /^what is sealed for account-value does not open/,
};

/**
 * Columns by which rows are found or left out, and what that is. A row that is not found any more is as good as deleted,
 * which whoever can write the database can do: rights are less by it, and what is absent is believed by nobody. All that
 * is found by another way is refused even so.
 */
export const FOUND_BY: { readonly [T in Target]?: Readonly<Record<string, string>> } = {
  tenant: {
    id: 'an address names a tenant by it',
    name: 'a tenant is looked up by its name',
    disabled_at: 'accounts of a tenant that is disabled are not due',
  },
  tenant_origin: { origin: 'a tenant is looked up by it', tenant: 'a tenant’s are listed by it' },
  tenant_alias: { name: 'a tenant is looked up by it', tenant: 'a tenant’s are listed by it' },
  principal: {
    tenant: 'all that is in a tenant is found by it',
    id: 'somebody is known by it',
    kind: 'only users sign in',
    name: 'users sign in by it',
    active: 'who is deactivated is left out of a list',
    removed_at: 'who was removed is in no list',
  },
  password: { tenant: 'as of principals', principal: 'whose it is: without one they cannot sign in' },
  role_grant: {
    tenant: 'as of principals',
    id: 'it is known by it',
    subject: 'whose it is: they may less',
    role: 'whether there is an administrator is asked by it, and who holds it',
    resource: 'who holds something on it is asked by it',
    binding: 'what came with a binding is found by it',
  },
  team: { tenant: 'as of principals', id: 'it is known by it', name: 'it is found by it' },
  team_member: {
    tenant: 'as of principals',
    team: 'who belongs to a team is found by it',
    principal: 'whose it is: they may less',
    member: 'members are listed by it',
    manager: 'managers are listed by it',
  },
  role: {
    tenant: 'as of principals',
    id: 'a grant says it: without a role it gives nothing',
    name: 'it is found by it',
  },
  role_binding: { tenant: 'as of principals', id: 'it is known by it', name: 'it is found by it' },
  personal_access_token: {
    tenant: 'as of principals',
    owner: 'an owner’s tokens are found by it',
    id: 'it is known by it',
    name: 'it is found by it',
    ended_at: 'only what was not revoked is found by name, and counts',
    expires_at: 'only what is in time counts',
    kind: 'the tokens of people are found by it, and those of virtual accounts',
  },
  virtual_account: {
    tenant: 'as of principals',
    id: 'it is known by it',
    team: 'a team’s are listed by it',
    expires_at: 'those that are over are listed by it',
    rotates_at: 'what is due is found by it',
  },
  token: {
    tenant: 'as of principals',
    pat: 'the values of a token are found by it',
    generation: 'a value that is known is found by it, and older ones are not looked at',
    digest: 'whoever presents a token is found by it: another token is not known',
    ended_at: 'only what was not ended is shown',
  },
  token_use: { tenant: 'as of principals', token: 'whose last use it is: a value that was not used ends no later' },
  session: {
    tenant: 'as of principals',
    id: 'one that is known is found by it',
    digest: 'whoever presents a cookie is found by it: another is not known',
  },
  invitation: { digest: 'whoever presents a code is found by it: another is not known' },
  identity_provider: { tenant: 'as of principals', id: 'it is known by it', name: 'it is found by it' },
  identity_audience: { issuer: 'whom to ask about a token is found by it', audience: 'and by it' },
  identity_mapping: {
    tenant: 'as of principals',
    provider: 'whom a token names is found by it',
    kind: 'accounts are found by it, and teams',
    value: 'whom a token names is found by it',
    mapped: 'what an account or a team is mapped by is found by it',
  },
  job: { kind: 'a worker asks for those of a kind' },
  virtual_account_value: {
    tenant: 'as of principals',
    account: 'an account’s is found by it: without one it is not to be had again',
    token: 'one that was kept of another value is not the current one’s',
  },
  delivery: { tenant: 'what a tenant waits for is found by it' },
  replay: {
    tenant: 'as of principals',
    id: 'who asks again is found by it: nothing is known of what they asked',
    asked: 'another request under the same key is refused',
    pat: 'the token is looked at first',
    owner: 'the token is looked at first, by it',
  },
};

/** Of these somebody notices all the same: each such row is met in another way, whatever stands there. */
export const MET_EVEN_SO: readonly string[] = [
  ...[
    'tenant.id',
    'tenant.disabled_at',
    'tenant_origin.origin',
    'tenant_alias.name',
    'principal.active',
    'principal.removed_at',
  ],
  ...['role_grant.id', 'role_grant.resource', 'role_grant.binding', 'team_member.member', 'team_member.manager'],
  ...['team.id', 'team.name', 'role.id', 'role.name', 'role_binding.id', 'role_binding.name'],
  ...['identity_provider.id', 'identity_provider.name', 'identity_mapping.provider', 'identity_mapping.kind'],
  ...['identity_mapping.value', 'identity_mapping.mapped'],
  ...['virtual_account.team', 'virtual_account.expires_at', 'virtual_account.rotates_at'],
];

/** Whether an answer is believed that is not true. `mayBeLess` where a row may not be found any more. */
export function agrees(what: string, mayBeLess: boolean, truth: Answer, now: Answer): void {
  if ('refused' in now) {
    return void expect(now.refused).toMatch(/: it was not written by this program, or was changed since$/);
  }
  const [before, after] = [(truth as { answer: unknown }).answer, now.answer];
  const isAgreed = isDeepStrictEqual(before, after) || (mayBeLess && isLess(before, after, 'answer'));
  if (!isAgreed) expect.fail(`${what}\nwas ${shown(before)}\nis  ${shown(after)}`);
}

const shown = (value: unknown): string => inspect(value, { depth: 9, breakLength: Number.POSITIVE_INFINITY });

/** What may be nothing, false, or a smaller number: an answer as a whole, counts, and ends, which may be earlier. */
const VANISHES: readonly string[] = ['answer', 'lastUse'];
const SHRINKS: readonly string[] = ['answer', 'total', 'expiresAt', 'endsAt'];

function isLess(before: unknown, after: unknown, name: string): boolean {
  if (isDeepStrictEqual(before, after)) return true;
  if (after === undefined || after === false) return VANISHES.includes(name);
  if (typeof after === 'number') return SHRINKS.includes(name) && after <= ((before as number | undefined) ?? Infinity);
  if (Array.isArray(after)) return Array.isArray(before) && isPartOf(before, after);
  if (after instanceof Map) {
    if (!(before instanceof Map)) return false;
    return [...after].every(([key, value]) => before.has(key) && isLess(before.get(key), value, 'one'));
  }
  if (after instanceof Set) return before instanceof Set && [...after].every((one) => before.has(one));
  if (typeof after !== 'object' || typeof before !== 'object' || before === null || after === null) return false;
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].every((each) => isLess((before as Part)[each], (after as Part)[each], each));
}
type Part = Readonly<Record<string, unknown>>;

/** In the same order, with some missing. */
function isPartOf(before: readonly unknown[], after: readonly unknown[]): boolean {
  let found = 0;
  for (const one of before) if (found < after.length && isLess(one, after[found], 'one')) found += 1;
  return found === after.length;
}
