import type { Caller } from '#domain/caller.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { LIVE_GENERATIONS_MAX, type PatView, type PersonalAccessToken, type TokenName } from '#domain/token.ts';
import type { Transaction } from '#ports/store.ts';
import type { Deps } from '../deps.ts';
import { change, made } from '../doors.ts';
import { type Issue, issueFor } from './issue.ts';

export type GotPat = { readonly view: PatView; readonly value: Sensitive; readonly created: boolean };

/** Whether one may be made; else its absence is a refusal. */
type Options = { readonly mayCreate?: boolean };

/**
 * A new value for the caller's personal access token of this name, which is made when there is none. Values issued
 * before stay good, up to a bound; each call adds a generation.
 */
export function getOrCreatePat(
  deps: Deps,
  caller: Caller,
  name: TokenName,
  { mayCreate = true }: Options = {},
): Promise<GotPat> {
  const { tenant, principal } = caller;
  const issue = issueFor(deps, principal.id, { name, expiresAt: undefined });
  const what = { action: 'personal-access-token:Create', resource: 'personal-access-token/', locate: made } as const;
  return change(deps, caller, what, async (tx) => {
    const created = await tx.pats.insert(tenant.id, issue.pat);
    if (created && !mayCreate) throw new Refusal('not_found', 'There is no token of this name.'); // undoes the insert
    const pat = created ? issue.pat : await existing(deps, tx, caller, name);
    const { generation } = await tx.tokens.add(tenant.id, ownedBy(pat, issue), issue.digest);
    const ended = { at: deps.clock.now(), by: principal.id, reason: 'superseded' } as const;
    const over = await tx.tokens.endOldest(tenant.id, pat.id, LIVE_GENERATIONS_MAX, ended);
    const view = (await tx.pats.view(tenant.id, principal.id, pat.id)) as PatView; // it has just been written
    return {
      result: { view, value: issue.value, created },
      resource: `personal-access-token/${pat.id}`,
      details: { preview: issue.token.preview, generation, ...(over.length > 0 ? { superseded: over } : {}) },
      moved: over.map((id) => ({ kind: 'token', id }) as const),
    };
  });
}

/** A value of an expired one would be dead at birth. */
async function existing(deps: Deps, tx: Transaction, caller: Caller, name: TokenName): Promise<PersonalAccessToken> {
  const pat = await tx.pats.byName(caller.tenant.id, caller.principal.id, name);
  if (pat === undefined) throw new Error('the name was taken a statement ago, in this very transaction');
  if (pat.expiresAt === undefined || pat.expiresAt > deps.clock.now()) return pat;
  throw new Refusal('invalid_request', 'The token of this name has expired. Delete it first, or use a different name.');
}

const ownedBy = ({ id, expiresAt }: PersonalAccessToken, { token }: Issue) => ({ ...token, pat: id, expiresAt });
