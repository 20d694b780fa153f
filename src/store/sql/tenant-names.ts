import type { Kysely } from 'kysely';
import type { RowMacs } from '#ports/row-mac.ts';
import type { TenantWrites } from '#ports/tenants.ts';
import { maced, proved } from './maced.ts';
import type { Schema } from './schema.ts';

/* Under what else a tenant is known: the addresses that it is reached by, and names that it is honoured by. */

type Elsewhere = Pick<TenantWrites, 'addOrigin' | 'removeOrigin' | 'addAlias' | 'removeAlias'>;

/** `holdNames`: names and aliases are one space. */
export const elsewhereWrites = (db: Kysely<Schema>, macs: RowMacs, holdNames: () => Promise<void>): Elsewhere => ({
  async addOrigin(tenant, origin) {
    await holdNames(); // nor does a constraint see origins that a request cannot tell apart
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

  async addAlias(tenant, name) {
    await holdNames();
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

export const aliasRow = (db: Kysely<Schema>, name: Schema['tenant']['name']) =>
  db.selectFrom('tenant_alias').selectAll().where('name', '=', name);
