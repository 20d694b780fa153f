import type { Compilable, CompiledQuery, Kysely, QueryResult } from 'kysely';
import type { Schema } from './schema.ts';

/** Stands in a query for a value that comes with each execution. */
class Slot {
  readonly name: PropertyKey;
  constructor(name: PropertyKey) {
    this.name = name;
  }
}

/** Runs a text on an engine that answers at once, without the layers between, which cost more than a small query. */
export type Directly = (sql: string, parameters: readonly unknown[]) => QueryResult<unknown>;

const direct = new WeakMap<Kysely<Schema>, Directly>();

/** For an engine that has such a way; another is asked through Kysely. */
export const runDirectly = (db: Kysely<Schema>, directly: Directly): unknown => direct.set(db, directly);

/**
 * A query whose text is made once for each connection: making it anew costs more than running it. `build` sees every
 * value as a slot, so it may neither look at one nor decide by one.
 */
export function prepared<Values extends object, Row>(
  build: (db: Kysely<Schema>, values: Values) => Compilable<Row>,
): (db: Kysely<Schema>, values: Values) => Promise<QueryResult<Row>> {
  const made = new WeakMap<Kysely<Schema>, CompiledQuery<Row>>();
  const slots = new Proxy({} as Values, { get: (_, name) => new Slot(name) });
  return async (db, values) => {
    const query = made.get(db) ?? build(db, slots).compile();
    made.set(db, query);
    const filled = (part: unknown) => (part instanceof Slot ? values[part.name as keyof Values] : part);
    const parameters = query.parameters.map(filled);
    const directly = direct.get(db);
    if (directly === undefined) return db.executeQuery({ ...query, parameters });
    return directly(query.sql, parameters) as QueryResult<Row>; // by the very types that the query was built with
  };
}

/** A row's columns as they come, named one by one: what stands for the row has none that could be listed. */
export const columnsOf = <Row extends object>(row: Row, columns: readonly (keyof Row & string)[]): Row =>
  Object.fromEntries(columns.map((name) => [name, row[name]])) as Row;

/** For a row that is written whole. */
export const insertion = <T extends keyof Schema & string>(table: T, columns: readonly (keyof Schema[T] & string)[]) =>
  prepared<Schema[T], unknown>((db, row) => db.insertInto(table as 'token').values(columnsOf(row, columns) as never));
