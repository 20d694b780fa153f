import type { Caller } from '#domain/caller.ts';
import type { Instant } from '#domain/instant.ts';
import {
  LIVE_GENERATIONS_MAX,
  type PatId,
  type PatView,
  type PersonalAccessToken,
  type TokenName,
} from '#domain/token.ts';
import { endOf, expiryFor, type TokenSettings } from '#domain/token-settings.ts';
import type { Transaction } from '#ports/store.ts';
import type { Deps } from '../deps.ts';
import { type Changed, change, made } from '../doors.ts';
import { Overtaken, untilNotOvertaken } from '../overtaken.ts';
import type { CreatedPat } from './created.ts';
import { addValue, type Issue, issueFor, newValue } from './issue.ts';
import { keepUnder, keepWithin, settingsFor } from './limits.ts';
import { keepTeam, teamNamed } from './team.ts';

export type GotPat = CreatedPat & { readonly created: boolean };

/** Of one that has to be made: the team that it is put down to, by name. */
type Options = { readonly team?: string | undefined };

/** What stood when the value was minted: a JWT says its end, so it is minted for one token and no other. */
type Prepared = {
  readonly settings: TokenSettings;
  readonly known: PersonalAccessToken | undefined;
  readonly issue: Issue;
};

/**
 * A new value for the caller's personal access token of this name, which is made when there is none, or only one that
 * has expired. Values issued before stay good, up to a bound; each call adds a generation.
 */
export function getOrCreatePat(deps: Deps, caller: Caller, name: TokenName, { team }: Options = {}): Promise<GotPat> {
  const act = { action: 'personal-access-token:Create', resource: 'personal-access-token/' } as const;
  const prepare = async (): Promise<Prepared> => {
    const settings = await settingsFor(deps, caller, act);
    const known = lasting(await deps.store.pats.byName(caller.tenant.id, caller.principal.id, name), deps.clock.now());
    return { settings, known, issue: await issued(deps, caller, { name, team }, { settings, known }) };
  };
  return untilNotOvertaken(() =>
    change(deps, caller, { ...act, locate: made, prepare }, async (tx, _, ready: Prepared) => {
      const replaced = await owned(deps, tx, caller, ready);
      return nextValue(deps, tx, caller, { ...ready, replaced });
    }),
  );
}

async function issued(
  deps: Deps,
  caller: Caller,
  { name, team }: Options & { readonly name: TokenName },
  { settings, known }: Omit<Prepared, 'issue'>,
): Promise<Issue> {
  const format = settings.formatDefault;
  if (known !== undefined) {
    const wanted = { pat: known.id, generation: 1, format, expiresAt: lastEnd(settings, known, deps.clock.now()) };
    return { pat: known, ...(await newValue(deps, caller, wanted)) };
  }
  const putDownTo = await teamNamed(deps.store, caller.tenant, caller.principal, team);
  const expiresAt = expiryFor(settings, undefined, deps.clock.now());
  return issueFor(deps, caller, { name, format, expiresAt, team: putDownTo });
}

/** Of its token, or what its age allows: a JWT says it to others, and must not say more than will be believed. */
const lastEnd = ({ ageDaysMax }: TokenSettings, { expiresAt }: PersonalAccessToken, createdAt: Instant) =>
  endOf({ ageDaysMax, idleDaysMax: undefined }, { createdAt, expiresAt, lastUsedAt: undefined });

/** A value of an expired one would be dead at birth. */
const lasting = (pat: PersonalAccessToken | undefined, now: Instant): PersonalAccessToken | undefined =>
  pat?.expiresAt !== undefined && pat.expiresAt <= now ? undefined : pat;

/** Sees to it that the token which is to own the value stands; what made room for it. */
async function owned(
  deps: Deps,
  tx: Transaction,
  { tenant, principal }: Caller,
  { settings, known, issue }: Prepared,
): Promise<PatId | undefined> {
  const now = deps.clock.now();
  const standing = await tx.pats.byName(tenant.id, principal.id, issue.pat.name);
  const same = lasting(standing, now);
  if (same?.id !== known?.id || same?.expiresAt !== known?.expiresAt) throw new Overtaken();
  if (known !== undefined) {
    await keepUnder(tx, tenant.id, settings);
    return undefined;
  }
  if (standing !== undefined) {
    await tx.pats.revoke(tenant.id, principal.id, standing.id, { at: now, by: principal.id, reason: 'superseded' });
  }
  await keepWithin(tx, { tenant: tenant.id, owner: principal.id }, settings, now);
  await keepTeam(tx, tenant, issue.pat);
  if (!(await tx.pats.insert(tenant.id, issue.pat))) throw new Overtaken();
  return standing?.id;
}

async function nextValue(
  deps: Deps,
  tx: Transaction,
  { tenant, principal }: Caller,
  { known, issue, replaced }: Prepared & { readonly replaced: PatId | undefined },
): Promise<Changed<GotPat>> {
  const { pat, token, digest, value } = issue;
  const generation = known === undefined ? 1 : (await tx.tokens.lastGeneration(tenant.id, pat.id)) + 1;
  await addValue(tx, tenant.id, { token: { ...token, generation }, digest });
  const ended = { at: deps.clock.now(), by: principal.id, reason: 'superseded' } as const;
  const over = await tx.tokens.endOldest(tenant.id, pat.id, LIVE_GENERATIONS_MAX, ended);
  const view = (await tx.pats.view(tenant.id, principal.id, pat.id)) as PatView; // it has just been written
  return {
    result: { view, value, created: known === undefined },
    resource: `personal-access-token/${pat.id}`,
    details: {
      ...{ preview: token.preview, generation },
      ...(over.length > 0 ? { superseded: over } : {}),
      ...(replaced === undefined ? {} : { replaced }),
    },
    moved: [
      ...(replaced === undefined ? [] : [{ kind: 'pat', id: replaced } as const]),
      ...over.map((id) => ({ kind: 'token', id }) as const),
    ],
  };
}
