import { type Kysely, type SqlBool, sql } from 'kysely';
import type { Held, Holding, SubjectId } from '#domain/grant.ts';
import type { Principal, PrincipalId } from '#domain/principal.ts';
import { builtInOf, type Role, type RoleId } from '#domain/role.ts';
import type { Membership, TeamId } from '#domain/team.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { RowMacs } from '#ports/row-mac.ts';
import { columnsOf, partOf } from './joined.ts';
import { MACED, type MacedRow, proved } from './maced.ts';
import { inParts } from './parts.ts';
import { prepared } from './prepared.ts';
import type { Schema } from './schema.ts';

/*
 * All that a principal may do, in one statement: a row for each of their own grants and of everybody's, and for each team
 * of theirs one for each of its grants, or one alone. Every part is proved before it is believed.
 */

const COLUMNS = {
  team_member: [...MACED.team_member, 'mac'],
  role_grant: [...MACED.role_grant, 'mac'],
  role: [...MACED.role, 'mac'],
} as const;
type Part = keyof typeof COLUMNS;

const PART_OF = {
  team_member: partOf('team_member', COLUMNS.team_member),
  role_grant: partOf('role_grant', COLUMNS.role_grant),
  role: partOf('role', COLUMNS.role),
} as const satisfies Record<Part, (row: object) => object>;

/** Undefined where an outer join found none. The cast says what the statement has selected, by the very same lists. */
function part<P extends Part>(macs: RowMacs, row: object, table: P): MacedRow<P> | undefined {
  const read = PART_OF[table](row) as MacedRow<P>;
  return (read as Partial<Schema['tenant_alias']>).tenant === null ? undefined : proved(macs, table, read);
}

type Asked = { readonly tenant: TenantId; readonly principal: PrincipalId; readonly everybody: SubjectId };

const NOTHING = COLUMNS.team_member.map((column) => sql<null>`null`.as(`team_member.${column}`));
const GRANT = columnsOf('role_grant', COLUMNS.role_grant);
const ROLE = columnsOf('role', COLUMNS.role);

const ownOf = (db: Kysely<Schema>, { tenant, principal, everybody }: Asked) =>
  db
    .selectFrom('role_grant')
    .leftJoin('role', (join) => join.onRef('role.tenant', '=', 'role_grant.tenant').on(isItsRole))
    .select([...NOTHING, ...GRANT, ...ROLE])
    .where('role_grant.tenant', '=', tenant)
    .where('role_grant.subject', 'in', [principal, everybody]);

const ofTeams = (db: Kysely<Schema>, { tenant, principal }: Asked) =>
  db
    .selectFrom('team_member')
    .leftJoin('role_grant', (join) =>
      join
        .onRef('role_grant.tenant', '=', 'team_member.tenant')
        .on(sql<SqlBool>`role_grant.subject = team_member.team`),
    )
    .leftJoin('role', (join) => join.onRef('role.tenant', '=', 'role_grant.tenant').on(isItsRole))
    .select([...columnsOf('team_member', COLUMNS.team_member), ...GRANT, ...ROLE])
    .where('team_member.tenant', '=', tenant)
    .where('team_member.principal', '=', principal);

/** A built-in role has no row. */
const isItsRole = sql<SqlBool>`role.id = role_grant.role`;

const allOf = prepared((db, asked: Asked) => ownOf(db, asked).unionAll(ofTeams(db, asked)));

/** `everyone` holds users alone. `besides`: teams to which they belong as long as a credential of theirs says so. */
export async function heldBy(
  db: Kysely<Schema>,
  macs: RowMacs,
  tenant: TenantId,
  { id, kind }: Pick<Principal, 'id' | 'kind'>,
  besides: readonly TeamId[] = [],
): Promise<Held> {
  const { rows: own } = await allOf(db, { tenant, principal: id, everybody: kind === 'user' ? tenant : id });
  const rows = [...own, ...(await heldByTeams(db, tenant, besides))];
  const memberships = new Map<string, Membership>(
    besides.map((team) => [team, { team, isMember: true, isManager: false }]),
  );
  const holdings: Holding[] = [];
  for (const row of rows as readonly object[]) {
    const membership = part(macs, row, 'team_member');
    if (membership !== undefined) memberships.set(membership.team, membershipOf(membership));
    const holding = holdingIn(macs, row);
    if (holding !== undefined) holdings.push(holding);
  }
  return { memberships: [...memberships.values()], holdings };
}

/** Of teams to which somebody belongs by no row of theirs. */
const heldByTeams = (db: Kysely<Schema>, tenant: TenantId, teams: readonly TeamId[]) =>
  inParts<TeamId, object>(teams, (some) =>
    db
      .selectFrom('role_grant')
      .leftJoin('role', (join) => join.onRef('role.tenant', '=', 'role_grant.tenant').on(isItsRole))
      .select([...NOTHING, ...GRANT, ...ROLE])
      .where('role_grant.tenant', '=', tenant)
      .where('role_grant.subject', 'in', some)
      .execute(),
  );

const membershipOf = ({ team, member, manager }: MacedRow<'team_member'>): Membership => ({
  ...{ team, isMember: member === 1, isManager: manager === 1 },
});

/** Undefined too where its role is gone. */
function holdingIn(macs: RowMacs, row: object): Holding | undefined {
  const grant = part(macs, row, 'role_grant');
  if (grant === undefined) return undefined;
  const role = builtInOf(grant.role) ?? roleOf(part(macs, row, 'role'));
  if (role === undefined) return undefined;
  const { id, subject, resource, binding } = grant;
  return { id, subject, role, resource, binding: binding ?? undefined };
}

const roleOf = (row: MacedRow<'role'> | undefined): Role | undefined =>
  row && { id: row.id as RoleId, name: row.name, permissions: JSON.parse(row.permissions) };
