import type { Caller } from '#domain/caller.ts';
import { type SubjectId, TENANT_WIDE } from '#domain/grant.ts';
import { PROGRAM_KINDS, type Principal, type PrincipalId, programPrincipal } from '#domain/principal.ts';
import type { Belonging, Team, TeamId } from '#domain/team.ts';
import type { Tenant } from '#domain/tenant.ts';
import type { Deps } from '../deps.ts';
import { rolesIn } from '../grant/role.ts';
import { type ShownMapping, shownMappings } from '../identity-provider/mapping.ts';
import { isEveryone } from './everyone.ts';

/** Somebody who belongs to a team. */
export type Person = Belonging & { readonly principal: Principal };

/** A team as it is shown. */
export type TeamView = {
  readonly team: Team;
  readonly createdBy: Principal;
  /** By e-mail address, all or the first of them; undefined of `everyone`, of which no list is kept. */
  readonly people: readonly Person[] | undefined;
  readonly memberCount: number;
  readonly managerCount: number;
  /** Names of the roles that it holds on the whole tenant, in order. */
  readonly roles: readonly string[];
  /** Whose groups belong to it, for as long as a token says so. */
  readonly mappings: readonly ShownMapping[];
};

export const membersAmong = (people: readonly Person[]): readonly Principal[] =>
  people.filter(({ isMember }) => isMember).map(({ principal }) => principal);
export const managersAmong = (people: readonly Person[]): readonly Principal[] =>
  people.filter(({ isManager }) => isManager).map(({ principal }) => principal);

/** As many statements for a page of teams as for one; with the first of those who belong to each, where no more is asked for. */
export async function teamViews(
  deps: Deps,
  caller: Caller,
  teams: readonly Team[],
  firstMax?: number,
): Promise<readonly TeamView[]> {
  const { tenant } = caller;
  const kept = teams.filter(({ id }) => !isEveryone(caller, id)).map(({ id }) => id);
  const people = await peopleOf(deps, tenant, kept, firstMax);
  const roles = await roleNames(
    deps,
    caller,
    teams.map(({ id }) => id),
  );
  const makers = await named(
    deps,
    tenant,
    teams.map(({ createdBy }) => createdBy),
  );
  const mappings = await shownMappings(deps.store, caller, kept);
  const userCount = kept.length === teams.length ? 0 : await countUsers(deps, tenant);
  return teams.map((team) => ({
    ...{ team, createdBy: makers.get(team.createdBy) ?? nameless(team.createdBy), roles: roles.get(team.id) ?? [] },
    mappings: mappings.get(team.id) ?? [],
    ...(isEveryone(caller, team.id)
      ? { people: undefined, memberCount: userCount, managerCount: 0 }
      : (people.get(team.id) ?? counted([]))),
  }));
}

type People = Pick<TeamView, 'people' | 'memberCount' | 'managerCount'>;

async function peopleOf(
  { store }: Deps,
  { id }: Tenant,
  teams: readonly TeamId[],
  firstMax: number | undefined,
): Promise<ReadonlyMap<TeamId, People>> {
  if (firstMax === undefined) {
    const all = Map.groupBy(await store.teams.membersOf(id, teams), ({ team }) => team);
    return new Map([...all].map(([team, people]) => [team, counted(people)]));
  }
  const short = await store.teams.summaries(id, teams, firstMax);
  return new Map(short.map(({ team, first: people, ...counts }) => [team, { people, ...counts }]));
}

export async function teamView(deps: Deps, caller: Caller, team: Team): Promise<TeamView> {
  const [view] = await teamViews(deps, caller, [team]);
  return view as TeamView; // as many as were given
}

export const counted = (people: readonly Person[]): People => ({
  people,
  ...{ memberCount: membersAmong(people).length, managerCount: managersAmong(people).length },
});

/** Of what each holds on the whole tenant. */
async function roleNames({ store }: Deps, caller: Caller, teams: readonly TeamId[]) {
  const all = await store.grants.ofSubjects(caller.tenant.id, teams);
  const grants = all.filter(({ resource }) => resource === TENANT_WIDE);
  const roles = await rolesIn(
    store,
    caller,
    grants.map(({ role }) => role),
  );
  const names = new Map<SubjectId, readonly string[]>();
  for (const [subject, theirs] of Map.groupBy(grants, (grant) => grant.subject)) {
    const each = theirs.flatMap(({ role }) => roles.get(role)?.name ?? []);
    names.set(subject, [...new Set(each)].sort());
  }
  return names;
}

async function named({ store }: Deps, { id: tenant }: Tenant, ids: readonly PrincipalId[]) {
  const people = [...PROGRAMS, ...(await store.principals.named(tenant, [...new Set(ids)]))];
  return new Map(people.map((one) => [one.id, one]));
}

const PROGRAMS = PROGRAM_KINDS.map(programPrincipal);

/** Nobody is ever removed from the table; an id that is not there was put into the row by somebody else. */
const nameless = (id: PrincipalId): Principal => ({ id, kind: 'user', name: id });

const countUsers = async ({ store }: Deps, { id }: Tenant): Promise<number> =>
  (await store.principals.users(id, { limit: 1, offset: 0, emailContains: '', isInactiveToo: false })).total;
