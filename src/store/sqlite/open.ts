import { Refusal } from '#domain/refusal.ts';
import type { StoreFigures } from '#ports/figures.ts';
import type { KeyShelf, KeyShelves } from '#ports/keys.ts';
import type { Step } from '#ports/step.ts';
import type { Database } from '../database.ts';
import { SQLITE } from '../sql/engine.ts';
import { beginShelf, readShelf } from '../sql/keys.ts';
import { reads, transactionOn } from '../sql/transaction.ts';
import { type Connection, openConnection } from './connection.ts';
import { migrate } from './migrate.ts';
import { outageAware } from './outage.ts';
import { Writer } from './writer.ts';

/** Two connections: one writes; the other reads, and in WAL mode sees only what is committed. */
export function openSqlite(file: string, now: number, step: Step): Database {
  const writing = outageAware(() => opened(file, now, step));
  const reading = outageAware(() => openConnection(file, { readOnly: true }));
  const close = async () => {
    for (const { raw } of [reading, writing]) if (raw.isOpen) raw.close();
  };
  return {
    keys: keyShelves(writing),
    store(macs) {
      const writer = new Writer(writing, transactionOn(writing.db, macs, SQLITE));
      return {
        ...reads(reading.db, macs, SQLITE),
        isShared: SQLITE.isShared,
        engine: SQLITE.name,
        transact: (body) => writer.transact(body),
        listen: () => NOBODY_ELSE,
        figures: () => ({ ...writer.figures(), connections: connectionsOf([writing, reading]) }),
        close,
      };
    },
    close,
  };
}

/** Each is busy only while nothing else of this process runs. */
const connectionsOf = (all: readonly Connection[]): StoreFigures['connections'] => ({
  ...{ busy: 0, idle: all.filter(({ raw }) => raw.isOpen).length },
});

/** One process holds the folder, and has applied its own changes. */
const NOBODY_ELSE = { stop: async () => {} };

const SQLITE_NOTADB = 26;

function opened(file: string, now: number, step: Step): Connection {
  let connection: Connection | undefined;
  try {
    connection = openConnection(file);
    migrate(connection.raw, now, step);
    return connection;
  } catch (cause) {
    connection?.raw.close();
    if ((cause as { errcode?: number }).errcode !== SQLITE_NOTADB) throw cause;
    throw new Refusal('conflict', `${file} is not a database. Choose another folder with --data.`, { cause });
  }
}

/** Only ever used before the store is, so that the two never share a transaction. */
const keyShelves = (connection: Connection): KeyShelves => ({
  read: () => readShelf(connection.db),
  async begin(shelf) {
    await new Writer(connection, connection.db).transact((db) => beginShelf(db, shelf));
    return (await readShelf(connection.db)) as KeyShelf; // it has just begun
  },
});
