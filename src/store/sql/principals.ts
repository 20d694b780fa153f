import type { Kysely } from 'kysely';
import type { PrincipalId, PrincipalRecord } from '#domain/principal.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { PrincipalReads, PrincipalWrites } from '#ports/principals.ts';
import type { RowMacs } from '#ports/row-mac.ts';
import type { Engine } from './engine.ts';
import { maced, proved, swap } from './maced.ts';
import type { Schema } from './schema.ts';

export const principalReads = (db: Kysely<Schema>, macs: RowMacs): PrincipalReads => ({
  async get(tenant, id) {
    const one = db.selectFrom('principal').selectAll().where('tenant', '=', tenant).where('id', '=', id);
    const row = await one.executeTakeFirst();
    return row && principalOf(proved(macs, 'principal', row));
  },

  async userByEmail(tenant, email) {
    const users = db.selectFrom('principal').selectAll().where('tenant', '=', tenant).where('kind', '=', 'user');
    const row = await users.where('name', '=', email).executeTakeFirst();
    return row && principalOf(proved(macs, 'principal', row));
  },

  async named(tenant, ids) {
    if (ids.length === 0) return [];
    const some = db.selectFrom('principal').selectAll().where('tenant', '=', tenant).where('id', 'in', ids);
    return (await some.execute()).map((row) => {
      const { id, kind, name } = proved(macs, 'principal', row);
      return { id, kind, name };
    });
  },

  async passwordOf(tenant, id) {
    const row = await passwordRow(db, tenant, id).executeTakeFirst();
    return row && proved(macs, 'password', row).hash;
  },

  async anyHolds(tenant, role) {
    const held = db.selectFrom('role_grant').selectAll().where('tenant', '=', tenant).where('role', '=', role);
    const row = await held.limit(1).executeTakeFirst();
    return row !== undefined && proved(macs, 'role_grant', row).role === role;
  },
});

export const principalWrites = (db: Kysely<Schema>, macs: RowMacs, { locksRows }: Engine): PrincipalWrites => ({
  async hold(tenant, id) {
    if (!locksRows) return;
    const row = db.selectFrom('principal').select('id').where('tenant', '=', tenant).where('id', '=', id);
    await row.forNoKeyUpdate().execute(); // what refers to it goes on being written
  },

  async insert(tenant, { active, createdAt, updatedAt, ...same }) {
    const times = { created_at: createdAt, updated_at: updatedAt };
    const written = await db
      .insertInto('principal')
      .values(maced(macs, 'principal', { tenant, ...same, ...times, active: active ? 1 : 0 }))
      .onConflict((name) => name.columns(['tenant', 'kind', 'name']).doNothing())
      .executeTakeFirst();
    return written.numInsertedOrUpdatedRows === 1n;
  },

  async addGrant(tenant, id, principal, grant) {
    await db
      .insertInto('role_grant')
      .values(maced(macs, 'role_grant', { tenant, id, principal, ...grant }))
      .onConflict((same) => same.columns(['tenant', 'principal', 'role', 'resource']).doNothing())
      .execute();
  },

  async setPassword(tenant, principal, hash, at) {
    const row = maced(macs, 'password', { tenant, principal, hash, updated_at: at });
    const first = await db
      .insertInto('password')
      .values(row)
      .onConflict((old) => old.columns(['tenant', 'principal']).doNothing())
      .executeTakeFirst();
    if (first.numInsertedOrUpdatedRows === 1n) return;
    const old = await passwordRow(db, tenant, principal).executeTakeFirstOrThrow();
    await swap(db, macs, 'password', proved(macs, 'password', old), { hash, updated_at: at });
  },
});

const passwordRow = (db: Kysely<Schema>, tenant: TenantId, principal: PrincipalId) =>
  db.selectFrom('password').selectAll().where('tenant', '=', tenant).where('principal', '=', principal);

const principalOf = ({ id, kind, name, active, created_at, updated_at }: Schema['principal']): PrincipalRecord => ({
  ...{ id, kind, name, active: active === 1 },
  ...{ createdAt: created_at, updatedAt: updated_at },
});
