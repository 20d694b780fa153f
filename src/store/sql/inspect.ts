import { type Kysely, sql } from 'kysely';
import type { Instant } from '#domain/instant.ts';
import type { TenantName, TenantOrigin } from '#domain/tenant.ts';
import type { ChangeReads } from '#ports/changes.ts';
import type { JobReads } from '#ports/jobs.ts';
import type { KeyShelf } from '#ports/keys.ts';
import type { NodeReads } from '#ports/nodes.ts';
import type { RowMacs } from '#ports/row-mac.ts';
import { changeReads } from './changes.ts';
import type { Engine } from './engine.ts';
import { jobReads } from './jobs.ts';
import { readShelf } from './keys.ts';
import { isProved, MACED, type MacedRow, type MacedTable, ROW_KEY } from './maced.ts';
import { nodeReads } from './nodes.ts';
import { type Done, foreign, pending } from './pending.ts';
import type { Schema } from './schema.ts';

/** A database that is looked at and never changed, beside whatever runs on it. What cannot be read throws `unavailable`. */
export type Inspection = {
  readonly engine: Engine['name'];
  /** False for a database in which nothing is yet. */
  isBegun(): Promise<boolean>;
  /** The migrations that a start would make. Refuses a database that is not ours, or that a newer program has shaped. */
  pending(): Promise<readonly string[]>;
  shelf(): Promise<KeyShelf | undefined>;
  tenantNames(): Promise<readonly string[]>;
  /** To which tenants these addresses were given. */
  tenantsAt(
    origins: readonly TenantOrigin[],
  ): Promise<readonly { readonly name: TenantName; readonly origin: TenantOrigin }[]>;
  /** By the clock of the database. */
  nowMs(): Promise<Instant>;
  writtenAfter(at: Instant): Promise<Written>;
  /** Up to so many rows, in the order of their keys, and how many of them do not prove themselves. */
  prove(macs: RowMacs, table: MacedTable, rowsMax: number): Promise<Proof>;
  readonly changes: ChangeReads;
  readonly nodes: NodeReads;
  readonly jobs: JobReads;
  close(): Promise<void>;
};

export type Written = { readonly rows: number; readonly newest: Instant | undefined };
export type Proof = { readonly rows: number; readonly unproved: number };

/** What only the engine knows. */
type Own = { tables(): Promise<readonly string[]>; readonly elsewhere: string; close(): Promise<void> };

export const PROVABLE = Object.keys(MACED) as readonly MacedTable[];

export const inspectionOn = (db: Kysely<Schema>, engine: Engine, { tables, elsewhere, close }: Own): Inspection => ({
  engine: engine.name,
  isBegun: async () => (await tables()).length > 0,
  async pending() {
    const there = await tables();
    if (!there.includes('migration') && there.length > 0) throw foreign('The database', elsewhere);
    const done = there.length === 0 ? [] : await db.selectFrom('migration').select(['number', 'name']).execute();
    return pending(done as readonly Done[], elsewhere).map(({ name }) => name);
  },
  shelf: () => readShelf(db),
  tenantNames: async () => (await db.selectFrom('tenant').select('name').orderBy('name').execute()).map(nameOf),
  tenantsAt: (origins) =>
    db
      .selectFrom('tenant_origin')
      .innerJoin('tenant', 'tenant.id', 'tenant_origin.tenant')
      .select(['tenant.name', 'tenant_origin.origin'])
      .where('tenant_origin.origin', 'in', origins)
      .orderBy('tenant_origin.origin')
      .execute(),
  async nowMs() {
    const { rows } = await sql<{ now: number }>`select ${sql.raw(engine.nowMs)} as now`.execute(db);
    return rows[0]?.now ?? Number.NaN; // a statement without a table has one row
  },
  writtenAfter: (at) => writtenAfter(db, at),
  prove: (macs, table, rowsMax) => prove(db, macs, table, rowsMax),
  changes: changeReads(db, engine),
  nodes: nodeReads(db, engine),
  jobs: jobReads(db),
  close,
});

const nameOf = ({ name }: { readonly name: string }): string => name;

/** Keys and entries of the audit alone: whatever else is made has an entry of the same moment, and those have an index. */
async function writtenAfter(db: Kysely<Schema>, at: Instant): Promise<Written> {
  const keys = db.selectFrom('wrapped_key').where('created_at', '>', at);
  const found = [
    await keys.select(({ fn }) => [fn.countAll<number>().as('rows'), fn.max('created_at').as('newest')]).execute(),
  ];
  for (const { id } of await db.selectFrom('tenant').select('id').execute()) {
    const entries = db.selectFrom('audit_entry').where('tenant', '=', id).where('at', '>', at);
    found.push(
      await entries.select(({ fn }) => [fn.countAll<number>().as('rows'), fn.max('at').as('newest')]).execute(),
    );
  }
  const all = found.flat();
  const rows = all.reduce((sum, one) => sum + Number(one.rows), 0);
  return { rows, newest: rows === 0 ? undefined : Math.max(...all.map(({ newest }) => newest ?? 0)) };
}

const PAGE_ROWS = 1_000;

async function prove(db: Kysely<Schema>, macs: RowMacs, table: MacedTable, rowsMax: number): Promise<Proof> {
  let [rows, unproved] = [0, 0];
  for (let last: Row | undefined; ; ) {
    const page = await pageOf(db, table, last, Math.min(PAGE_ROWS, rowsMax - rows));
    rows += page.length;
    unproved += page.filter((row) => !isProved(macs, table, row as MacedRow<typeof table>)).length;
    last = page.at(-1);
    if (page.length < PAGE_ROWS || rows >= rowsMax) return { rows, unproved };
  }
}

type Row = Readonly<Record<string, unknown>>;

async function pageOf(db: Kysely<Schema>, table: MacedTable, last: Row | undefined, rowsMax: number) {
  const keys = ROW_KEY[table].map((column) => sql.ref(column));
  const after = last && sql<boolean>`(${sql.join(keys)}) > (${sql.join(ROW_KEY[table].map((column) => last[column]))})`;
  const all = sql<Row>`select * from ${sql.table(table)} ${after === undefined ? sql`` : sql`where ${after}`}
    order by ${sql.join(keys)} limit ${rowsMax}`;
  return (await all.execute(db)).rows;
}
