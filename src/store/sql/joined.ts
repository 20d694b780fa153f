import { type AliasedRawBuilder, sql } from 'kysely';
import type { Schema, Table } from './schema.ts';

/*
 * Columns of several tables in one row, each under `table.column`. A seam of types: the names are checked where they
 * are asked for, and the row is cut up by the same lists.
 */

export const columnsOf = <T extends Table>(
  table: T,
  columns: readonly (keyof Schema[T] & string)[],
): AliasedRawBuilder<unknown, string>[] =>
  columns.map((column) => sql.ref(`${table}.${column}`).as(`${table}.${column}`));

/** One table's part of such a row. */
export const partOf = <T extends Table, Column extends keyof Schema[T] & string>(
  row: object,
  table: T,
  columns: readonly Column[],
): Pick<Schema[T], Column> =>
  Object.fromEntries(columns.map((column) => [column, (row as Record<string, unknown>)[`${table}.${column}`]])) as Pick<
    Schema[T],
    Column
  >;
