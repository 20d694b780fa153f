import type { Kysely } from 'kysely';
import type { KeyReads, KeyShelf, KeyWrites, WrappedKey } from '#ports/keys.ts';
import type { Engine } from './engine.ts';
import type { Schema } from './schema.ts';

export async function readShelf(db: Kysely<Schema>): Promise<KeyShelf | undefined> {
  const instance = await db.selectFrom('instance').select('fingerprint').executeTakeFirst();
  if (instance === undefined) return undefined;
  return { ...instance, keys: await keyReads(db).all() };
}

export const keyReads = (db: Kysely<Schema>): KeyReads => ({
  async all() {
    const rows = await db.selectFrom('wrapped_key').selectAll().orderBy('created_at').orderBy('id').execute();
    return rows.map(({ created_at: createdAt, tenant, ...row }) => ({
      ...row,
      tenant: tenant ?? undefined,
      createdAt,
    }));
  },
});

/** Inside a transaction: whoever is second finds the first one's shelf. */
export async function beginShelf(db: Kysely<Schema>, { fingerprint, keys }: KeyShelf): Promise<void> {
  const begun = await db
    .insertInto('instance')
    .values({ only_row: 1, fingerprint })
    .onConflict((first) => first.doNothing())
    .executeTakeFirst();
  if (begun.numInsertedOrUpdatedRows !== 1n) return;
  for (const key of keys) await insertKey(db, key);
}

export const keyWrites = (db: Kysely<Schema>, { locksRows }: Engine): KeyWrites => ({
  async hold(id) {
    const row = db.selectFrom('wrapped_key').select('id').where('id', '=', id);
    return (await (locksRows ? row.forKeyShare() : row).executeTakeFirst()) !== undefined;
  },
  insert: (key) => insertKey(db, key),
  async remove(id) {
    await db.deleteFrom('wrapped_key').where('id', '=', id).execute();
  },
});

async function insertKey(db: Kysely<Schema>, { createdAt, tenant, ...row }: WrappedKey): Promise<void> {
  await db
    .insertInto('wrapped_key')
    .values({ ...row, tenant: tenant ?? null, created_at: createdAt })
    .execute();
}
