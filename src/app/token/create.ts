import type { Caller } from '#domain/caller.ts';
import type { Instant } from '#domain/instant.ts';
import type { Email, Principal, PrincipalRecord } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import type { PatView, TokenFormat, TokenName } from '#domain/token.ts';
import { endOf, expiryFor, type TokenSettings } from '#domain/token-settings.ts';
import type { Replay } from '#ports/replays.ts';
import type { Transaction } from '#ports/store.ts';
import type { Deps } from '../deps.ts';
import { type Changed, change, made } from '../doors.ts';
import { Overtaken } from '../overtaken.ts';
import { held, refuseAbove } from '../user/upon.ts';
import type { CreatedPat } from './created.ts';
import { addValue, type Issue, issueFor } from './issue.ts';
import { keepWithin, settingsFor } from './limits.ts';
import { type Once, onceOnly } from './once.ts';
import { keepTeam, teamNamed } from './team.ts';

/** What is left undefined is the tenant's to say. */
export type AskedPat = {
  readonly name: TokenName;
  readonly expiresAt?: Instant | undefined;
  readonly format?: TokenFormat | undefined;
  /** By name: one to which its owner belongs. */
  readonly team?: string | undefined;
};

/** Issues a personal access token to the caller's own principal. Its value is in this answer, and nowhere else. */
export function createPat(deps: Deps, caller: Caller, asked: AskedPat, once?: Once): Promise<CreatedPat> {
  const act = { action: 'personal-access-token:Create', resource: 'personal-access-token/' } as const;
  return onceOnly(deps, caller, { act, once }, (remember) => {
    const prepare = () => prepared(deps, caller, { act, asked, owner: caller.principal, remember });
    return change(deps, caller, { ...act, locate: made, prepare }, (tx, _, ready) => added(deps, tx, caller, ready));
  });
}

/** The same for another user, by somebody who may: theirs from the first moment, and the list says who made it. */
export async function createPatFor(
  deps: Deps,
  caller: Caller,
  { email, ...asked }: AskedPat & { readonly email: Email },
  once?: Once,
): Promise<CreatedPat> {
  const find = () => deps.store.principals.userByEmail(caller.tenant.id, email);
  const act = { action: 'personal-access-token:CreateForUser', resource: `user/${(await find())?.id ?? ''}` } as const;
  const locate = async () => {
    const user = await find(); // anew at each try: one may be deactivated meanwhile
    return user?.active ? user : undefined;
  };
  return onceOnly(deps, caller, { act, once }, (remember) => {
    const prepare = async (owner: PrincipalRecord) => {
      await refuseAbove(deps, caller, act, owner); // whoever holds the token is its owner
      return prepared(deps, caller, { act, asked, owner, remember });
    };
    return change(deps, caller, { ...act, locate, prepare }, async (tx, owner, ready) => {
      if (!(await held(tx, caller, owner)).active) throw new Overtaken();
      return added(deps, tx, caller, ready);
    });
  });
}

type Asking = {
  readonly act: Parameters<typeof settingsFor>[2];
  readonly asked: AskedPat;
  readonly owner: Principal;
  readonly remember: (issue: Issue) => Replay | undefined;
};
type Prepared = {
  readonly settings: TokenSettings;
  readonly issue: Issue;
  readonly replay: Replay | undefined;
};

async function prepared(deps: Deps, caller: Caller, { act, asked, owner, remember }: Asking): Promise<Prepared> {
  const settings = await settingsFor(deps, caller, act);
  const expiresAt = expiryFor(settings, asked.expiresAt, deps.clock.now());
  const team = await teamNamed(deps.store, caller.tenant, owner, asked.team);
  const wanted = { name: asked.name, format: asked.format ?? settings.formatDefault, expiresAt, team };
  const issue = await issueFor(deps, { tenant: caller.tenant, principal: owner }, wanted, caller.principal.id);
  return { settings, issue, replay: remember(issue) };
}

async function added(
  deps: Deps,
  tx: Transaction,
  { tenant, principal }: Caller,
  { settings, issue, replay }: Prepared,
): Promise<Changed<CreatedPat>> {
  const { pat, token, digest, value } = issue;
  const now = deps.clock.now();
  if (replay !== undefined && !(await tx.replays.insert(tenant.id, replay, now))) throw new Overtaken();
  await keepWithin(tx, { tenant: tenant.id, owner: pat.owner }, settings, now);
  await keepTeam(tx, tenant, pat);
  if (!(await tx.pats.insert(tenant.id, pat))) throw nameTaken();
  await addValue(tx, tenant.id, { token, digest });
  return {
    result: { view: newView(issue, settings), value },
    resource: `personal-access-token/${pat.id}`,
    details: { preview: token.preview, ...(pat.owner === principal.id ? {} : { owner: pat.owner }) },
  };
}

/** Of one that has just been made, and that nobody has used. */
export function newView({ pat, token }: Issue, settings: TokenSettings): PatView {
  const endsAt = endOf(settings, { ...token, lastUsedAt: undefined });
  return { pat, tokens: [{ ...token, endsAt, lastUse: undefined }], endsAt, lastUse: undefined, deadUse: undefined };
}

export const nameTaken = (): Refusal =>
  new Refusal('conflict', 'A token with this name already exists. Use a different name.');
