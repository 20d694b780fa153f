import { type AliasedRawBuilder, sql } from 'kysely';
import type { Table } from './schema.ts';

/*
 * Columns of several tables in one row, each under `table.column`: two tables may have a column of the same name. Whoever
 * asks gives the same list of columns to both, and says of which type they are.
 */

export const columnsOf = (table: Table, columns: readonly string[]): AliasedRawBuilder<unknown, string>[] =>
  columns.map((column) => sql.ref(`${table}.${column}`).as(`${table}.${column}`));

/** One table's part of such a row; told the columns once, since this is done for each part of each credential read. */
export function partOf(table: Table, columns: readonly string[]): (row: object) => object {
  const names = columns.map((column) => [column, `${table}.${column}`] as const);
  return (row) => {
    const part: Record<string, unknown> = {};
    for (const [column, name] of names) part[column] = (row as Record<string, unknown>)[name];
    return part;
  };
}
