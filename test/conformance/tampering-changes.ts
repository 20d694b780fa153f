import { inspect } from 'node:util';
import { MACED, type MacedTable, type NOT_MACED, ROW_KEY } from '#store/sql/maced.ts';
import type { Table } from '#store/sql/schema.ts';
import type { Core } from '#support/core.ts';

/* What somebody does to a row who can write the database and has no key; each of it can be undone. */

type Row = Readonly<Record<string, unknown>>;
type Sql = Pick<Core, 'rows' | 'tamper'>;
type Columns = { readonly [T in Exclude<Table, MacedTable>]?: readonly string[] };

/** Columns that are sealed, or bound by what is: of tables without a MAC. */
export const SEALED = {
  wrapped_key: ['id', 'tenant', 'purpose', 'wrapped', 'created_at'],
  delivery: ['tenant', 'token', 'pat', 'sealed'],
  replay: ['tenant', 'id', 'asked', 'pat', 'owner', 'sealed', 'expires_at'],
  virtual_account_value: ['tenant', 'account', 'token', 'sealed'],
} as const satisfies Columns;
export type SealedTable = keyof typeof SEALED;

/** The other columns of these, and why nothing binds them. */
export const UNSEALED: { readonly [T in SealedTable]: Readonly<Record<string, string>> } = {
  wrapped_key: {},
  delivery: { delivered_at: 'only shown, of what was delivered and holds nothing any more' },
  replay: {},
  virtual_account_value: {},
};

/** Tables of which nothing is sealed and no row carries a MAC; `NOT_MACED` says why of each. */
export const UNPROVED = [
  ...(['migration', 'instance', 'token_dead_use', 'node', 'audit_entry', 'change_counter', 'change_log'] as const),
] as const satisfies readonly Exclude<keyof typeof NOT_MACED, SealedTable>[];

export type Target = MacedTable | SealedTable;
export const TARGETS: Readonly<Record<Target, readonly string[]>> = { ...MACED, ...SEALED };
export const TABLES = Object.keys(TARGETS) as readonly Target[];
export const COLUMNS = TABLES.flatMap((table) => TARGETS[table].map((column) => ({ table, column })));

/** By what a row is found, the first of it a text. */
export const KEY: Readonly<Record<Target, readonly string[]>> = {
  ...ROW_KEY,
  wrapped_key: ['id'],
  delivery: ['tenant', 'token'],
  replay: ['tenant', 'id'],
  virtual_account_value: ['tenant', 'account'],
};

export type Change = { readonly what: string; undo(): Promise<void> };
/** Chance, as whole numbers: each is taken as far as there is something to choose from. */
export type Chance = { readonly row: number; readonly other: number; readonly at: number };

/** One column of one row; undefined where the database itself takes no such row. */
export async function changeColumn(sql: Sql, table: Target, column: string, { row: which, at }: Chance) {
  return changeRow(sql, table, { ...(await chosen(sql, table, which)), column, at });
}

type Where = { readonly row: Row; readonly column: string; readonly at: number };

export async function changeRow(sql: Sql, table: Target, { row, column, at }: Where): Promise<Change | undefined> {
  for (const value of othersOf(column, row[column], at)) {
    const change = await put(sql, table, [{ row, to: { ...row, [column]: value } }]);
    if (change) return { ...change, what: `${table}.${column} ${inspect(row[column])} → ${inspect(value)}` };
  }
  return undefined;
}

/** Two rows change places: each is found by the other's key. */
export async function swapRows(sql: Sql, table: Target, { row: which, other }: Chance) {
  const { row: one, all } = await chosen(sql, table, which);
  const two = all.filter((row) => row !== one)[other % (all.length - 1)] as Row;
  const keys = KEY[table];
  const away = { ...one, [keys[0] as string]: 'nowhere' };
  const change = await put(sql, table, [
    { row: one, to: away },
    { row: two, to: { ...two, ...part(one, keys) } },
    { row: away, to: { ...one, ...part(two, keys) } },
  ]);
  return change && { ...change, what: `${table}: ${shown(one, keys)} and ${shown(two, keys)} changed places` };
}

/** Into the other tenant, just as it is. */
export async function moveRow(sql: Sql, table: Target, { row: which }: Chance, tenants: readonly string[]) {
  const { row } = await chosen(sql, table, which, ({ tenant }) => typeof tenant === 'string');
  const elsewhere = tenants.find((tenant) => tenant !== row.tenant);
  const change = await put(sql, table, [{ row, to: { ...row, tenant: elsewhere } }]);
  return change && { ...change, what: `${table}: ${shown(row, KEY[table])} moved to ${elsewhere}` };
}

export async function deleteRow(sql: Sql, table: Target, { row: which }: Chance): Promise<Change> {
  const { row } = await chosen(sql, table, which);
  const [where, ...values] = naming(row);
  await once(sql.tamper(`delete from ${table} where ${where}`, ...(values as string[])));
  const names = Object.keys(row);
  const all = `insert into ${table} (${names.join()}) values (${names.map(() => '?').join()})`;
  const undo = async () => once(sql.tamper(all, ...(Object.values(row) as string[])));
  return { what: `${table}: ${shown(row, KEY[table])} deleted`, undo };
}

async function chosen({ rows }: Sql, table: Target, which: number, isMeant: (row: Row) => boolean = () => true) {
  const all = (await rows(`select * from ${table} order by ${KEY[table].join()}`)).filter(isMeant);
  const row = all[which % all.length];
  if (row === undefined || all.length < 2) throw new Error(`there are too few rows of ${table} to be changed`);
  return { row, all };
}

/** What a column may be changed to, in one place or as a whole; most wanted first, since the database takes not all of it. */
function othersOf(column: string, value: unknown, at: number): readonly unknown[] {
  if (value === null) return /_(at|max|default)$/.test(column) ? [at, 'x'] : ['x'];
  const [isNull, where] = [at % 4 === 0, at >> 2];
  return [...(isNull ? [null] : []), ...changed(value, where)];
}

function changed(value: unknown, at: number): readonly unknown[] {
  if (typeof value === 'number') return [at % 2 === 0 ? value + 1 : value - 1, value + 1, value - 1, value + 1_000];
  if (value instanceof Uint8Array) {
    const where = at % value.length;
    return [Buffer.from(value).map((byte, i) => (i === where ? byte ^ (1 << (at % 8)) : byte))];
  }
  const text = String(value);
  const where = at % text.length;
  return [`${text.slice(0, where)}${text[where] === 'x' ? 'y' : 'x'}${text.slice(where + 1)}`];
}

type Step = { readonly row: Row; readonly to: Row };

/** All of the steps, or none where the database takes one of them not. */
async function put(sql: Sql, table: Target, steps: readonly Step[]): Promise<{ undo(): Promise<void> } | undefined> {
  const done: Step[] = [];
  const undo = async () => {
    for (const { row, to } of done.toReversed()) await once(update(sql, table, { row: to, to: row }));
  };
  for (const step of steps) {
    const count = await update(sql, table, step).catch(() => 0);
    if (count === 1) done.push(step);
    else if (count === 0) return void (await undo());
    else throw new Error(`a row of ${table} is there ${count} times`);
  }
  return { undo };
}

function update({ tamper }: Sql, table: Target, { row, to }: Step): Promise<number> {
  const names = Object.keys(row).filter((name) => row[name] !== to[name]);
  const [where, ...values] = naming(row);
  const set = names.map((name) => `${name} = ?`).join();
  return tamper(
    `update ${table} set ${set} where ${where}`,
    ...([...names.map((name) => to[name]), ...values] as string[]),
  );
}

/** This row and no other, by all of it. */
function naming(row: Row): readonly [string, ...unknown[]] {
  const names = Object.keys(row);
  const where = names.map((name) => (row[name] === null ? `${name} is null` : `${name} = ?`)).join(' and ');
  return [where, ...names.map((name) => row[name]).filter((value) => value !== null)];
}

async function once(changes: Promise<number>): Promise<void> {
  if ((await changes) !== 1) throw new Error('a row is not there any more as it was');
}

const part = (row: Row, names: readonly string[]): Row => Object.fromEntries(names.map((name) => [name, row[name]]));
const shown = (row: Row, names: readonly string[]): string => names.map((name) => row[name]).join('/');
