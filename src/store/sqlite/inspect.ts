import { DatabaseSync } from 'node:sqlite';
import { SQLITE } from '../sql/engine.ts';
import { type Inspection, inspectionOn } from '../sql/inspect.ts';
import { type Connection, openConnection } from './connection.ts';
import { ELSEWHERE } from './migrate.ts';
import { outageAware } from './outage.ts';

export type SqliteInspection = Inspection & {
  /** As it stands in the file. */
  journalMode(): string;
  /** As every connection of ours has it. */
  synchronous(): number;
};

/** In WAL mode whoever reads is in nobody's way, and what they read is what is committed. */
export function inspectSqlite(file: string): SqliteInspection {
  const connection = outageAware(() => openConnection(file, { readOnly: true }));
  const { raw, db } = connection;
  const own = {
    elsewhere: ELSEWHERE,
    tables: async () => textsOf(connection, `select name from sqlite_schema where type = 'table'`),
    close: async () => raw.close(),
  };
  return {
    ...inspectionOn(db, SQLITE, own),
    journalMode: () => String(outageAware(() => raw.prepare('pragma journal_mode').get())?.journal_mode),
    synchronous: () => Number(outageAware(() => raw.prepare('pragma synchronous').get())?.synchronous),
  };
}

/** The first column. */
const textsOf = ({ raw }: Connection, statement: string): readonly string[] =>
  outageAware(() => raw.prepare(statement).all()).map((row) => String(Object.values(row)[0]));

const FINDINGS_MAX = 10;
const NOTHING_FOUND = 'ok';

/** What to look for in a whole file, and how the engine does; each says what is wrong, line by line. */
export const FILE_CHECKS = {
  pages: `pragma quick_check(${FINDINGS_MAX})`,
  'pages-and-indexes': `pragma integrity_check(${FINDINGS_MAX})`,
  'foreign-keys': `select count(*) || ' rows of ' || "table" || ' name a ' || parent || ' that is not there'
    from pragma_foreign_key_check group by "table", parent`,
} as const satisfies Readonly<Record<string, string>>;
export type FileCheck = keyof typeof FILE_CHECKS;

/** Reads all of the file, and lets nothing else be done by this process meanwhile. */
export function findingsIn(file: string, check: FileCheck): readonly string[] {
  const connection = outageAware(() => openConnection(file, { readOnly: true }));
  try {
    return textsOf(connection, FILE_CHECKS[check]).filter((text) => text !== NOTHING_FOUND);
  } finally {
    connection.raw.close();
  }
}

const SQLITE_BUSY = 5;

/**
 * Whether a process holds the lock of a data folder, without taking it. Never in a process that holds it itself: closing
 * the file would drop that (POSIX).
 */
export function isHeld(lock: string): boolean {
  const raw = new DatabaseSync(lock, { readOnly: true, timeout: 0 });
  try {
    raw.prepare('select count(*) from sqlite_schema').get();
    return false;
  } catch (error) {
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return true;
    throw error;
  } finally {
    raw.close();
  }
}
