import type { Kysely } from 'kysely';
import type { PrincipalId } from '#domain/principal.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { PatView, PersonalAccessToken } from '#domain/token.ts';
import type { RowMacs } from '#ports/row-mac.ts';
import type { Page, PatReads, PatWrites } from '#ports/tokens.ts';
import { isProved, MACED, maced, proved, swap } from './maced.ts';
import { inParts } from './parts.ts';
import { columnsOf, prepared } from './prepared.ts';
import { endColumns, NOT_ENDED, patOf } from './rows.ts';
import type { Schema } from './schema.ts';
import { containing } from './search.ts';
import { deadUses, shownOf, standing } from './standing.ts';

type PatRow = Schema['personal_access_token'];

/** Ids that stand in one statement; an engine takes some ten thousand. */
const VIEWED_MAX = 1_000;

export const patReads = (db: Kysely<Schema>, macs: RowMacs): PatReads => {
  const believed = (row: PatRow): PersonalAccessToken => patOf(proved(macs, 'personal_access_token', row));
  const views = async (rows: readonly PatRow[], tenant: TenantId): Promise<readonly PatView[]> => {
    if (rows.length === 0) return [];
    const byPat = Map.groupBy(await standing(db, macs, tenant, rows), ({ pat }) => pat);
    const dead = await deadUses(db, tenant, rows);
    return rows.map((row) => {
      const pat = believed(row);
      return { pat, ...shownOf(pat, byPat.get(row.id) ?? []), deadUse: dead.get(row.id) };
    });
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
      const rows = await ownedBy(db, tenant, owner).where('id', '=', id).execute();
      return (await views(rows, tenant))[0];
    },
    async countLive(tenant, owner, now) {
      const inTime = held(db, tenant, owner).where(({ eb, or }) =>
        or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]),
      );
      const rows = await inTime.execute();
      let live = 0;
      for (let from = 0; from < rows.length; from += VIEWED_MAX) {
        const shown = await views(rows.slice(from, from + VIEWED_MAX), tenant);
        live += shown.filter(({ endsAt }) => endsAt === undefined || endsAt > now).length;
      }
      return live;
    },
    async countOfTeam(tenant, team) {
      const all = db.selectFrom('personal_access_token').where('tenant', '=', tenant).where('team', '=', team);
      const counted = all.where('ended_at', 'is', null).select(({ fn }) => fn.countAll<number>().as('total'));
      return Number((await counted.executeTakeFirstOrThrow()).total);
    },
    ofAccounts: async (tenant, accounts) => views(await ofAccounts(db, tenant, accounts), tenant),
    async list(tenant, owner, page) {
      const { limit, offset } = page;
      const found = listed(db, tenant, owner, page);
      const rows = await found.orderBy('created_at', 'desc').orderBy('id').limit(limit).offset(offset).execute();
      const counted = found.clearSelect().select(({ fn }) => fn.countAll<number>().as('total'));
      const { total } = await counted.executeTakeFirstOrThrow();
      return { rows: await views(rows, tenant), total: Number(total) };
    },
  };
};

export const patWrites = (db: Kysely<Schema>, macs: RowMacs): PatWrites => ({
  async insert(tenant, { id, owner, name, createdBy, createdAt, updatedAt, expiresAt, team, kind }) {
    const put = { team: team ?? null, kind: kind === 'va' ? kind : null };
    const same = { tenant, id, owner, name, created_by: createdBy, ...put, ...NOT_ENDED };
    const times = { created_at: createdAt, updated_at: updatedAt, expires_at: expiresAt ?? null };
    const written = await insertPat(db, maced(macs, 'personal_access_token', { ...same, ...times }));
    return written.numAffectedRows === 1n;
  },

  async rename(tenant, owner, id, name, at) {
    const row = await held(db, tenant, owner).where('id', '=', id).executeTakeFirstOrThrow();
    const others = held(db, tenant, owner).where('name', '=', name).where('id', '!=', id);
    if ((await others.executeTakeFirst()) !== undefined) return false; // the unique index holds it against all others
    await swap(db, macs, 'personal_access_token', proved(macs, 'personal_access_token', row), { name, updated_at: at });
    return true;
  },

  async setExpiry(tenant, owner, id, expiresAt, at) {
    const row = await rowsOf(db, tenant, owner).where('id', '=', id).executeTakeFirstOrThrow();
    const changed = { expires_at: expiresAt ?? null, updated_at: at };
    await swap(db, macs, 'personal_access_token', proved(macs, 'personal_access_token', row), changed);
  },

  async revoke(tenant, owner, id, ended) {
    const row = await rowsOf(db, tenant, owner).where('id', '=', id).executeTakeFirst();
    if (row === undefined) return false;
    proved(macs, 'personal_access_token', row);
    if (row.ended_at === null) await swap(db, macs, 'personal_access_token', row, endColumns(ended));
    return true;
  },

  async revokeAll(tenant, owner, ended) {
    const rows = await held(db, tenant, owner).execute();
    const { ours = [], unproved = [] } = Object.groupBy(rows, (row) =>
      isProved(macs, 'personal_access_token', row) ? 'ours' : 'unproved',
    );
    for (const row of ours) await swap(db, macs, 'personal_access_token', row, endColumns(ended));
    return { ended: ours.map(({ id }) => id), unproved: unproved.map(({ id }) => id) };
  },
});

const PAT_COLUMNS = [...MACED.personal_access_token, 'updated_at', 'team', 'mac'] as const;

const insertPat = prepared((db, row: PatRow) =>
  db
    .insertInto('personal_access_token')
    .values(columnsOf(row, PAT_COLUMNS))
    .onConflict((name) => name.columns(['tenant', 'owner', 'name']).where('ended_at', 'is', null).doNothing()),
);

const rowsOf = (db: Kysely<Schema>, tenant: TenantId, owner: PrincipalId) =>
  db.selectFrom('personal_access_token').selectAll().where('tenant', '=', tenant).where('owner', '=', owner);

const ownedBy = (db: Kysely<Schema>, tenant: TenantId, owner: PrincipalId) =>
  rowsOf(db, tenant, owner).where('kind', 'is', null);

const ofAccounts = (db: Kysely<Schema>, tenant: TenantId, accounts: readonly PrincipalId[]) => {
  const all = db.selectFrom('personal_access_token').selectAll().where('tenant', '=', tenant).where('kind', '=', 'va');
  const standing = all.where('ended_at', 'is', null);
  return inParts(accounts, (some) => standing.where('owner', 'in', some).execute());
};

/** What counts as there: expired ones are still listed, revoked ones are not. */
const held = (db: Kysely<Schema>, tenant: TenantId, owner: PrincipalId) =>
  ownedBy(db, tenant, owner).where('ended_at', 'is', null);

const listed = (db: Kysely<Schema>, tenant: TenantId, owner: PrincipalId, { nameContains, endedAfter }: Page) =>
  ownedBy(db, tenant, owner)
    .where(containing('name', nameContains))
    .where(({ eb, or }) =>
      or([eb('ended_at', 'is', null), ...(endedAfter === undefined ? [] : [eb('ended_at', '>', endedAfter)])]),
    );
