import { type Kysely, sql } from 'kysely';
import type { PrincipalId } from '#domain/principal.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { Ended, LastUse, PatId, PatView, PersonalAccessToken, Token } from '#domain/token.ts';
import type { RowMacs } from '#ports/row-mac.ts';
import type { PatReads, PatWrites } from '#ports/tokens.ts';
import { maced, proved, swap } from './maced.ts';
import type { Schema } from './schema.ts';

type PatRow = Schema['personal_access_token'];

export const patReads = (db: Kysely<Schema>, macs: RowMacs): PatReads => {
  const believed = (row: PatRow): PersonalAccessToken => patOf(proved(macs, 'personal_access_token', row));
  const views = async (rows: readonly PatRow[], tenant: TenantId): Promise<readonly PatView[]> => {
    const tokens = await standing(db, macs, tenant, rows);
    const byPat = Map.groupBy(tokens, ({ token }) => token.pat);
    return rows.map((row) => ({ pat: believed(row), ...shownOf(byPat.get(row.id) ?? []) }));
  };
  return {
    async get(tenant, owner, id) {
      const row = await ownedBy(db, tenant, owner).where('id', '=', id).executeTakeFirst();
      return row && believed(row);
    },
    async byName(tenant, owner, name) {
      const row = await held(db, tenant, owner).where('name', '=', name).executeTakeFirst();
      return row && believed(row);
    },
    async view(tenant, owner, id) {
      const rows = await held(db, tenant, owner).where('id', '=', id).execute();
      return (await views(rows, tenant))[0];
    },
    async list(tenant, owner, { limit, offset, nameContains }) {
      const found = held(db, tenant, owner).where(containing(nameContains));
      const rows = await found.orderBy('created_at', 'desc').orderBy('id').limit(limit).offset(offset).execute();
      const counted = found.clearSelect().select(({ fn }) => fn.countAll<number>().as('total'));
      const { total } = await counted.executeTakeFirstOrThrow();
      return { rows: await views(rows, tenant), total: Number(total) };
    },
  };
};

export const patWrites = (db: Kysely<Schema>, macs: RowMacs): PatWrites => ({
  async insert(tenant, { id, owner, name, createdAt, updatedAt, expiresAt }) {
    const times = { created_at: createdAt, updated_at: updatedAt, expires_at: expiresAt ?? null };
    const written = await db
      .insertInto('personal_access_token')
      .values(maced(macs, 'personal_access_token', { tenant, id, owner, name, ...times, ...NOT_ENDED }))
      .onConflict((name) => name.columns(['tenant', 'owner', 'name']).where('ended_at', 'is', null).doNothing())
      .executeTakeFirst();
    return written.numInsertedOrUpdatedRows === 1n;
  },

  async revoke(tenant, owner, id, ended) {
    const row = await ownedBy(db, tenant, owner).where('id', '=', id).executeTakeFirst();
    if (row === undefined) return false;
    proved(macs, 'personal_access_token', row);
    if (row.ended_at === null) await swap(db, macs, 'personal_access_token', row, endColumns(ended));
    return true;
  },

  async revokeAll(tenant, owner, ended) {
    const rows = await held(db, tenant, owner).execute();
    for (const row of rows) {
      await swap(db, macs, 'personal_access_token', proved(macs, 'personal_access_token', row), endColumns(ended));
    }
    return rows.map(({ id }) => id);
  },
});

const ownedBy = (db: Kysely<Schema>, tenant: TenantId, owner: PrincipalId) =>
  db.selectFrom('personal_access_token').selectAll().where('tenant', '=', tenant).where('owner', '=', owner);

/** What counts as there: expired ones are still listed, revoked ones are not. */
const held = (db: Kysely<Schema>, tenant: TenantId, owner: PrincipalId) =>
  ownedBy(db, tenant, owner).where('ended_at', 'is', null);

/** Names are lower case on every engine; `%` and `_` are letters like any other. */
const containing = (text: string) =>
  sql<boolean>`name like ${`%${text
    .toLowerCase()
    .replace(/[\\%_]/g, '\\$&')
    .replaceAll('\0', IN_NO_NAME)}%`} escape '\\'`;

/** For the one character that ends a pattern on SQLite, and that PostgreSQL refuses. */
const IN_NO_NAME = ' ';

type Standing = { readonly token: Token; readonly lastUse: LastUse | undefined };

/** The values of these that were not ended, newest first. */
async function standing(
  db: Kysely<Schema>,
  macs: RowMacs,
  tenant: TenantId,
  pats: readonly { id: PatId }[],
): Promise<readonly Standing[]> {
  if (pats.length === 0) return [];
  const rows = await db
    .selectFrom('token')
    .leftJoin('token_use', (join) =>
      join.onRef('token_use.tenant', '=', 'token.tenant').onRef('token_use.token', '=', 'token.id'),
    )
    .selectAll('token')
    .select(['token_use.at', 'token_use.surface', 'token_use.address'])
    .where('token.tenant', '=', tenant)
    .where('token.ended_at', 'is', null)
    .where('token.pat', 'in', idsIn(pats))
    .orderBy('token.generation', 'desc')
    .execute();
  return rows.map((row) => ({ token: tokenOf(proved(macs, 'token', row)), lastUse: lastUseOf(row) }));
}

/** Repeated up to a power of two: a dozen texts, and so a dozen prepared statements, serve any number of ids. */
function idsIn(pats: readonly { id: PatId }[]): readonly PatId[] {
  const ids = pats.map(({ id }) => id);
  const size = 2 ** Math.ceil(Math.log2(ids.length));
  return [...ids, ...Array.from({ length: size - ids.length }, () => ids[0] as PatId)];
}

const shownOf = (standing: readonly Standing[]): Pick<PatView, 'tokens' | 'lastUse'> => ({
  tokens: standing.map(({ token }) => token),
  lastUse: standing
    .flatMap(({ lastUse }) => lastUse ?? [])
    .reduce<LastUse | undefined>((latest, use) => (latest && latest.at >= use.at ? latest : use), undefined),
});

const lastUseOf = (row: { at: number | null; surface: string | null; address: string | null }): LastUse | undefined =>
  row.at === null || row.surface === null
    ? undefined
    : { at: row.at, surface: row.surface, address: row.address ?? undefined };

export const NOT_ENDED = { ended_at: null, ended_by: null, end_reason: null } as const;

export const endColumns = ({ at, by, reason }: Ended) => ({ ended_at: at, ended_by: by, end_reason: reason });

const endOf = (row: Pick<PatRow, 'ended_at' | 'ended_by' | 'end_reason'>): Ended | undefined =>
  row.ended_at === null || row.ended_by === null || row.end_reason === null
    ? undefined
    : { at: row.ended_at, by: row.ended_by, reason: row.end_reason };

const patOf = (row: PatRow): PersonalAccessToken => ({
  ...{ id: row.id, owner: row.owner, name: row.name, createdAt: row.created_at, updatedAt: row.updated_at },
  ...{ expiresAt: row.expires_at ?? undefined, ended: endOf(row) },
});

export const tokenOf = (row: Schema['token']): Token => ({
  ...{ id: row.id, kind: row.kind, pat: row.pat, subject: row.subject, generation: row.generation },
  ...{ preview: row.preview, createdAt: row.created_at, expiresAt: row.expires_at ?? undefined, ended: endOf(row) },
});
