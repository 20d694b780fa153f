import type { Kysely } from 'kysely';
import type { CustomRole } from '#domain/role.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { RoleReads, RoleWrites } from '#ports/roles.ts';
import type { RowMacs } from '#ports/row-mac.ts';
import type { Engine } from './engine.ts';
import { maced, proved, swap } from './maced.ts';
import type { Schema } from './schema.ts';

export const roleReads = (db: Kysely<Schema>, macs: RowMacs): RoleReads => {
  const read = (row: Schema['role'] | undefined) => row && roleOf(proved(macs, 'role', row));
  return {
    get: async (tenant, id) => read(await roleRow(db, tenant, id).executeTakeFirst()),
    byName: async (tenant, name) => read(await rolesOf(db, tenant).where('name', '=', name).executeTakeFirst()),
    async list(tenant) {
      const rows = await rolesOf(db, tenant).orderBy('name').execute();
      return rows.map((row) => roleOf(proved(macs, 'role', row)));
    },
  };
};

const rolesOf = (db: Kysely<Schema>, tenant: TenantId) =>
  db.selectFrom('role').selectAll().where('tenant', '=', tenant);
const roleRow = (db: Kysely<Schema>, tenant: TenantId, id: CustomRole['id']) =>
  rolesOf(db, tenant).where('id', '=', id);

export const roleWrites = (db: Kysely<Schema>, macs: RowMacs, { locksRows }: Engine): RoleWrites => ({
  async hold(tenant, id) {
    if (locksRows) await roleRow(db, tenant, id).forNoKeyUpdate().execute();
  },
  async insert(tenant, role) {
    const written = await db
      .insertInto('role')
      .values(maced(macs, 'role', rowOf(tenant, role)))
      .onConflict((name) => name.columns(['tenant', 'name']).doNothing())
      .executeTakeFirst();
    return written.numInsertedOrUpdatedRows === 1n;
  },
  async update(tenant, role) {
    const old = await roleRow(db, tenant, role.id).executeTakeFirstOrThrow();
    const { display_name, description, permissions, updated_at } = rowOf(tenant, role);
    await swap(db, macs, 'role', proved(macs, 'role', old), { display_name, description, permissions, updated_at });
  },
  async remove(tenant, id) {
    await db.deleteFrom('role').where('tenant', '=', tenant).where('id', '=', id).execute();
  },
});

const rowOf = (tenant: TenantId, { id, name, displayName, description, permissions, ...made }: CustomRole) => ({
  ...{ tenant, id, name, display_name: displayName, description, permissions: JSON.stringify(permissions) },
  ...{ created_by: made.createdBy, created_at: made.createdAt, updated_at: made.updatedAt },
});

const roleOf = ({ id, name, display_name, description, permissions, ...made }: Schema['role']): CustomRole => ({
  ...{ id, name, displayName: display_name, description, permissions: JSON.parse(permissions) },
  ...{ createdBy: made.created_by, createdAt: made.created_at, updatedAt: made.updated_at },
});
