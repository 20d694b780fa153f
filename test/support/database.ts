import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '#store/database.ts';
import { openSqlite } from '#store/sqlite/open.ts';
import { temporaryFolder } from './folder.ts';
import { type Raw, rawSqlite } from './raw.ts';

/** Which database the tests that open one run on: a project of vitest.config.ts for each. */
export const ENGINE = process.env.COUNTERSIGN_TEST_ENGINE === 'postgres' ? 'postgres' : 'sqlite';

export type TestDatabase = {
  readonly database: Database;
  readonly raw: Raw;
  /** The same once more, as another process would open it. */
  again(): Promise<Database>;
  /** Every byte that the engine keeps of it, in whatever file. */
  onDisk(): Promise<Buffer>;
};

async function openOnSqlite(now: number): Promise<TestDatabase> {
  const file = join(temporaryFolder(), 'countersign.db');
  const again = async () => openSqlite(file, now, () => {});
  const files = () => [file, `${file}-wal`].filter((each) => existsSync(each));
  const onDisk = async () => Buffer.concat(files().map((each) => readFileSync(each)));
  return { database: await again(), raw: rawSqlite(file), again, onDisk };
}

/** A new database, gone when the test is over. */
export const OPEN = { sqlite: openOnSqlite };

export const openTestDatabase = (now: number): Promise<TestDatabase> => OPEN.sqlite(now);
