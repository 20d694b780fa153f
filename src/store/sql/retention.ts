import { type Kysely, sql } from 'kysely';
import type { PastTable, RetentionReads, RetentionWrites, Step, Walk } from '#ports/retention.ts';
import type { RowMacs } from '#ports/row-mac.ts';
import type { Engine } from './engine.ts';
import { isProved, MACED, type MacedTable } from './maced.ts';
import { overPats, removeOver } from './past-tokens.ts';
import type { Schema } from './schema.ts';

export const retentionReads = (db: Kysely<Schema>): RetentionReads => ({ overPats: overPats(db) });

export const retentionWrites = (db: Kysely<Schema>, macs: RowMacs, engine: Engine): RetentionWrites => ({
  removeOver: removeOver(db, macs, engine),
  removePast: (table, step) => removePast(db, macs, table, step),

  async removeChanges(upTo, ageMsMin, max) {
    const acknowledged = db.selectFrom('node').select(({ fn }) => fn.min('sequence').as('least'));
    const oldest = db
      .selectFrom('change_log')
      .select(['sequence', 'kind', 'id'])
      .where('sequence', '<=', upTo)
      .where('sequence', '<=', sql<number>`coalesce((${acknowledged}), ${upTo})`)
      .where('at', '<=', sql<number>`${sql.raw(engine.nowMs)} - ${ageMsMin}`)
      .orderBy('sequence')
      .limit(max);
    const removed = await db
      .deleteFrom('change_log')
      .where(sql<boolean>`(sequence, kind, id) in (${oldest})`)
      .executeTakeFirst();
    return Number(removed.numDeletedRows);
  },

  async removeDeadJobs(before, max) {
    const dead = db.selectFrom('job').select('id').where('dead_at', '<=', before).limit(max);
    const removed = await db.deleteFrom('job').where('id', 'in', dead).executeTakeFirst();
    return Number(removed.numDeletedRows);
  },

  async removeNodes(silentMsMin, max) {
    const silentSince = sql<number>`${sql.raw(engine.nowMs)} - ${silentMsMin}`;
    const silent = db.selectFrom('node').select('id').where('seen_at', '<=', silentSince).limit(max);
    const removed = await db.deleteFrom('node').where('id', 'in', silent).executeTakeFirst();
    return Number(removed.numDeletedRows);
  },
});

/** By which instant the time of a row is past, and what names the row within its tenant. */
const PAST = {
  session: { at: 'expires_at', id: 'id' }, // one that was ended before goes some hours late
  invitation: { at: 'expires_at', id: 'id' },
  replay: { at: 'expires_at', id: 'id' },
  delivery: { at: 'delivered_at', id: 'token' },
} as const satisfies { readonly [T in PastTable]: { readonly at: keyof Schema[T]; readonly id: keyof Schema[T] } };

async function removePast(
  db: Kysely<Schema>,
  macs: RowMacs,
  table: PastTable,
  { before, after = [0, '', ''], max }: Step,
): Promise<Walk<{ readonly removed: number }>> {
  const { at, id } = PAST[table];
  const rows = await pastRows(db, table, { before, after, max }).execute();
  const isMaced = table in MACED;
  const isOurs = (row: object) => !isMaced || isProved(macs, table as MacedTable, row as never);
  for (const row of rows.filter(isOurs)) {
    const one = db.deleteFrom(table as 'session').where('tenant', '=', row.tenant);
    await one.where(sql.ref(id), '=', row[id as 'id']).execute();
  }
  const unproved = rows.filter((row) => !isOurs(row)).map((row) => `${table} ${row[id as 'id']}`);
  const last = rows.at(-1);
  const place = last && [last[at as 'expires_at'], last.tenant, last[id as 'id']];
  return { removed: rows.length - unproved.length, unproved, next: rows.length < max ? undefined : place };
}

/** One statement for any of these tables, by columns that each of them has. */
function pastRows(db: Kysely<Schema>, table: PastTable, { before, after, max }: Required<Step>) {
  const { at, id } = PAST[table];
  const [from = 0] = after ?? [];
  return db
    .selectFrom(table as 'session')
    .selectAll()
    .where(at as 'expires_at', '<=', before)
    .where(at as 'expires_at', '>=', Number(from))
    .where(sql<boolean>`(${sql.ref(at)}, tenant, ${sql.ref(id)}) > (${sql.join([...(after ?? [])])})`)
    .orderBy(at as 'expires_at')
    .orderBy('tenant')
    .orderBy(id as 'id')
    .limit(max);
}
