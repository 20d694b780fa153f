import { applyTeam, createTeam, wouldApply } from '#app/team/apply.ts';
import { getTeam, PERSON_COLUMNS, teamHoldings, teamPeople } from '#app/team/get.ts';
import { type AskedTeams, listTeams } from '#app/team/list.ts';
import { addToTeam, removeFromTeam } from '#app/team/member.ts';
import { removeTeam } from '#app/team/remove.ts';
import type { TEAM_OPERATIONS } from '#contract/wire/team.ts';
import type { Caller } from '#domain/caller.ts';
import { parseCondition } from '#domain/condition.ts';
import { parseId } from '#domain/id.ts';
import type { Email } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import { parseSubject } from '#domain/subject.ts';
import { parseTeamName, type Team, type TeamId } from '#domain/team.ts';
import type { Api, Handlers } from '../handler.ts';
import { permissionOf } from './permission.ts';
import { subjectOf } from './subject.ts';
import { projected, rowOf, summaryOf, TOP_MAX, wantedOf } from './team-row.ts';

type Query = Pick<AskedTeams, 'limit' | 'offset'> & {
  readonly role?: 'manager' | undefined;
  readonly attributes?: readonly string[] | undefined;
  readonly includeMembership: boolean;
};

async function list(api: Api, caller: Caller, { limit, offset, role, attributes, includeMembership }: Query) {
  const isWhole = includeMembership && (attributes === undefined || attributes.some((name) => WITH_LISTS.has(name)));
  const firstMax = isWhole ? undefined : TOP_MAX;
  const { rows, total } = await listTeams(api, caller, { limit, offset, isManagedOnly: role === 'manager', firstMax });
  const data = rows.map((view) => {
    const row = { ...rowOf(caller, view, { isWhole }), ...summaryOf(view) };
    return attributes === undefined ? row : projected(row, attributes);
  });
  return { data, pagination: { total, offset, limit } };
}

/** What holds everybody who belongs to a team. */
const WITH_LISTS: ReadonlySet<string> = new Set(['members', 'manifest']);

type PeopleQuery = {
  readonly id: string;
  readonly limit: number;
  readonly offset: number;
  readonly filter?: string | undefined;
};

const people =
  (which: 'members' | 'managers') =>
  async (api: Api, caller: Caller, { id, limit, offset, filter }: PeopleQuery) => {
    const where = filter === undefined ? undefined : parseCondition(filter, PERSON_COLUMNS);
    const { rows, total } = await teamPeople(api, caller, parseId(id), { limit, offset, which, where });
    const data = rows.map((one) => {
      const { subjectId, subjectSlug, subjectType } = subjectOf(one);
      return { subjectId, subjectSlug, subjectType };
    });
    return { data, pagination: { total, offset, limit } };
  };

export const teamHandlers: Handlers<typeof TEAM_OPERATIONS> = {
  wireListTeamsOfUser: list,
  wireListTeams: list,
  wirePutTeam: async (api, caller, { manifest, dryRun }) => {
    const apply = dryRun === true ? wouldApply : applyTeam;
    return { data: rowOf(caller, await apply(api, caller, wantedOf(caller, manifest))) };
  },
  wireCreateTeam: async (api, caller, { name, description = '' }) => ({
    data: rowOf(caller, await createTeam(api, caller, { name: parseTeamName(name), description })),
  }),
  wireGetTeam: async (api, caller, { id }) => ({ data: rowOf(caller, await getTeam(api, caller, parseId(id))) }),
  wireDeleteTeam: async (api, caller, { id }) => {
    await removeTeam(api, caller, parseId(id));
    return {};
  },
  wireListTeamMembers: people('members'),
  wireListTeamManagers: people('managers'),
  wireListTeamPermissions: async (api, caller, { id }) => {
    const { team, holdings } = await teamHoldings(api, caller, parseId(id));
    const named = new Map<TeamId, Team>([[team.id, team]]);
    return { data: holdings.map((holding) => permissionOf(caller, holding, named)) };
  },
  wireAddTeamMember: async (api, caller, { id, subject, role }) => {
    await addToTeam(api, caller, parseId(id), { email: userIn(subject), as: role });
    return {};
  },
  wireRemoveTeamMember: async (api, caller, { id, subject }) => {
    await removeFromTeam(api, caller, parseId(id), userIn(subject));
    return {};
  },
};

function userIn(text: string): Email {
  const { kind, name } = parseSubject(text);
  if (kind === 'user') return name;
  throw new Refusal('unprocessable', 'Only users belong to teams: name one as user:<e-mail address>.', {
    problems: [{ field: 'subject', problem: 'must be user:<e-mail address>' }],
  });
}
