import type { Kysely } from 'kysely';
import type { ReplayReads, ReplayWrites } from '#ports/replays.ts';
import type { Schema } from './schema.ts';

export const replayReads = (db: Kysely<Schema>): ReplayReads => ({
  async get(tenant, id, now) {
    const one = db.selectFrom('replay').selectAll().where('tenant', '=', tenant).where('id', '=', id);
    const row = await one.where('expires_at', '>', now).executeTakeFirst();
    return row && { ...kept(row), expiresAt: row.expires_at };
  },
});

const kept = ({ id, asked, pat, owner, sealed }: Schema['replay']) => ({ id, asked, pat, owner, sealed });

export const replayWrites = (db: Kysely<Schema>): ReplayWrites => ({
  async insert(tenant, { expiresAt, ...same }, now) {
    const former = db.deleteFrom('replay').where('tenant', '=', tenant).where('id', '=', same.id);
    await former.where('expires_at', '<=', now).execute(); // of others' the retention job takes care, a few at a time
    const written = await db
      .insertInto('replay')
      .values({ tenant, ...same, expires_at: expiresAt })
      .onConflict((taken) => taken.columns(['tenant', 'id']).doNothing())
      .executeTakeFirst();
    return written.numInsertedOrUpdatedRows === 1n;
  },
});
