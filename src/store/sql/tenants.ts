import type { Kysely } from 'kysely';
import type { TenantId, TenantRecord } from '#domain/tenant.ts';
import { TOKEN_SETTINGS } from '#domain/token-settings.ts';
import type { RowMacs } from '#ports/row-mac.ts';
import type { TenantReads, TenantWrites } from '#ports/tenants.ts';
import type { Engine } from './engine.ts';
import { maced, proved, swap } from './maced.ts';
import type { Schema } from './schema.ts';
import { aliasRow, elsewhereWrites } from './tenant-names.ts';
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
  /** Names and aliases are one space, and no constraint spans two tables: whoever adds to it goes one after the other. */
  const holdNames = async () => {
    if (engine.locksRows) await db.selectFrom('instance').select('only_row').forUpdate().execute();
  };
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

    ...elsewhereWrites(db, macs, holdNames),
  };
};
