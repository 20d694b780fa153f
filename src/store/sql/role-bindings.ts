import type { Kysely } from 'kysely';
import type { RoleBinding } from '#domain/role-binding.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { RoleBindingReads, RoleBindingWrites } from '#ports/role-bindings.ts';
import type { RowMacs } from '#ports/row-mac.ts';
import { maced, proved } from './maced.ts';
import type { Schema } from './schema.ts';

export const roleBindingReads = (db: Kysely<Schema>, macs: RowMacs): RoleBindingReads => {
  const read = (row: Schema['role_binding'] | undefined) => row && bindingOf(proved(macs, 'role_binding', row));
  return {
    get: async (tenant, id) => read(await bindingsOf(db, tenant).where('id', '=', id).executeTakeFirst()),
    byName: async (tenant, name) => read(await bindingsOf(db, tenant).where('name', '=', name).executeTakeFirst()),
    async list(tenant, { limit, offset }) {
      const rows = await bindingsOf(db, tenant).orderBy('name').limit(limit).offset(offset).execute();
      const count = db.selectFrom('role_binding').where('tenant', '=', tenant);
      const { total } = await count.select(({ fn }) => fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
      return { rows: rows.map((row) => bindingOf(proved(macs, 'role_binding', row))), total: Number(total) };
    },
  };
};

const bindingsOf = (db: Kysely<Schema>, tenant: TenantId) =>
  db.selectFrom('role_binding').selectAll().where('tenant', '=', tenant);

export const roleBindingWrites = (db: Kysely<Schema>, macs: RowMacs): RoleBindingWrites => ({
  async insert(tenant, { id, name, createdBy, createdAt, updatedAt }) {
    const row = { tenant, id, name, created_by: createdBy, created_at: createdAt, updated_at: updatedAt };
    const written = await db
      .insertInto('role_binding')
      .values(maced(macs, 'role_binding', row))
      .onConflict((taken) => taken.columns(['tenant', 'name']).doNothing())
      .executeTakeFirst();
    return written.numInsertedOrUpdatedRows === 1n;
  },
  async touch(tenant, id, at) {
    const touched = db.updateTable('role_binding').set({ updated_at: at }).where('tenant', '=', tenant);
    await touched.where('id', '=', id).returning('id').executeTakeFirstOrThrow();
  },
  async remove(tenant, id) {
    await db.deleteFrom('role_binding').where('tenant', '=', tenant).where('id', '=', id).execute();
  },
});

const bindingOf = ({ id, name, created_by, created_at, updated_at }: Schema['role_binding']): RoleBinding => ({
  ...{ id, name, createdBy: created_by, createdAt: created_at, updatedAt: updated_at },
});
