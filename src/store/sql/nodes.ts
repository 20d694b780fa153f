import { type Kysely, sql } from 'kysely';
import type { NodeReads, NodeWrites } from '#ports/nodes.ts';
import type { Engine } from './engine.ts';
import type { Schema } from './schema.ts';

export const nodeReads = (db: Kysely<Schema>, { nowMs }: Engine): NodeReads => ({
  async list() {
    const silent = sql<number>`${sql.raw(nowMs)} - seen_at`.as('silent');
    const rows = await db.selectFrom('node').selectAll().select(silent).orderBy('name').orderBy('id').execute();
    return rows.map(({ id, name, sequence, stale_ms_max: staleMsMax, silent: silentMs }) => ({
      ...{ id, name, sequence, staleMsMax, silentMs },
    }));
  },
});

export const nodeWrites = (db: Kysely<Schema>, { nowMs }: Engine): NodeWrites => ({
  async seen({ id, name, sequence, staleMsMax }) {
    const now = sql<number>`${sql.raw(nowMs)}`;
    await db
      .insertInto('node')
      .values({ id, name, started_at: now, seen_at: now, sequence, stale_ms_max: staleMsMax })
      .onConflict((same) => same.column('id').doUpdateSet({ seen_at: now, sequence }))
      .execute();
  },
  async leave(id) {
    await db.deleteFrom('node').where('id', '=', id).execute();
  },
});
