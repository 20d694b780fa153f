import type { Caller } from '#domain/caller.ts';
import { type Grant, type GrantId, TENANT_WIDE } from '#domain/grant.ts';
import type { PrincipalId } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import { allows } from '#domain/rights.ts';
import { EVERYONE, TEAM_NAME, type Team, type TeamId, type TeamName } from '#domain/team.ts';
import type { Moved } from '#ports/changes.ts';
import type { Store } from '#ports/store.ts';
import type { Subject } from '../grant/subject.ts';

/*
 * A team that owns an account manages it: its members hold a role on that one account, by a grant to the team. So nobody
 * who looks for what somebody may do has to know of accounts.
 */

export const ownersGrant = (id: GrantId, team: TeamId, account: PrincipalId): Grant => ({
  ...{ id, subject: team, role: 'virtual-account-manager', resource: `virtual-account/${account}`, binding: undefined },
});

/** What a change of an account moves of all that verifications rest on. */
export const movedWith = (account: PrincipalId, ...teams: readonly (TeamId | undefined)[]): readonly Moved[] => [
  { kind: 'principal', id: account },
  ...teams.flatMap((id) => (id === undefined ? [] : [{ kind: 'team', id } as const])),
];

/** As whoever holds them needs them. */
export const ownersIn = (owner: Team | undefined): readonly Subject[] =>
  owner === undefined ? [] : [{ kind: 'team', id: owner.id, name: owner.name }];

const NAME_CHARS_MAX = 40;

/** The team that is to own it. Whoever does not manage all accounts names one of their own: they would lose it else. */
export async function ownerNamed(
  { teams }: Pick<Store, 'teams'>,
  caller: Caller,
  name: string | undefined,
): Promise<Team | undefined> {
  const managesAll = allows(caller.rights, 'virtual-account:ManageVirtualAccount', TENANT_WIDE);
  if (name === undefined) {
    if (managesAll) return undefined;
    throw wrong('Name a team of yours in ownedBy.team: it manages the account.', 'must name a team of yours');
  }
  if (name === EVERYONE) throw wrong('The team everyone owns no virtual accounts.', 'must not be everyone');
  const team = TEAM_NAME.test(name) ? await teams.byName(caller.tenant.id, name as TeamName) : undefined;
  if (team === undefined) throw wrong(`There is no team ${name.slice(0, NAME_CHARS_MAX)}.`, 'names no team');
  if (managesAll || (await belongs(teams, caller, team))) return team;
  throw wrong(`You do not belong to the team ${team.name}.`, 'must name a team of yours');
}

const belongs = async (teams: Store['teams'], { tenant, principal }: Caller, { id }: Team): Promise<boolean> =>
  (await teams.ofPrincipal(tenant.id, principal.id)).some(({ team }) => team.id === id);

const wrong = (message: string, problem: string): Refusal =>
  new Refusal('unprocessable', message, { problems: [{ field: 'ownedBy.team', problem }] });
