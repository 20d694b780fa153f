import { type Kysely, type SqlBool, sql } from 'kysely';
import type { Principal, PrincipalId } from '#domain/principal.ts';
import type { Belonging, TeamId } from '#domain/team.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { RowMacs } from '#ports/row-mac.ts';
import type { Members, MemberView, TeamSummary } from '#ports/teams.ts';
import type { Listing } from '#ports/tokens.ts';
import { columnsOf, partOf } from './joined.ts';
import { MACED, type MacedRow, proved } from './maced.ts';
import { meeting } from './meeting.ts';
import { inParts } from './parts.ts';
import type { Schema } from './schema.ts';
import { PERSON } from './users.ts';

const COLUMNS = {
  team_member: [...MACED.team_member, 'mac'],
  principal: [...MACED.principal, 'mac'],
} as const;
const memberPart = partOf('team_member', COLUMNS.team_member);
const principalPart = partOf('principal', COLUMNS.principal);

/** Both rows, proved. */
function viewOf(macs: RowMacs, row: object): MemberView {
  const { team, ...belongs } = belongingOf(proved(macs, 'team_member', memberPart(row) as MacedRow<'team_member'>));
  const { id, kind, name } = proved(macs, 'principal', principalPart(row) as MacedRow<'principal'>);
  return { team, ...belongs, principal: { id, kind, name } };
}

const belongingOf = ({ team, member, manager }: MacedRow<'team_member'>): Belonging & { readonly team: TeamId } => ({
  ...{ team, isMember: member === 1, isManager: manager === 1 },
});

const members = (db: Kysely<Schema>, tenant: TenantId) =>
  db
    .selectFrom('team_member')
    .innerJoin('principal', (join) =>
      join.onRef('principal.tenant', '=', 'team_member.tenant').onRef('principal.id', '=', 'team_member.principal'),
    )
    .where('team_member.tenant', '=', tenant);

const SELECTED = [...columnsOf('team_member', COLUMNS.team_member), ...columnsOf('principal', COLUMNS.principal)];

export async function membersOf(
  db: Kysely<Schema>,
  macs: RowMacs,
  tenant: TenantId,
  teams: readonly TeamId[],
): Promise<readonly MemberView[]> {
  const rows = await inParts(teams, (some) =>
    members(db, tenant).where('team_member.team', 'in', some).select(SELECTED).execute(),
  );
  return inOrder(rows.map((row) => viewOf(macs, row)));
}

type Some = { readonly tenant: TenantId; readonly teams: readonly TeamId[] };

export async function summaries(
  db: Kysely<Schema>,
  macs: RowMacs,
  { tenant, teams }: Some,
  firstMax: number,
): Promise<readonly TeamSummary[]> {
  const counts = await inParts(teams, (some) => countsOf(db, tenant, some).execute());
  const rows = await inParts(teams, (some) => firstOf(db, { tenant, teams: some }, firstMax).execute());
  const first = Map.groupBy(inOrder(rows.map((row) => viewOf(macs, row))), ({ team }) => team);
  return counts.map(({ team, members: memberCount, managers: managerCount }) => ({
    ...{ team, memberCount: Number(memberCount), managerCount: Number(managerCount), first: first.get(team) ?? [] },
  }));
}

const countsOf = (db: Kysely<Schema>, tenant: TenantId, teams: readonly TeamId[]) =>
  db
    .selectFrom('team_member')
    .select(({ fn }) => ['team', fn.sum<number>('member').as('members'), fn.sum<number>('manager').as('managers')])
    .where('tenant', '=', tenant)
    .where('team', 'in', teams)
    .groupBy('team');

function firstOf(db: Kysely<Schema>, { tenant, teams }: Some, firstMax: number) {
  const nth = (column: 'member' | 'manager') =>
    sql<number>`row_number() over (partition by team_member.team, ${sql.ref(`team_member.${column}`)} order by principal.name)`;
  const ranked = members(db, tenant)
    .where('team_member.team', 'in', teams)
    .select([...SELECTED, nth('member').as('nth_member'), nth('manager').as('nth_manager')])
    .as('ranked');
  const isAmong = (column: 'member' | 'manager') =>
    sql<SqlBool>`(${sql.id(`team_member.${column}`)} = 1 and ${sql.id(`nth_${column}`)} <= ${firstMax})`;
  return db
    .selectFrom(ranked)
    .selectAll()
    .where(({ or }) => or([isAmong('member'), isAmong('manager')]));
}

const inOrder = (views: readonly MemberView[]): readonly MemberView[] =>
  views.toSorted(({ principal: one }, { principal: other }) => (one.name < other.name ? -1 : 1));

export async function membersPage(
  db: Kysely<Schema>,
  macs: RowMacs,
  { tenant, team }: { readonly tenant: TenantId; readonly team: TeamId },
  { limit, offset, which, where }: Members,
): Promise<Listing<Principal>> {
  const column = which === 'members' ? 'team_member.member' : 'team_member.manager';
  let of = members(db, tenant).where('team_member.team', '=', team).where(column, '=', 1);
  if (where !== undefined) of = of.where(meeting(where, PERSON));
  const page = of.select(SELECTED).orderBy('principal.name').limit(limit).offset(offset);
  const rows = await page.execute();
  const { total } = await of.select(({ fn }) => fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  return { rows: rows.map((row) => viewOf(macs, row).principal), total: Number(total) };
}

export async function teamsOfPrincipal(
  db: Kysely<Schema>,
  macs: RowMacs,
  tenant: TenantId,
  principal: PrincipalId,
): Promise<ReadonlyMap<TeamId, Belonging>> {
  const all = db.selectFrom('team_member').selectAll().where('tenant', '=', tenant).where('principal', '=', principal);
  const rows = await all.execute();
  return new Map(
    rows.map((row) => {
      const { team, ...belongs } = belongingOf(proved(macs, 'team_member', row));
      return [team, belongs];
    }),
  );
}
