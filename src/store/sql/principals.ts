import type { Kysely } from 'kysely';
import { type PrincipalId, removedName } from '#domain/principal.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { PrincipalReads, PrincipalWrites } from '#ports/principals.ts';
import type { RowMacs } from '#ports/row-mac.ts';
import type { Engine } from './engine.ts';
import { maced, proved, swap } from './maced.ts';
import { inParts } from './parts.ts';
import type { Schema } from './schema.ts';
import { oneUser, principalOf, usersOf, usersPage } from './users.ts';

export const principalReads = (db: Kysely<Schema>, macs: RowMacs): PrincipalReads => ({
  async get(tenant, id) {
    const row = await principalRow(db, tenant, id).executeTakeFirst();
    return row && principalOf(proved(macs, 'principal', row));
  },

  async userByEmail(tenant, email) {
    const row = await usersOf(db, tenant).where('name', '=', email).executeTakeFirst();
    return row && principalOf(proved(macs, 'principal', row));
  },

  async usersByEmail(tenant, emails) {
    const rows = await inParts(emails, (some) => usersOf(db, tenant).where('name', 'in', some).execute());
    return rows.map((row) => principalOf(proved(macs, 'principal', row)));
  },

  user: (tenant, id) => oneUser(db, macs, tenant, id),
  users: (tenant, page) => usersPage(db, macs, tenant, page),

  async named(tenant, ids) {
    const rows = await principalsOf(db, tenant, ids);
    return rows.map((row) => {
      const { id, kind, name } = proved(macs, 'principal', row);
      return { id, kind, name };
    });
  },

  async records(tenant, ids) {
    const rows = await principalsOf(db, tenant, [...new Set(ids)]);
    return rows.map((row) => principalOf(proved(macs, 'principal', row)));
  },

  async passwordOf(tenant, id) {
    const row = await passwordRow(db, tenant, id).executeTakeFirst();
    return row && proved(macs, 'password', row).hash;
  },
});

export const principalWrites = (db: Kysely<Schema>, macs: RowMacs, { locksRows }: Engine): PrincipalWrites => ({
  async hold(tenant, id) {
    if (!locksRows) return;
    const row = db.selectFrom('principal').select('id').where('tenant', '=', tenant).where('id', '=', id);
    await row.forNoKeyUpdate().execute(); // what refers to it goes on being written
  },

  async insert(tenant, { active, createdAt, updatedAt, removedAt, ...same }) {
    const times = { created_at: createdAt, updated_at: updatedAt, removed_at: removedAt ?? null };
    const written = await db
      .insertInto('principal')
      .values(maced(macs, 'principal', { tenant, ...same, ...times, active: active ? 1 : 0 }))
      .onConflict((name) => name.columns(['tenant', 'kind', 'name']).doNothing())
      .executeTakeFirst();
    return written.numInsertedOrUpdatedRows === 1n;
  },

  async setActive(tenant, id, active, at) {
    const row = await principalRow(db, tenant, id).executeTakeFirstOrThrow();
    const changed = { active: active ? 1 : 0, updated_at: at } as const;
    await swap(db, macs, 'principal', proved(macs, 'principal', row), changed);
  },

  async remove(tenant, id, at) {
    const row = await principalRow(db, tenant, id).executeTakeFirstOrThrow();
    const gone = { active: 0, name: removedName(row), removed_at: at, updated_at: at } as const;
    await swap(db, macs, 'principal', proved(macs, 'principal', row), gone);
    await db.deleteFrom('password').where('tenant', '=', tenant).where('principal', '=', id).execute();
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

const principalsOf = (db: Kysely<Schema>, tenant: TenantId, ids: readonly PrincipalId[]) => {
  const all = db.selectFrom('principal').selectAll().where('tenant', '=', tenant);
  return inParts(ids, (some) => all.where('id', 'in', some).execute());
};

const passwordRow = (db: Kysely<Schema>, tenant: TenantId, principal: PrincipalId) =>
  db.selectFrom('password').selectAll().where('tenant', '=', tenant).where('principal', '=', principal);

const principalRow = (db: Kysely<Schema>, tenant: TenantId, id: PrincipalId) =>
  db.selectFrom('principal').selectAll().where('tenant', '=', tenant).where('id', '=', id);
