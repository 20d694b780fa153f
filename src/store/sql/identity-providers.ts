import type { Kysely } from 'kysely';
import type { IdentityProvider, IdentityProviderId, ProviderDefinition } from '#domain/identity-provider.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { IdentityProviderReads, IdentityProviderWrites, Mapped, Mapping } from '#ports/identity-providers.ts';
import type { RowMacs } from '#ports/row-mac.ts';
import type { Engine } from './engine.ts';
import { knownExternal } from './known-external.ts';
import { maced, proved, swap } from './maced.ts';
import { inParts } from './parts.ts';
import type { Schema } from './schema.ts';

type Row = Schema['identity_provider'];

export const identityProviderReads = (db: Kysely<Schema>, macs: RowMacs): IdentityProviderReads => {
  const read = (row: Row | undefined) => row && providerOf(proved(macs, 'identity_provider', row));
  return {
    get: async (tenant, id) => read(await providerRow(db, tenant, id).executeTakeFirst()),
    byName: async (tenant, name) => read(await providersOf(db, tenant).where('name', '=', name).executeTakeFirst()),
    async list(tenant) {
      const rows = await providersOf(db, tenant).orderBy('name').execute();
      return rows.map((row) => providerOf(proved(macs, 'identity_provider', row)));
    },
    async believing(issuer, audiences) {
      const all = db.selectFrom('identity_audience').selectAll().where('issuer', '=', issuer);
      const rows = await inParts(audiences, (some) => all.where('audience', 'in', some).execute());
      const [claimed, ...others] = new Map(rows.map((row) => [row.provider, row])).values();
      if (claimed === undefined || others.length > 0) return claimed && 'several';
      const { tenant, provider: id } = proved(macs, 'identity_audience', claimed);
      const row = await providerRow(db, tenant, id).executeTakeFirst();
      const owner = await db.selectFrom('tenant').selectAll().where('id', '=', tenant).executeTakeFirst();
      if (row === undefined || owner === undefined) return undefined; // gone in between
      const { name } = proved(macs, 'tenant', owner);
      return { tenant: { id: tenant, name }, provider: providerOf(proved(macs, 'identity_provider', row)) };
    },
    async mappingsOf(tenant, mapped) {
      const all = db.selectFrom('identity_mapping').selectAll().where('tenant', '=', tenant);
      const rows = await inParts(mapped, (some) =>
        all.where('mapped', 'in', some).orderBy('provider').orderBy('value').execute(),
      );
      return rows.map((row) => {
        const { provider, value, kind, mapped: id } = proved(macs, 'identity_mapping', row);
        return { provider, value, mapped: { kind, id } as Mapped };
      });
    },
    async countMapped(tenant, provider) {
      const all = db.selectFrom('identity_mapping').where('tenant', '=', tenant).where('provider', '=', provider);
      const counted = all.select(({ fn }) => fn.countAll<number>().as('total'));
      return Number((await counted.executeTakeFirstOrThrow()).total);
    },
    known: (tenant, provider, identity) => knownExternal(db, macs, { tenant, provider, identity }),
  };
};

const providersOf = (db: Kysely<Schema>, tenant: TenantId) =>
  db.selectFrom('identity_provider').selectAll().where('tenant', '=', tenant);
const providerRow = (db: Kysely<Schema>, tenant: TenantId, id: IdentityProviderId) =>
  providersOf(db, tenant).where('id', '=', id);

/** As it was parsed when it was written. */
export const providerOf = (row: Row): IdentityProvider => ({
  ...(JSON.parse(row.definition) as ProviderDefinition),
  ...{ id: row.id, name: row.name, isEnabled: row.enabled === 1 },
  ...{ createdBy: row.created_by, createdAt: row.created_at, updatedAt: row.updated_at },
});

const rowOf = (tenant: TenantId, provider: IdentityProvider): Omit<Row, 'mac'> => {
  const { id, name, isEnabled, createdBy, createdAt, updatedAt, ...rules } = provider;
  return {
    ...{ tenant, id, name, enabled: isEnabled ? 1 : 0, definition: JSON.stringify(rules) },
    ...{ created_by: createdBy, created_at: createdAt, updated_at: updatedAt },
  };
};

export const identityProviderWrites = (
  db: Kysely<Schema>,
  macs: RowMacs,
  { locksRows }: Engine,
): IdentityProviderWrites => ({
  async hold(tenant, id) {
    if (locksRows) await providerRow(db, tenant, id).forShare().execute();
  },
  async insert(tenant, provider) {
    const written = await db
      .insertInto('identity_provider')
      .values(maced(macs, 'identity_provider', rowOf(tenant, provider)))
      .onConflict((name) => name.columns(['tenant', 'name']).doNothing())
      .executeTakeFirst();
    if (written.numInsertedOrUpdatedRows === 0n) return 'name';
    return claim(db, macs, tenant, provider);
  },
  async update(tenant, provider) {
    const old = await providerRow(db, tenant, provider.id).executeTakeFirstOrThrow();
    const namesake = providersOf(db, tenant).where('name', '=', provider.name).where('id', '!=', provider.id);
    if ((await namesake.executeTakeFirst()) !== undefined) return 'name';
    const { name, enabled, definition, updated_at } = rowOf(tenant, provider);
    await swap(db, macs, 'identity_provider', proved(macs, 'identity_provider', old), {
      ...{ name, enabled, definition, updated_at },
    });
    await disclaim(db, tenant, provider.id);
    return claim(db, macs, tenant, provider);
  },
  async remove(tenant, id) {
    await disclaim(db, tenant, id);
    await db.deleteFrom('identity_mapping').where('tenant', '=', tenant).where('provider', '=', id).execute();
    await db.deleteFrom('identity_provider').where('tenant', '=', tenant).where('id', '=', id).execute();
  },
  async setMappings(tenant, mapped, mappings) {
    const old = db.deleteFrom('identity_mapping').where('tenant', '=', tenant);
    await old.where('kind', '=', mapped.kind).where('mapped', '=', mapped.id).execute();
    for (const mapping of mappings) if (!(await map(db, macs, tenant, mapped, mapping))) return mapping;
    return undefined;
  },
});

/** Each audience of an issuer is one provider's, in the whole instance: which tenant a token speaks to is never a matter of order. */
async function claim(db: Kysely<Schema>, macs: RowMacs, tenant: TenantId, { id, issuer, audiences }: IdentityProvider) {
  for (const audience of audiences) {
    const row = maced(macs, 'identity_audience', { issuer, audience, tenant, provider: id });
    const written = await db
      .insertInto('identity_audience')
      .values(row)
      .onConflict((same) => same.columns(['issuer', 'audience']).doNothing())
      .executeTakeFirst();
    if (written.numInsertedOrUpdatedRows === 0n) return 'audience' as const;
  }
  return undefined;
}

const disclaim = (db: Kysely<Schema>, tenant: TenantId, id: IdentityProviderId) =>
  db.deleteFrom('identity_audience').where('tenant', '=', tenant).where('provider', '=', id).execute();

async function map(db: Kysely<Schema>, macs: RowMacs, tenant: TenantId, { kind, id }: Mapped, mapping: Mapping) {
  const row = { tenant, provider: mapping.provider, kind, value: mapping.value, mapped: id };
  const written = await db
    .insertInto('identity_mapping')
    .values(maced(macs, 'identity_mapping', row))
    .onConflict((same) => same.columns(['tenant', 'provider', 'kind', 'value']).doNothing())
    .executeTakeFirst();
  return written.numInsertedOrUpdatedRows === 1n;
}
