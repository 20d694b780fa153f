import type { Caller } from '#domain/caller.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Team, TeamMember, TeamName } from '#domain/team.ts';
import type { Deps } from '../deps.ts';
import { change, made, viewOne } from '../doors.ts';
import { refuseRoles, stillWithin } from '../grant/role.ts';
import { shownAs, type WantedMapping } from '../identity-provider/mapping.ts';
import { newId } from '../new-id.ts';
import { Overtaken, untilNotOvertaken } from '../overtaken.ts';
import { type MappingPlan, mappingPlan, weightOfMappings, writeMappings } from './mapped.ts';
import { changesTo, heldTeam, peopleWith, type WantedPeople, weightOfChanges, writeMembership } from './membership.ts';
import { counted, type Person, type TeamView, teamView } from './view.ts';

/** All that a manifest says. */
export type WantedTeam = Pick<Team, 'name' | 'displayName' | 'description' | 'tags'> &
  WantedPeople & {
    /** Whose groups belong to it besides. */
    readonly mappings: readonly WantedMapping[];
  };

const CREATES = { action: 'team:CreateTeam', resource: 'team/' } as const;
const managing = ({ id }: Team) => ({ action: 'team:ManageTeam', resource: `team/${id}` }) as const;

/**
 * Makes the team of this name what is said, people and all, or makes it anew. Which of the two it is decides what it takes:
 * a manager changes their team, and makes none.
 */
export function applyTeam(deps: Deps, caller: Caller, wanted: WantedTeam): Promise<TeamView> {
  return untilNotOvertaken(async () => {
    const known = await teamNamed(deps, caller, wanted.name);
    const team =
      known === undefined ? await added(deps, caller, wanted, overtaken) : await updated(deps, caller, known, wanted);
    return teamView(deps, caller, team);
  });
}

/** What the same would answer. Nothing is written. */
export async function wouldApply(deps: Deps, caller: Caller, wanted: WantedTeam): Promise<TeamView> {
  const known = await teamNamed(deps, caller, wanted.name);
  await viewOne(deps, caller, { ...(known === undefined ? CREATES : managing(known)), locate: made });
  const { people, plan } =
    known === undefined
      ? { people: await peopleWith(deps.store, caller, wanted), plan: await planOf(deps, caller, wanted) }
      : await allowedIn(deps, caller, { team: known, wanted });
  const mappings = await shownAs(deps.store, caller, plan.mappings);
  const team = known === undefined ? newTeam(deps, caller, wanted) : { ...known, ...writtenIn(deps, wanted) };
  return { ...(await teamView(deps, caller, team)), ...counted(people), mappings };
}

/** Makes one of which there is none; whoever makes it manages it, as nobody else is named. */
export async function createTeam(
  deps: Deps,
  caller: Caller,
  { name, description }: Pick<WantedTeam, 'name' | 'description'>,
): Promise<TeamView> {
  const said = { name, description, displayName: undefined, tags: {}, members: [], managers: [], mappings: [] };
  return teamView(deps, caller, await added(deps, caller, said, nameTaken, managedBy(caller)));
}

const managedBy = ({ principal }: Caller): readonly Person[] =>
  principal.kind === 'user' ? [{ principal, isMember: false, isManager: true }] : [];

const teamNamed = ({ store }: Deps, { tenant }: Caller, name: TeamName) => store.teams.byName(tenant.id, name);

const overtaken = () => new Overtaken();
const nameTaken = () => new Refusal('conflict', 'A team with this name already exists. Use a different name.');

function added(
  deps: Deps,
  caller: Caller,
  wanted: WantedTeam,
  taken: () => Error,
  besides: readonly Person[] = [],
): Promise<Team> {
  const prepare = async () => {
    const people = [...(await peopleWith(deps.store, caller, wanted)), ...besides];
    const plan = await planOf(deps, caller, wanted);
    return { team: newTeam(deps, caller, wanted), changes: changesTo([], people), plan };
  };
  type Ready = { readonly team: Team; readonly changes: readonly TeamMember[]; readonly plan: MappingPlan };
  return change(deps, caller, { ...CREATES, locate: made, prepare }, async (tx, _, { team, changes, plan }: Ready) => {
    if (plan.isChange) await tx.tenants.hold(caller.tenant.id); // no provider goes meanwhile
    if (!(await tx.teams.insert(caller.tenant.id, team))) throw taken();
    const moved = await writeMembership(tx, caller, team.id, changes);
    const mapped = await writeMappings(tx, caller, team.id, await mappingPlan(tx, caller, wanted.mappings));
    const details = { count: changes.length, ...mappedIn(plan) };
    return { result: team, resource: `team/${team.id}`, details, moved: [...moved, ...mapped] };
  });
}

type Ready = { readonly people: readonly Person[]; readonly plan: MappingPlan };

function updated(deps: Deps, caller: Caller, known: Team, wanted: WantedTeam): Promise<Team> {
  const locate = async () => known;
  const prepare = (team: Team) => allowedIn(deps, caller, { team, wanted });
  return change(deps, caller, { ...managing(known), locate, prepare }, async (tx, _, { people }: Ready) => {
    const team = { ...(await heldTeam(tx, caller, known.id)), ...writtenIn(deps, wanted) };
    const standing = await tx.teams.membersOf(caller.tenant.id, [team.id]);
    const changes = changesTo(standing, people);
    const mapping = await mappingPlan(tx, caller, wanted.mappings, team.id);
    await stillWithin(tx, caller, [
      ...(await weightOfChanges(tx, caller, team.id, { standing, changes })),
      ...(await weightOfMappings(tx, caller, team.id, mapping)),
    ]);
    await tx.teams.update(caller.tenant.id, team);
    const moved = await writeMembership(tx, caller, team.id, changes);
    const mapped = await writeMappings(tx, caller, team.id, mapping);
    return { result: team, details: { count: changes.length, ...mappedIn(mapping) }, moved: [...moved, ...mapped] };
  });
}

const planOf = ({ store }: Deps, caller: Caller, { mappings }: WantedTeam, team?: Team) =>
  mappingPlan(store, caller, mappings, team?.id);

const mappedIn = ({ isChange, mappings }: MappingPlan) => (isChange ? { mapped: mappings.length } : {});

/** Who is to be in it, where nobody is taken in or out who would get, or lose, more than the caller holds. */
async function allowedIn(
  deps: Deps,
  caller: Caller,
  { team, wanted }: { readonly team: Team; readonly wanted: WantedTeam },
): Promise<Ready> {
  const people = await peopleWith(deps.store, caller, wanted);
  const standing = await deps.store.teams.membersOf(caller.tenant.id, [team.id]);
  const moves = { standing, changes: changesTo(standing, people) };
  const plan = await planOf(deps, caller, wanted, team);
  await refuseRoles(deps, caller, managing(team), [
    ...(await weightOfChanges(deps.store, caller, team.id, moves)),
    ...(await weightOfMappings(deps.store, caller, team.id, plan)),
  ]);
  return { people, plan };
}

const writtenIn = (deps: Deps, { displayName, description, tags }: WantedTeam) => ({
  ...{ displayName, description, tags, updatedAt: deps.clock.now() },
});

function newTeam(deps: Deps, { principal }: Caller, wanted: WantedTeam): Team {
  const id = newId<'Team'>(deps);
  const { updatedAt, ...said } = writtenIn(deps, wanted);
  return { id, name: wanted.name, ...said, createdBy: principal.id, createdAt: updatedAt, updatedAt };
}
