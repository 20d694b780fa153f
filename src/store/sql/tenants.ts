import type { Kysely } from 'kysely';
import type { Tenant } from '#domain/tenant.ts';
import { TOKEN_SETTINGS } from '#domain/token-settings.ts';
import type { RowMacs } from '#ports/row-mac.ts';
import type { TenantReads, TenantWrites } from '#ports/tenants.ts';
import type { Engine } from './engine.ts';
import { maced, proved } from './maced.ts';
import type { Schema } from './schema.ts';
import { settingsRow } from './token-settings.ts';

export const tenantReads = (db: Kysely<Schema>, macs: RowMacs): TenantReads => {
  const tenantOf = (row: Schema['tenant']): Tenant => {
    const { id, name } = proved(macs, 'tenant', row);
    return { id, name };
  };
  return {
    async byName(name) {
      const row = await db.selectFrom('tenant').selectAll().where('name', '=', name).executeTakeFirst();
      return row && tenantOf(row);
    },
    async list() {
      return (await db.selectFrom('tenant').selectAll().orderBy('name').execute()).map(tenantOf);
    },
  };
};

export const tenantWrites = (db: Kysely<Schema>, macs: RowMacs, engine: Engine): TenantWrites => ({
  async hold(id) {
    if (!engine.locksRows) return;
    await db.selectFrom('tenant').select('id').where('id', '=', id).forNoKeyUpdate().execute();
  },

  async insert(tenant) {
    const written = await db
      .insertInto('tenant')
      .values(maced(macs, 'tenant', { ...tenant }))
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
    if (engine.locksRows) await db.selectFrom('instance').select('only_row').forUpdate().execute();
    if ((await db.selectFrom('tenant').select('id').limit(1).executeTakeFirst()) !== undefined) return false;
    return tenantWrites(db, macs, engine).insert(tenant);
  },
});
