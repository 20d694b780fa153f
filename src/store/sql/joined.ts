import { type AliasedRawBuilder, sql } from 'kysely';
import type { Table } from './schema.ts';

/*
 * Columns of several tables in one row, each under `table.column`: two tables may have a column of the same name. Whoever
 * asks gives the same list of columns to both, and says of which type they are.
 */

export const columnsOf = (table: Table, columns: readonly string[]): AliasedRawBuilder<unknown, string>[] =>
  columns.map((column) => sql.ref(`${table}.${column}`).as(`${table}.${column}`));

/** One table's part of such a row. */
export const partOf = (row: object, table: Table, columns: readonly string[]): object =>
  Object.fromEntries(columns.map((column) => [column, (row as Record<string, unknown>)[`${table}.${column}`]]));
