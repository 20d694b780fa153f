import type { WantedTeam } from '#app/team/apply.ts';
import { managersAmong, membersAmong, type TeamView } from '#app/team/view.ts';
import { wireDate } from '#contract/wire/date.ts';
import type { TeamManifest, TeamRow } from '#contract/wire/team.ts';
import type { Caller } from '#domain/caller.ts';
import { type Email, type Principal, parseEmail } from '#domain/principal.ts';
import { type Problem, Refusal } from '#domain/refusal.ts';
import { parseTeamName, type Team } from '#domain/team.ts';
import { subjectOf } from './subject.ts';

type Shown = { readonly isWhole: boolean };

/** Our team in the public product's words; `isWhole` with the lists of who belongs to it. */
export function rowOf(
  { tenant }: Caller,
  { team, createdBy, people, roles, mappings }: TeamView,
  { isWhole }: Shown = { isWhole: true },
): TeamRow {
  const isEveryone = people === undefined;
  const lists = isWhole
    ? { members: namesOf(membersAmong(people ?? [])), managers: namesOf(managersAmong(people ?? [])) }
    : NONE;
  return {
    ...{ id: team.id, teamName: team.name, description: team.description },
    ...{ tenantName: tenant.name, accountId: tenant.id, createdBySubject: subjectOf(createdBy) },
    ...(isWhole && !isEveryone ? { members: lists.members } : {}),
    ...{ createdAt: wireDate(team.createdAt), updatedAt: wireDate(team.updatedAt) },
    manifest: { ...manifestOf(team), ...lists, ...mappedIn(mappings) },
    ...{ isEditable: !isEveryone, roles: [...roles] },
  };
}

/** A manifest has the list of its members in any case. */
const NONE = { members: [] };

const manifestOf = ({ name, displayName, description, tags }: Team) => ({
  ...{ type: 'team' as const, name },
  ...(displayName === undefined ? {} : { displayName }),
  ...(description === '' ? {} : { description }),
  ...(Object.keys(tags).length === 0 ? {} : { tags }),
});

const mappedIn = (mappings: TeamView['mappings']) =>
  mappings.length === 0
    ? {}
    : {
        identity_provider_mapping: mappings.map(({ provider, value }) => ({ identity_provider: provider.name, value })),
      };

export const TOP_MAX = 5;

/** How many belong to it, and the first of them. */
export function summaryOf({ people = [], memberCount, managerCount }: TeamView) {
  const [members, managers] = [namesOf(membersAmong(people)), namesOf(managersAmong(people))];
  return {
    ...{ topMembers: members.slice(0, TOP_MAX), topManagers: managers.slice(0, TOP_MAX) },
    ...{ totalMemberCount: memberCount, totalManagerCount: managerCount },
  };
}

const namesOf = (people: readonly Principal[]): string[] => people.map(({ name }) => name);

/** The id, and of the rest what was asked for. */
export const projected = (row: TeamRow, attributes: readonly string[]): { id: string } & Partial<TeamRow> => ({
  ...Object.fromEntries(Object.entries(row).filter(([name]) => attributes.includes(name))),
  id: row.id,
});

/** What a manifest asks for; it says all of a team, so that what it leaves out is left out of the team. */
export function wantedOf({ tenant }: Caller, manifest: TeamManifest): WantedTeam {
  const { ownedBy, identity_provider_mapping: mapping } = manifest;
  if (ownedBy && ownedBy.account !== tenant.name) {
    throw not('ownedBy.account', `must be ${tenant.name}, the one account on this server`);
  }
  return {
    ...{ name: parseTeamName(manifest.name), displayName: manifest.displayName ?? undefined },
    ...{ description: manifest.description ?? '', tags: manifest.tags ?? {} },
    members: addresses('members', manifest.members),
    managers: addresses('managers', manifest.managers ?? []),
    mappings: (mapping ?? []).map((one) => ({ provider: one.identity_provider, value: one.value })),
  };
}

const not = (field: string, problem: string): Refusal =>
  new Refusal('unprocessable', `${field} ${problem}.`, { problems: [{ field, problem }] });

const PROBLEMS_MAX = 10;

function addresses(field: 'members' | 'managers', texts: readonly string[]): readonly Email[] {
  const problems: Problem[] = [];
  const parsed = texts.flatMap((text, at) => {
    try {
      return parseEmail(text);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      problems.push({ field: `${field}.${at}`, problem: 'must be an e-mail address' });
      return [];
    }
  });
  if (problems.length === 0) return parsed;
  const where = problems.slice(0, PROBLEMS_MAX);
  throw new Refusal('unprocessable', `No e-mail address: ${where.map((one) => one.field).join(', ')}.`, {
    problems: where,
  });
}
