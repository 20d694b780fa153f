import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { Kysely, SqliteDialect } from 'kysely';
import { runDirectly } from '../sql/prepared.ts';
import type { Schema } from '../sql/schema.ts';
import { outageAware } from './outage.ts';

/** More texts than the queries of this program have. */
const STATEMENTS_MAX = 500;

/** Waiting for another process's lock freezes this one, and there should be no other: be refused soon instead. */
const LOCK_WAIT_MS_MAX = 200;

export type Connection = { readonly raw: DatabaseSync; readonly db: Kysely<Schema> };

/** `synchronous=FULL`: a commit that returned survives a power cut. `secure_delete`: what is deleted is overwritten. */
export function openConnection(file: string, options: { readOnly?: boolean } = {}): Connection {
  const raw = new DatabaseSync(file, { ...options, timeout: LOCK_WAIT_MS_MAX });
  raw.exec('pragma synchronous = full; pragma secure_delete = on; pragma temp_store = memory');
  const database = kyselyView(raw);
  const db = new Kysely<Schema>({ dialect: new SqliteDialect({ database }) });
  runDirectly(db, (sql, parameters) => {
    const statement = database.prepare(sql);
    if (statement.reader) return { rows: statement.all(parameters as Parameters) };
    return { rows: [], numAffectedRows: BigInt(statement.run(parameters as Parameters).changes) };
  });
  return { raw, db };
}

/** What Kysely expects of a driver, on node:sqlite; prepared once for each text. */
function kyselyView(raw: DatabaseSync) {
  const prepared = new Map<string, ReturnType<typeof statementView>>();
  return {
    close: () => raw.close(),
    prepare(sql: string) {
      const known = prepared.get(sql);
      if (known !== undefined) return known;
      if (prepared.size >= STATEMENTS_MAX) prepared.clear();
      const statement = outageAware(() => statementView(raw.prepare(sql)));
      prepared.set(sql, statement);
      return statement;
    },
  };
}

type Parameters = readonly SQLInputValue[];

function statementView(statement: StatementSync) {
  return {
    reader: statement.columns().length > 0,
    all: (parameters: Parameters) => outageAware(() => statement.all(...parameters)),
    run: (parameters: Parameters) => outageAware(() => statement.run(...parameters)),
    iterate: (parameters: Parameters) => statement.iterate(...parameters),
  };
}
