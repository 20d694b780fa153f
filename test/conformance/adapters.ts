import { join } from 'node:path';
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { Database } from '#store/database.ts';
import { openSqlite } from '#store/sqlite/open.ts';
import { temporaryFolder } from '#support/folder.ts';
import { usingRaw } from '#support/raw-sqlite.ts';

/** The database past the port, as whoever can write it and has no key. Statements say `?` for their values. */
export type Raw = {
  all(sql: string, ...values: readonly SQLInputValue[]): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** How many rows it changed; foreign keys are not looked at. */
  run(sql: string, ...values: readonly SQLInputValue[]): Promise<number>;
  columnsByTable(): Promise<Readonly<Record<string, readonly string[]>>>;
};

export type Adapter = {
  readonly name: string;
  /** One database; `again` opens the same once more, as another process would. */
  open(): Promise<{ readonly database: Database; readonly raw: Raw; again(): Database }>;
};

/** PostgreSQL becomes a second line here, and nothing else changes. */
export const ADAPTERS: readonly Adapter[] = [
  {
    name: 'SQLite',
    async open() {
      const file = join(temporaryFolder(), 'store.db');
      const again = () => openSqlite(file, 0, () => {});
      return { database: again(), raw: rawSqlite(file), again };
    },
  },
];

function rawSqlite(file: string): Raw {
  const using = <Result>(use: (raw: DatabaseSync) => Result): Result => usingRaw(file, use);
  const all = (sql: string, values: readonly SQLInputValue[]) =>
    using((raw) =>
      raw
        .prepare(sql)
        .all(...values)
        .map((row) => ({ ...row })),
    );
  return {
    all: async (sql, ...values) => all(sql, values),
    run: async (sql, ...values) => using((raw) => Number(raw.prepare(sql).run(...values).changes)),
    async columnsByTable() {
      const tables = all(`select name from sqlite_schema where type = 'table'`, []).map(({ name }) => String(name));
      const columns = (table: string) => all('select name from pragma_table_info(?)', [table]);
      return Object.fromEntries(tables.map((table) => [table, columns(table).map(({ name }) => String(name))]));
    },
  };
}
