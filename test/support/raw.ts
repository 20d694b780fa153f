import type { SQLInputValue } from 'node:sqlite';
import pg from 'pg';
import { whenOver } from './over.ts';
import { usingRaw } from './raw-sqlite.ts';

type Row = Readonly<Record<string, unknown>>;

/** The database past the port, as whoever can write it and has no key. Statements say `?` for their values. */
export type Raw = {
  all(sql: string, ...values: readonly SQLInputValue[]): Promise<readonly Row[]>;
  /** How many rows it changed; foreign keys are not looked at. */
  run(sql: string, ...values: readonly SQLInputValue[]): Promise<number>;
  columnsByTable(): Promise<Readonly<Record<string, readonly string[]>>>;
  /** Every row that is inserted into this table fails from here on, in the engine itself, with these words. */
  breakTable(table: string, words: string): Promise<{ mended(): Promise<void> }>;
  /** What to order rows by that were never changed, so that they come as they were written. */
  readonly asWritten: string;
};

export function rawSqlite(file: string): Raw {
  const all = async (sql: string, ...values: readonly SQLInputValue[]) =>
    usingRaw(file, (raw) =>
      raw
        .prepare(sql)
        .all(...values)
        .map((row) => ({ ...row })),
    );
  const run = async (sql: string, ...values: readonly SQLInputValue[]) =>
    usingRaw(file, (raw) => Number(raw.prepare(sql).run(...values).changes));
  return {
    all,
    run,
    async columnsByTable() {
      const names = `select tables.name as "table", columns.name as "column"
        from sqlite_schema as tables join pragma_table_info(tables.name) as columns where tables.type = 'table'`;
      return grouped(await all(names));
    },
    async breakTable(table, words) {
      await run(`create trigger broken before insert on ${table} begin select raise(abort, '${words}'); end`);
      return { mended: async () => void (await run('drop trigger broken')) };
    },
    asWritten: 'rowid',
  };
}

export function rawPostgres(url: string): Raw {
  const all = async (sql: string, ...values: readonly SQLInputValue[]) =>
    (await asked(url, sql, values)).rows.map(comparable);
  const run = async (sql: string, ...values: readonly SQLInputValue[]) => (await asked(url, sql, values)).rowCount ?? 0;
  return {
    all,
    run,
    async columnsByTable() {
      const names = `select table_name as "table", column_name as "column" from information_schema.columns
        where table_schema = current_schema() order by table_name, ordinal_position`;
      return grouped(await all(names));
    },
    async breakTable(table, words) {
      await run(`create function broken() returns trigger language plpgsql as $$ begin raise '${words}'; end $$`);
      await run(`create trigger broken before insert on ${table} for each row execute function broken()`);
      return { mended: async () => void (await run('drop function broken cascade')) };
    },
    // By transaction and by command within it: neither says anything of rows that were changed since.
    asWritten: 'xmin::text::bigint, cmin::text::bigint',
  };
}

const grouped = (rows: readonly Row[]): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(
    Object.entries(Object.groupBy(rows, ({ table }) => String(table))).map(([table, found = []]) => [
      table,
      found.map(({ column }) => String(column)),
    ]),
  );

type Connection = { readonly client: Promise<pg.Client>; last: Promise<unknown> };

/** One to each database, until the test is over that first asks it; asked one thing after the other. */
const connections = new Map<string, Connection>();

function asked(url: string, sql: string, values: readonly SQLInputValue[]): Promise<pg.QueryResult> {
  const connection = connections.get(url) ?? connected(url);
  const answer = connection.last.then(async () => (await connection.client).query(numbered(sql), [...values]));
  connection.last = answer.catch(() => {});
  return answer;
}

function connected(url: string): Connection {
  const client = new pg.Client({ connectionString: url, types: { getTypeParser: parserOf } });
  client.on('error', () => {}); // a server that is stopped on purpose; whoever asks next is told
  // As a replica applies what others decided: foreign keys are not looked at.
  const ready = client.connect().then(() => client.query('set session_replication_role = replica'));
  const connection = { client: ready.then(() => client), last: ready };
  connections.set(url, connection);
  whenOver(async () => {
    connections.delete(url);
    await client.end();
  });
  return connection;
}

const numbered = (sql: string): string => {
  let count = 0;
  return sql.replace(/'[^']*'|\?/g, (found) => (found === '?' ? `$${++count}` : found));
};

const { BOOL, INT8, NUMERIC } = pg.types.builtins;
/** What SQLite has as numbers. */
const NUMBERS: Readonly<Record<number, (text: string) => number>> = {
  [INT8]: Number,
  [NUMERIC]: Number,
  [BOOL]: (text) => (text === 't' ? 1 : 0),
};

const parserOf = ((type: number, format?: 'text') =>
  NUMBERS[type] ?? pg.types.getTypeParser(type, format)) as typeof pg.types.getTypeParser;

/** Bytes as SQLite's driver has them. */
const comparable = (row: Row): Row =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, Buffer.isBuffer(value) ? new Uint8Array(value) : value]),
  );
