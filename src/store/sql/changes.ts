import { type Kysely, sql } from 'kysely';
import type { ChangeReads, ChangeWrites } from '#ports/changes.ts';
import type { Engine } from './engine.ts';
import type { Schema } from './schema.ts';

/** What other processes listen to, where the engine lets them. */
export const CHANNEL = 'countersign_changes';

/** In one statement: engines bound its parameters, at some ten thousand. */
const ROWS_MAX = 1_000;

export const changeReads = (db: Kysely<Schema>, { nowMs }: Engine): ChangeReads => ({
  async latest() {
    return (await db.selectFrom('change_counter').select('sequence').executeTakeFirstOrThrow()).sequence;
  },
  async since(sequence) {
    const age = sql<number>`${sql.raw(nowMs)} - at`.as('age');
    const newer = db.selectFrom('change_log').selectAll().select(age).where('sequence', '>', sequence);
    return (await newer.orderBy('sequence').execute()).map(({ sequence, kind, id, age: ageMs }) => ({
      ...{ sequence, moved: { kind, id }, ageMs },
    }));
  },
});

/** The counter's row stays locked until the commit, so numbers appear in commit order on every database. */
export const changeWrites = (db: Kysely<Schema>, { isShared, nowMs }: Engine): ChangeWrites => ({
  async append(moved) {
    if (moved.length === 0) return 0;
    const { sequence } = await db
      .updateTable('change_counter')
      .set({ sequence: sql<number>`sequence + 1` })
      .returning('sequence')
      .executeTakeFirstOrThrow();
    const rows = moved.map((one) => ({ sequence, ...one, at: sql<number>`${sql.raw(nowMs)}` }));
    for (let from = 0; from < rows.length; from += ROWS_MAX) {
      await db
        .insertInto('change_log')
        .values(rows.slice(from, from + ROWS_MAX))
        .execute();
    }
    if (isShared) await sql`select pg_notify(${CHANNEL}, '')`.execute(db);
    return sequence;
  },
});
