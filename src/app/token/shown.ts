import type { Caller } from '#domain/caller.ts';
import { PROGRAM_KINDS, type Principal, type PrincipalId, programPrincipal } from '#domain/principal.ts';
import type { Team, TeamId } from '#domain/team.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { PatView } from '#domain/token.ts';
import { type Standing, standingOf } from '#domain/verification.ts';
import type { Deps } from '../deps.ts';

/** A personal access token as its owner is shown it: how it stands now, who made it, who ended it. */
export type ShownPat = PatView & {
  readonly state: Standing;
  readonly createdBy: Principal;
  readonly endedBy: Principal | undefined;
  /** The team that it is put down to. */
  readonly team: Team | undefined;
};

/** Reads the people's names where somebody else than the caller is among them, and the teams' where there are any. */
export async function shown(deps: Deps, { tenant, principal }: Caller, views: readonly PatView[]): Promise<ShownPat[]> {
  const ids = new Set(views.flatMap(({ pat }) => [pat.createdBy, ...(pat.ended === undefined ? [] : [pat.ended.by])]));
  ids.delete(principal.id);
  const people = [principal, ...PROGRAMS, ...(await deps.store.principals.named(tenant.id, [...ids]))];
  const named = new Map(people.map((one) => [one.id, one]));
  const teams = await teamsOf(deps, tenant.id, views);
  const now = deps.clock.now();
  return views.map((view) => {
    const { pat, endsAt } = view;
    const state = standingOf({ ended: pat.ended !== undefined, expiresAt: endsAt }, now);
    const endedBy = pat.ended && personIn(named, pat.ended.by);
    const team = pat.team && teams.get(pat.team);
    return { ...view, state, createdBy: personIn(named, pat.createdBy), endedBy, team };
  });
}

async function teamsOf({ store }: Deps, tenant: TenantId, views: readonly PatView[]): Promise<Map<TeamId, Team>> {
  const ids = [...new Set(views.flatMap(({ pat }) => pat.team ?? []))];
  const teams = ids.length === 0 ? [] : await store.teams.named(tenant, ids);
  return new Map(teams.map((team) => [team.id, team]));
}

const PROGRAMS = PROGRAM_KINDS.map(programPrincipal);

/** Nobody is ever removed from the table; an id that is not there was put into the row by somebody else. */
const personIn = (named: ReadonlyMap<PrincipalId, Principal>, id: PrincipalId): Principal =>
  named.get(id) ?? { id, kind: 'user', name: id };
