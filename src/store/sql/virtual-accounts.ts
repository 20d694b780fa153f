import { type Kysely, type SelectQueryBuilder, sql } from 'kysely';
import type { Instant } from '#domain/instant.ts';
import type { PrincipalId } from '#domain/principal.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { AutoRotate, VirtualAccount, VirtualAccountName } from '#domain/virtual-account.ts';
import type { RowMacs } from '#ports/row-mac.ts';
import type { VirtualAccountPage, VirtualAccountReads, VirtualAccountWrites } from '#ports/virtual-accounts.ts';
import { columnsOf, partOf } from './joined.ts';
import { MACED, maced, proved, swap } from './maced.ts';
import type { Schema } from './schema.ts';
import { containing } from './search.ts';

type Row = Schema['virtual_account'];

const MADE = ['tags', 'created_by', 'created_at', 'updated_at'] as const;
const COLUMNS = {
  virtual_account: [...MACED.virtual_account, ...MADE, 'mac'],
  principal: [...MACED.principal, 'mac'],
} as const;
const PART_OF = {
  virtual_account: partOf('virtual_account', COLUMNS.virtual_account),
  principal: partOf('principal', COLUMNS.principal),
} as const;

export const virtualAccountReads = (db: Kysely<Schema>, macs: RowMacs): VirtualAccountReads => {
  const one = async (rows: ReturnType<typeof accountsOf>) => {
    const row = await rows.executeTakeFirst();
    return row && accountIn(macs, row);
  };
  return {
    get: (tenant, id) => one(accountsOf(db, tenant).where('virtual_account.id', '=', id)),
    byName: (tenant, name) => one(accountsOf(db, tenant).where('principal.name', '=', name)),
    async list(tenant, page) {
      if (page.among?.length === 0 || page.teams?.length === 0) return { rows: [], total: 0 };
      const found = matching(accountsOf(db, tenant), page);
      const newest = found.orderBy('virtual_account.created_at', 'desc').orderBy('virtual_account.id');
      const rows = await newest.limit(page.limit).offset(page.offset).execute();
      const counted = found.clearSelect().select(({ fn }) => fn.countAll<number>().as('total'));
      const { total } = await counted.executeTakeFirstOrThrow();
      return { rows: rows.map((row) => accountIn(macs, row)), total: Number(total) };
    },
    async countOfTeam(tenant, team) {
      const owned = db.selectFrom('virtual_account').where('tenant', '=', tenant).where('team', '=', team);
      const counted = owned.select(({ fn }) => fn.countAll<number>().as('total'));
      return Number((await counted.executeTakeFirstOrThrow()).total);
    },
    async due(now, max) {
      const rows = rotating(db, now)
        .select(['virtual_account.tenant', 'virtual_account.id'])
        .where('rotates_at', '<=', now);
      return rows
        .orderBy('rotates_at')
        .orderBy('virtual_account.tenant')
        .orderBy('virtual_account.id')
        .limit(max)
        .execute();
    },
    async nextDueAt(now) {
      const waiting = rotating(db, now).where('rotates_at', 'is not', null);
      const first = await waiting.select(({ fn }) => fn.min('rotates_at').as('at')).executeTakeFirst();
      return first?.at ?? undefined;
    },
    async sealedValue(tenant, account, token) {
      const kept = db.selectFrom('virtual_account_value').select('sealed').where('tenant', '=', tenant);
      const row = await kept.where('account', '=', account).where('token', '=', token).executeTakeFirst();
      return row?.sealed;
    },
  };
};

/** With its name, which is its principal's. */
const accountsOf = (db: Kysely<Schema>, tenant: TenantId) =>
  db
    .selectFrom('virtual_account')
    .innerJoin('principal', (join) =>
      join.onRef('principal.tenant', '=', 'virtual_account.tenant').onRef('principal.id', '=', 'virtual_account.id'),
    )
    .select([...columnsOf('virtual_account', COLUMNS.virtual_account), ...columnsOf('principal', COLUMNS.principal)])
    .where('virtual_account.tenant', '=', tenant)
    .where('principal.kind', '=', 'virtual_account')
    .where('principal.removed_at', 'is', null);

/** Of a tenant that is enabled, neither frozen nor over: what nobody can use is given nothing. */
const rotating = (db: Kysely<Schema>, now: Instant) =>
  db
    .selectFrom('virtual_account')
    .innerJoin('tenant', 'tenant.id', 'virtual_account.tenant')
    .innerJoin('principal', (join) =>
      join.onRef('principal.tenant', '=', 'virtual_account.tenant').onRef('principal.id', '=', 'virtual_account.id'),
    )
    .where('tenant.disabled_at', 'is', null)
    .where('principal.active', '=', 1)
    .where(({ eb, or }) =>
      or([eb('virtual_account.expires_at', 'is', null), eb('virtual_account.expires_at', '>', now)]),
    );

type Accounts = ReturnType<typeof accountsOf>;

function matching(accounts: Accounts, { nameContains, teams, expired, among }: VirtualAccountPage): Accounts {
  let found = accounts.where(containing('principal.name', nameContains));
  if (teams !== undefined) found = found.where('virtual_account.team', 'in', teams);
  if (among !== undefined) found = found.where('virtual_account.id', 'in', among);
  if (expired === undefined) return found;
  const isOver = sql<boolean>`coalesce(virtual_account.expires_at <= ${expired.at}, ${sql.lit(false)})`;
  return found.where(expired.is ? isOver : sql<boolean>`not ${isOver}`);
}

function accountIn(macs: RowMacs, row: object): VirtualAccount {
  const account = proved(macs, 'virtual_account', PART_OF.virtual_account(row) as Row);
  const { name } = proved(macs, 'principal', PART_OF.principal(row) as Schema['principal']);
  return { ...accountOf(account), name: name as VirtualAccountName }; // written parsed
}

const accountOf = (row: Row): Omit<VirtualAccount, 'name'> => ({
  ...{ id: row.id, pat: row.pat, current: row.current_token ?? undefined },
  ...{ team: row.team ?? undefined, tags: JSON.parse(row.tags) },
  ...{ expiresAt: row.expires_at ?? undefined, format: row.format ?? undefined, autoRotate: autoRotateOf(row) },
  ...{ rotatesAt: row.rotates_at ?? undefined, version: row.version },
  ...{ createdBy: row.created_by, createdAt: row.created_at, updatedAt: row.updated_at },
});

const autoRotateOf = ({ interval_days, grace_days }: Row): AutoRotate | undefined =>
  interval_days === null || grace_days === null ? undefined : { intervalDays: interval_days, graceDays: grace_days };

const rowOf = (tenant: TenantId, account: VirtualAccount): Omit<Row, 'mac'> => ({
  ...{ tenant, id: account.id, pat: account.pat, current_token: account.current ?? null },
  ...{ team: account.team ?? null, tags: JSON.stringify(account.tags) },
  ...{ expires_at: account.expiresAt ?? null, format: account.format ?? null },
  ...{ interval_days: account.autoRotate?.intervalDays ?? null, grace_days: account.autoRotate?.graceDays ?? null },
  ...{ rotates_at: account.rotatesAt ?? null, version: account.version },
  ...{ created_by: account.createdBy, created_at: account.createdAt, updated_at: account.updatedAt },
});

export const virtualAccountWrites = (db: Kysely<Schema>, macs: RowMacs): VirtualAccountWrites => ({
  async insert(tenant, account) {
    const row = maced(macs, 'virtual_account', rowOf(tenant, account));
    await db.insertInto('virtual_account').values(row).execute();
  },
  async update(tenant, account) {
    const old = await accountRow(db, tenant, account.id).executeTakeFirstOrThrow();
    const { created_by: _, created_at: __, pat: ___, ...changed } = rowOf(tenant, account);
    await swap(db, macs, 'virtual_account', proved(macs, 'virtual_account', old), changed);
  },
  async disown(tenant, team, at) {
    const owned = db.selectFrom('virtual_account').selectAll().where('tenant', '=', tenant).where('team', '=', team);
    for (const row of await owned.orderBy('id').execute()) {
      const changed = { team: null, version: row.version + 1, updated_at: at };
      await swap(db, macs, 'virtual_account', proved(macs, 'virtual_account', row), changed);
    }
  },
  async remove(tenant, id) {
    await dropValues(db, tenant, id);
    await db.deleteFrom('virtual_account').where('tenant', '=', tenant).where('id', '=', id).execute();
  },
  async keepValue(tenant, account, token, sealed) {
    await dropValues(db, tenant, account);
    await db.insertInto('virtual_account_value').values({ tenant, account, token, sealed }).execute();
  },
  dropValues: (tenant, account) => dropValues(db, tenant, account),
});

const accountRow = (
  db: Kysely<Schema>,
  tenant: TenantId,
  id: PrincipalId,
): SelectQueryBuilder<Schema, 'virtual_account', Row> =>
  db.selectFrom('virtual_account').selectAll().where('tenant', '=', tenant).where('id', '=', id);

async function dropValues(db: Kysely<Schema>, tenant: TenantId, account?: PrincipalId): Promise<void> {
  const kept = db.deleteFrom('virtual_account_value').where('tenant', '=', tenant);
  await (account === undefined ? kept : kept.where('account', '=', account)).execute();
}
