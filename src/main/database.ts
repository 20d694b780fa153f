import { chmodSync, existsSync } from 'node:fs';
import type { Config } from '#config/read-config.ts';
import type { Clock } from '#ports/chance-and-time.ts';
import type { Step } from '#ports/step.ts';
import type { Database } from '#store/database.ts';
import { openPostgres } from '#store/postgres/open.ts';
import { holdLock } from '#store/sqlite/lock.ts';
import { openSqlite } from '#store/sqlite/open.ts';
import type { DataFolder } from './data-folder.ts';
import { postgresIn } from './database-url.ts';
import { naming } from './system-refusal.ts';

type Parts = { readonly clock: Clock; readonly step: Step };
/** Open, with what else is held as long as it is. */
export type Opened = { readonly database: Database; close(): Promise<void> };

/** PostgreSQL where the settings name one, for any number of processes; else the file in the data folder, for one. */
export async function openDatabase(config: Config, folder: DataFolder, { clock, step }: Parts): Promise<Opened> {
  const options = postgresIn(config);
  if (options === undefined) return openFile(folder, { clock, step });
  const database = await openPostgres(options, clock.now(), step);
  return { database, close: () => database.close() };
}

function openFile(folder: DataFolder, { clock, step }: Parts): Opened {
  const lock = holdLock(folder.lock);
  try {
    const database = openSqlite(folder.database, clock.now(), step);
    keepToOwner(folder.database);
    const close = async () => {
      await database.close();
      lock.release();
    };
    return { database, close };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** A restored database may have come with other modes; it holds addresses and password hashes. */
function keepToOwner(database: string): void {
  for (const file of ['', '-wal', '-shm'].map((end) => `${database}${end}`)) {
    if (existsSync(file)) naming(`The file ${file}`, () => chmodSync(file, 0o600));
  }
}
