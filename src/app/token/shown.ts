import type { Caller } from '#domain/caller.ts';
import { PROGRAM_KINDS, type Principal, type PrincipalId, programPrincipal } from '#domain/principal.ts';
import type { PatView } from '#domain/token.ts';
import { type Standing, standingOf } from '#domain/verification.ts';
import type { Deps } from '../deps.ts';

/** A personal access token as its owner is shown it: how it stands now, who made it, who ended it. */
export type ShownPat = PatView & {
  readonly state: Standing;
  readonly createdBy: Principal;
  readonly endedBy: Principal | undefined;
};

/** Reads the people's names where somebody else than the caller is among them. */
export async function shown(deps: Deps, { tenant, principal }: Caller, views: readonly PatView[]): Promise<ShownPat[]> {
  const ids = new Set(views.flatMap(({ pat }) => [pat.createdBy, ...(pat.ended === undefined ? [] : [pat.ended.by])]));
  ids.delete(principal.id);
  const people = [principal, ...PROGRAMS, ...(await deps.store.principals.named(tenant.id, [...ids]))];
  const named = new Map(people.map((one) => [one.id, one]));
  const now = deps.clock.now();
  return views.map((view) => {
    const { pat, endsAt } = view;
    const state = standingOf({ ended: pat.ended !== undefined, expiresAt: endsAt }, now);
    const endedBy = pat.ended && personIn(named, pat.ended.by);
    return { ...view, state, createdBy: personIn(named, pat.createdBy), endedBy };
  });
}

const PROGRAMS = PROGRAM_KINDS.map(programPrincipal);

/** Nobody is ever removed from the table; an id that is not there was put into the row by somebody else. */
const personIn = (named: ReadonlyMap<PrincipalId, Principal>, id: PrincipalId): Principal =>
  named.get(id) ?? { id, kind: 'user', name: id };
