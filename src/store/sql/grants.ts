import type { Kysely, SelectQueryBuilder } from 'kysely';
import type { Grant } from '#domain/grant.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { GrantReads, GrantWrites } from '#ports/grants.ts';
import type { RowMacs } from '#ports/row-mac.ts';
import { heldBy } from './held.ts';
import { anyHolds, anyLeft, holdersOfEach } from './holders.ts';
import { maced, proved } from './maced.ts';
import { inParts } from './parts.ts';
import type { Schema } from './schema.ts';

export const grantReads = (db: Kysely<Schema>, macs: RowMacs): GrantReads => {
  const read = async (rows: SelectQueryBuilder<Schema, 'role_grant', Schema['role_grant']>) =>
    (await rows.orderBy('id').execute()).map((row) => grantOf(proved(macs, 'role_grant', row)));
  return {
    heldBy: (tenant, principal) => heldBy(db, macs, tenant, principal),
    async get(tenant, id) {
      return (await read(grantsOf(db, tenant).where('id', '=', id)))[0];
    },
    ofSubjects: async (tenant, subjects) =>
      byId(await inParts(subjects, (some) => read(grantsOf(db, tenant).where('subject', 'in', some)))),
    onResource: (tenant, resource) => read(grantsOf(db, tenant).where('resource', '=', resource)),
    withRole: (tenant, role) => read(grantsOf(db, tenant).where('role', '=', role)),
    ofBindings: async (tenant, bindings) =>
      byId(await inParts(bindings, (some) => read(grantsOf(db, tenant).where('binding', 'in', some)))),
    async list(tenant, { limit, offset, subject, resource }) {
      let grants = db.selectFrom('role_grant').where('tenant', '=', tenant);
      if (subject !== undefined) grants = grants.where('subject', '=', subject);
      if (resource !== undefined) grants = grants.where('resource', '=', resource);
      const rows = await read(grants.selectAll().limit(limit).offset(offset));
      const { total } = await grants.select(({ fn }) => fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
      return { rows, total: Number(total) };
    },
    anyHolds: (tenant, role) => anyHolds(db, macs, tenant, role),
    anyLeft: (tenant, role) => anyLeft(db, macs, tenant, role),
    holdersOfEach: (tenant, roles, limit) => holdersOfEach(db, macs, tenant, roles, limit),
  };
};

/** Each part comes in its own order. */
const byId = (grants: readonly Grant[]) => grants.toSorted((one, other) => (one.id < other.id ? -1 : 1));

const grantsOf = (db: Kysely<Schema>, tenant: TenantId) =>
  db.selectFrom('role_grant').selectAll().where('tenant', '=', tenant);

export const grantWrites = (db: Kysely<Schema>, macs: RowMacs): GrantWrites => ({
  async add(tenant, { binding, ...grant }) {
    const row = maced(macs, 'role_grant', { tenant, ...grant, binding: binding ?? null });
    const written = await db
      .insertInto('role_grant')
      .values(row)
      .onConflict((same) => same.doNothing())
      .executeTakeFirst();
    return written.numInsertedOrUpdatedRows === 1n;
  },
  async remove(tenant, ids) {
    await inParts(ids, async (some) => {
      await db.deleteFrom('role_grant').where('tenant', '=', tenant).where('id', 'in', some).execute();
      return [];
    });
  },
});

const grantOf = ({ id, subject, role, resource, binding }: Schema['role_grant']): Grant => ({
  ...{ id, subject, role, resource, binding: binding ?? undefined },
});
