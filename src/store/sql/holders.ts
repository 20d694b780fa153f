import { type Kysely, type SqlBool, sql } from 'kysely';
import type { SubjectId } from '#domain/grant.ts';
import type { RoleId } from '#domain/role.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { RowMacs } from '#ports/row-mac.ts';
import { columnsOf, partOf } from './joined.ts';
import { isProved, MACED, type MacedRow, type MacedTable, proved } from './maced.ts';
import { inParts } from './parts.ts';
import type { Schema } from './schema.ts';

/* Who holds a role on the whole tenant: by themselves, by a team, or as everybody. */

/** Whether a row counts, for whoever asks. */
type Trust = <T extends MacedTable>(table: T, row: MacedRow<T>) => boolean;

type Search = {
  readonly db: Kysely<Schema>;
  readonly tenant: TenantId;
  readonly trusts: Trust;
  readonly isToSignIn: boolean;
};

/** One that does not prove itself is an error, also where it may hide the one that is looked for. */
export async function anyHolds(db: Kysely<Schema>, macs: RowMacs, tenant: TenantId, role: RoleId): Promise<boolean> {
  const trusts: Trust = (table, row) => proved(macs, table, row) === row;
  if (await anyWith({ db, tenant, trusts, isToSignIn: false }, role)) return true;
  for (const table of DECIDING) {
    const rows = await db.selectFrom(table).selectAll().where('tenant', '=', tenant).execute();
    for (const row of rows) proved(macs, table, row as never); // of the table that it was read from
  }
  return false;
}

/** What says who holds a role. Read whole only where nobody does. */
const DECIDING = ['role_grant', 'team_member', 'principal'] as const;

export const anyLeft = (db: Kysely<Schema>, macs: RowMacs, tenant: TenantId, role: RoleId): Promise<boolean> =>
  anyWith({ db, tenant, trusts: (table, row) => isProved(macs, table, row), isToSignIn: true }, role);

async function anyWith(search: Search, role: RoleId): Promise<boolean> {
  const { db, tenant, trusts } = search;
  const grants = db.selectFrom('role_grant').selectAll().where('tenant', '=', tenant).where('role', '=', role);
  for (const grant of await grants.where('resource', '=', '*').execute()) {
    if (trusts('role_grant', grant) && (await anyOf(search, grant.subject))) return true;
  }
  return false;
}

const COLUMNS = {
  principal: [...MACED.principal, 'mac'],
  team_member: [...MACED.team_member, 'mac'],
  password: [...MACED.password, 'mac'],
} as const;
type Part = keyof typeof COLUMNS;
const SELECTED = (Object.keys(COLUMNS) as Part[]).flatMap((table) => columnsOf(table, COLUMNS[table]));
const PART_OF: Readonly<Record<Part, (row: object) => object>> = {
  principal: partOf('principal', COLUMNS.principal),
  team_member: partOf('team_member', COLUMNS.team_member),
  password: partOf('password', COLUMNS.password),
};

/** The first is nearly always one that counts. */
const CANDIDATES_MAX = 100;

async function anyOf(search: Search, subject: SubjectId): Promise<boolean> {
  let after = '';
  for (;;) {
    const rows: readonly object[] = await candidates(search, subject, after).execute();
    if (rows.some((row) => counts(search, row))) return true;
    if (rows.length < CANDIDATES_MAX) return false;
    after = (PART_OF.principal(rows.at(-1) as object) as Schema['principal']).id;
  }
}

function candidates({ db, tenant }: Search, subject: SubjectId, after: string) {
  const active = db
    .selectFrom('principal')
    .leftJoin('team_member', (join) =>
      join
        .onRef('team_member.tenant', '=', 'principal.tenant')
        .onRef('team_member.principal', '=', 'principal.id')
        .on(sql<SqlBool>`team_member.team = ${subject}`),
    )
    .leftJoin('password', (join) =>
      join.onRef('password.tenant', '=', 'principal.tenant').onRef('password.principal', '=', 'principal.id'),
    )
    .select(SELECTED)
    .where('principal.tenant', '=', tenant)
    .where('principal.active', '=', 1)
    .where('principal.kind', '=', 'user')
    .where(sql<SqlBool>`principal.id > ${after}`)
    .orderBy('principal.id')
    .limit(CANDIDATES_MAX);
  return subject === tenant ? active : active.where(isOf(tenant, subject));
}

const isOf = (tenant: TenantId, subject: SubjectId) => sql<SqlBool>`principal.id in (
  select m.principal from team_member m where m.tenant = ${tenant} and m.team = ${subject} union all select ${subject})`;

function counts({ trusts, isToSignIn }: Search, row: object): boolean {
  const isThere = (table: Part) => (PART_OF[table](row) as MacedRow<Part>).mac !== null;
  const isTrusted = (table: Part) => trusts(table, PART_OF[table](row) as MacedRow<Part>);
  if (!isTrusted('principal') || (isThere('team_member') && !isTrusted('team_member'))) return false;
  return !isToSignIn || (isThere('password') && isTrusted('password'));
}

/** By grants of their own of one of each; nobody who is deactivated. */
export async function holdersOfEach(
  db: Kysely<Schema>,
  macs: RowMacs,
  tenant: TenantId,
  [some, others]: readonly [readonly RoleId[], readonly RoleId[]],
  limit: number,
): Promise<readonly SubjectId[]> {
  if (some.length === 0 || others.length === 0) return [];
  const found = await db
    .selectFrom('role_grant as one')
    .innerJoin('role_grant as other', (join) =>
      join.onRef('other.tenant', '=', 'one.tenant').onRef('other.subject', '=', 'one.subject'),
    )
    .select(({ fn }) => ['one.subject', fn.min('one.id').as('first'), fn.min('other.id').as('second')])
    .where('one.tenant', '=', tenant)
    .where('one.resource', '=', '*')
    .where('one.role', 'in', some)
    .where('other.resource', '=', '*')
    .where('other.role', 'in', others)
    .where(isNotInactive)
    .groupBy('one.subject')
    .orderBy('one.subject')
    .limit(limit)
    .execute();
  const all = db.selectFrom('role_grant').selectAll().where('tenant', '=', tenant);
  const ids = found.flatMap(({ first, second }) => [first, second]);
  for (const row of await inParts(ids, (few) => all.where('id', 'in', few).execute())) proved(macs, 'role_grant', row);
  return found.map(({ subject }) => subject);
}

/** A team is no principal. Of those who are left it is proved where they are shown. */
const isNotInactive = sql<SqlBool>`not exists (
  select 1 from principal p where p.tenant = one.tenant and p.id = one.subject and p.active = 0)`;
