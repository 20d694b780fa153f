import { DatabaseSync } from 'node:sqlite';
import { Refusal } from '#domain/refusal.ts';
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
  const connection = outageAware(() => openedAt(file));
  const { raw, db } = connection;
  const own = {
    elsewhere: ELSEWHERE,
    tables: async () => tablesIn(connection),
    close: async () => raw.close(),
  };
  return {
    ...inspectionOn(db, SQLITE, own),
    journalMode: () => String(outageAware(() => raw.prepare('pragma journal_mode').get())?.journal_mode),
    synchronous: () => Number(outageAware(() => raw.prepare('pragma synchronous').get())?.synchronous),
  };
}

const SQLITE_NOTADB = 26;

function openedAt(file: string): Connection {
  try {
    return openConnection(file, { readOnly: true });
  } catch (cause) {
    if ((cause as { errcode?: number }).errcode !== SQLITE_NOTADB) throw cause;
    throw new Refusal('conflict', `${file} is not a database. Put it back from a backup.`, { cause });
  }
}

const tablesIn = ({ raw }: Connection): readonly string[] =>
  outageAware(() => raw.prepare(`select name from sqlite_schema where type = 'table'`).all()).map(({ name }) =>
    String(name),
  );

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
