import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import type { Database } from '#store/database.ts';
import { openPostgres } from '#store/postgres/open.ts';
import { openSqlite } from '#store/sqlite/open.ts';
import { temporaryFolder } from './folder.ts';
import { folderInMemory } from './memory.ts';
import { usePart } from './parts.ts';
import { askedThrough, freshPostgres } from './postgres.ts';
import { type Raw, rawPostgres, rawSqlite } from './raw.ts';

/** Which database the tests that open one run on: a project of vitest.config.ts for each. */
export const ENGINE = process.env.COUNTERSIGN_TEST_ENGINE === 'postgres' ? 'postgres' : 'sqlite';

/** For what one engine alone promises: on another there is nothing to be skipped. */
export const testOn = (engine: typeof ENGINE) => (title: string, run: () => Promise<void>, msMax?: number) => {
  if (engine === ENGINE) test(title, run, msMax);
};

export type TestDatabase = {
  readonly database: Database;
  readonly raw: Raw;
  /** The same once more, as another process would open it. */
  again(): Promise<Database>;
  /** Every byte that the engine keeps of it, in whatever file. */
  onDisk(): Promise<Buffer>;
};

/** To make its tables is most of what opening a new one takes: those of a process are copies of a first. */
const firsts = new Map<number, Promise<string>>();

async function makeFirst(now: number): Promise<string> {
  const folder = mkdtempSync(join(folderInMemory(), 'countersign-first-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'countersign.db');
  await (await openSqlite(file, now, () => {})).close();
  return file;
}

function firstAt(now: number): Promise<string> {
  const first = firsts.get(now) ?? makeFirst(now);
  firsts.set(now, first);
  return first;
}

async function openOnSqlite(now: number): Promise<TestDatabase> {
  const file = join(temporaryFolder(folderInMemory()), 'countersign.db');
  copyFileSync(await firstAt(now), file);
  const again = async () => openSqlite(file, now, () => {});
  const files = () => [file, `${file}-wal`].filter((each) => existsSync(each));
  const onDisk = async () => Buffer.concat(files().map((each) => readFileSync(each)));
  return { database: await again(), raw: rawSqlite(file), again, onDisk };
}

async function openOnPostgres(now: number): Promise<TestDatabase> {
  usePart('postgresql');
  const url = await freshPostgres();
  const again = () => openPostgres({ ...askedThrough(url), connectionsMax: 10 }, now, () => {});
  const raw = rawPostgres(url);
  return { database: await again(), raw, again, onDisk: () => filesOf(raw) };
}

/** Of the database itself, and of the log that was last written to. */
async function filesOf({ all, run }: Raw): Promise<Buffer> {
  await run('checkpoint');
  const [at] = await all(`select current_setting('data_directory') as root, oid::text as folder,
    pg_walfile_name(pg_current_wal_lsn()) as log from pg_database where datname = current_database()`);
  const [root, folder] = [String(at?.root), join(String(at?.root), 'base', String(at?.folder))];
  const logs = readdirSync(join(root, 'pg_wal')).filter(
    (name) => /^[0-9A-F]{24}$/.test(name) && name <= String(at?.log),
  );
  const files = readdirSync(folder).map((name) => join(folder, name));
  return Buffer.concat(
    [...files, ...logs.slice(-2).map((name) => join(root, 'pg_wal', name))].map((each) => readFileSync(each)),
  );
}

/** A new database, gone when the test is over. */
export const OPEN = { sqlite: openOnSqlite, postgres: openOnPostgres } as const;

export const openTestDatabase = (now: number): Promise<TestDatabase> => OPEN[ENGINE](now);
