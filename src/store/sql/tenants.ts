import type { Kysely } from 'kysely';
import type { TenantId, TenantRecord } from '#domain/tenant.ts';
import { TOKEN_SETTINGS } from '#domain/token-settings.ts';
import type { RowMacs } from '#ports/row-mac.ts';
import type { TenantReads, TenantWrites } from '#ports/tenants.ts';
import type { Engine } from './engine.ts';
import { maced, proved, swap } from './maced.ts';
import type { Schema } from './schema.ts';
import { settingsRow } from './token-settings.ts';

export const tenantReads = (db: Kysely<Schema>, macs: RowMacs): TenantReads => {
  const read = async (row: Promise<Schema['tenant'] | undefined>) => {
    const found = await row;
    return found && tenantOf(proved(macs, 'tenant', found));
  };
  const byId = (id: TenantId) => read(tenantRow(db, id).executeTakeFirst());
  return {
    byName: (name) => read(db.selectFrom('tenant').selectAll().where('name', '=', name).executeTakeFirst()),
    async byOrigin(origin) {
      const row = await db.selectFrom('tenant_origin').selectAll().where('origin', '=', origin).executeTakeFirst();
      return row && byId(proved(macs, 'tenant_origin', row).tenant);
    },
    async byNameOrAlias(name) {
      const row = await db.selectFrom('tenant_alias').selectAll().where('name', '=', name).executeTakeFirst();
      if (row !== undefined) return byId(proved(macs, 'tenant_alias', row).tenant);
      return read(db.selectFrom('tenant').selectAll().where('name', '=', name).executeTakeFirst());
    },
    async list() {
      const rows = await db.selectFrom('tenant').selectAll().orderBy('name').execute();
      return rows.map((row) => tenantOf(proved(macs, 'tenant', row)));
    },
    async originsOf(id) {
      const rows = await db
        .selectFrom('tenant_origin')
        .selectAll()
        .where('tenant', '=', id)
        .orderBy('origin')
        .execute();
      return rows.map((row) => proved(macs, 'tenant_origin', row).origin);
    },
    async aliasesOf(id) {
      const rows = await db.selectFrom('tenant_alias').selectAll().where('tenant', '=', id).orderBy('name').execute();
      return rows.map((row) => proved(macs, 'tenant_alias', row).name);
    },
  };
};

const tenantRow = (db: Kysely<Schema>, id: TenantId) => db.selectFrom('tenant').selectAll().where('id', '=', id);

const tenantOf = ({ id, name, disabled_at }: Schema['tenant']): TenantRecord => ({
  ...{ id, name, disabledAt: disabled_at ?? undefined },
});

export const tenantWrites = (db: Kysely<Schema>, macs: RowMacs, engine: Engine): TenantWrites => {
  const holdNames = () => holdInstance(db, engine);
  return {
    async hold(id) {
      if (engine.locksRows) await tenantRow(db, id).forNoKeyUpdate().execute();
    },

    async insert(tenant) {
      await holdNames();
      if ((await aliasRow(db, tenant.name).executeTakeFirst()) !== undefined) return false;
      const written = await db
        .insertInto('tenant')
        .values(maced(macs, 'tenant', { id: tenant.id, name: tenant.name, disabled_at: null }))
        .onConflict((name) => name.column('name').doNothing())
        .executeTakeFirst();
      if (written.numInsertedOrUpdatedRows !== 1n) return false;
      await db
        .insertInto('token_settings')
        .values(settingsRow(macs, tenant.id, TOKEN_SETTINGS))
        .execute();
      return true;
    },

    async insertFirst(tenant) {
      await holdNames();
      if ((await db.selectFrom('tenant').select('id').limit(1).executeTakeFirst()) !== undefined) return false;
      return this.insert(tenant);
    },

    async setDisabled(id, at) {
      const row = await tenantRow(db, id).executeTakeFirstOrThrow();
      await swap(db, macs, 'tenant', proved(macs, 'tenant', row), { disabled_at: at ?? null });
    },

    ...originWrites(db, macs, engine),
    ...aliasWrites(db, macs, engine),
  };
};

/**
 * Names and aliases are one space, and so are origins that a request cannot tell apart; no constraint spans either. So
 * whoever adds to them goes one after the other.
 */
async function holdInstance(db: Kysely<Schema>, { locksRows }: Engine): Promise<void> {
  if (locksRows) await db.selectFrom('instance').select('only_row').forUpdate().execute();
}

type OriginWrites = Pick<TenantWrites, 'addOrigin' | 'removeOrigin'>;
const originWrites = (db: Kysely<Schema>, macs: RowMacs, engine: Engine): OriginWrites => ({
  async addOrigin(tenant, origin) {
    await holdInstance(db, engine);
    const row = maced(macs, 'tenant_origin', { tenant, origin });
    await db
      .insertInto('tenant_origin')
      .values(row)
      .onConflict((same) => same.column('origin').doNothing())
      .execute();
    const there = await db.selectFrom('tenant_origin').selectAll().where('origin', '=', origin).executeTakeFirst();
    return there !== undefined && proved(macs, 'tenant_origin', there).tenant === tenant;
  },

  async removeOrigin(tenant, origin) {
    const own = db.deleteFrom('tenant_origin').where('tenant', '=', tenant).where('origin', '=', origin);
    return (await own.executeTakeFirst()).numDeletedRows === 1n;
  },
});

type AliasWrites = Pick<TenantWrites, 'addAlias' | 'removeAlias'>;
const aliasWrites = (db: Kysely<Schema>, macs: RowMacs, engine: Engine): AliasWrites => ({
  async addAlias(tenant, name) {
    await holdInstance(db, engine);
    if ((await db.selectFrom('tenant').select('id').where('name', '=', name).executeTakeFirst()) !== undefined)
      return false;
    const there = await aliasRow(db, name).executeTakeFirst();
    if (there !== undefined) return proved(macs, 'tenant_alias', there).tenant === tenant;
    await db
      .insertInto('tenant_alias')
      .values(maced(macs, 'tenant_alias', { tenant, name }))
      .execute();
    return true;
  },

  async removeAlias(tenant, name) {
    const own = db.deleteFrom('tenant_alias').where('tenant', '=', tenant).where('name', '=', name);
    return (await own.executeTakeFirst()).numDeletedRows === 1n;
  },
});

const aliasRow = (db: Kysely<Schema>, name: Schema['tenant']['name']) =>
  db.selectFrom('tenant_alias').selectAll().where('name', '=', name);
