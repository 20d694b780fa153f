import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import type { Config } from '#config/read-config.ts';
import { Keyring } from '#crypto/keyring.ts';
import { rowMacs } from '#crypto/row-mac.ts';
import type { Instant } from '#domain/instant.ts';
import { fileWrapper } from '#key-wrapper/file/wrapper.ts';
import type { KeyPlace, KeyWrapper } from '#ports/key-wrapper.ts';
import type { KeyShelf } from '#ports/keys.ts';
import type { RowMacs } from '#ports/row-mac.ts';
import { destinationOf } from '#store/postgres/destination.ts';
import { inspectPostgres, type PostgresInspection } from '#store/postgres/inspect.ts';
import type { Inspection } from '#store/sql/inspect.ts';
import { inspectSqlite, type SqliteInspection } from '#store/sqlite/inspect.ts';
import { rootKeyFileOf } from '../before-start.ts';
import { askControl } from '../control.ts';
import { pathsIn, socketsIn } from '../data-folder.ts';
import { postgresIn } from '../database-url.ts';
import type { Health } from '../health.ts';
import { naming } from '../system-refusal.ts';
import { Unseen } from './finding.ts';

/** The keys of the database, as far as the root key opens them. */
export type OpenedKeys = {
  readonly keyring: Keyring;
  readonly opened: readonly KeyPlace[];
  readonly unopened: readonly KeyPlace[];
};

/** Processes that listen on a control socket of the folder. */
export type Servers = {
  readonly healths: readonly Health[];
  /** What was said instead of how it is; where nothing was, by which socket. */
  readonly silent: readonly { readonly socket: string; readonly words: string }[];
};

/** What is looked at. Each is opened once, when it is first asked for; what cannot be is told by one check, and others are skipped. */
export type Scene = {
  readonly config: Config;
  readonly isDeep: boolean;
  now(): Instant;
  servers(): Promise<Servers>;
  /** Throws what is wrong with it. Those below throw `Unseen`. */
  opened(): Promise<Inspection>;
  database(): Promise<Inspection>;
  sqlite(): Promise<SqliteInspection>;
  postgres(): Promise<PostgresInspection>;
  /** A database whose tables are as this program has them. */
  tables(): Promise<Inspection>;
  shelf(): Promise<KeyShelf>;
  /** Throws what is wrong with the root key. */
  wrapper(): Promise<KeyWrapper>;
  keys(): Promise<OpenedKeys>;
  macs(): Promise<RowMacs>;
  /** It has not answered: whatever else would be asked of it, each for as long, is not looked at. A file always answers. */
  lose(): void;
  close(): Promise<void>;
};

const NOT_OPEN = 'the database is not open (see database)';
const NOT_BEGUN = 'there is no database yet (a start makes it)';

export function sceneOf(config: Config, isDeep: boolean): Scene {
  const sqlite = once(async () => sqliteIn(config));
  const postgres = once(async () => postgresAt(config));
  const opened = once(async (): Promise<Inspection> => (config.databaseUrl === undefined ? sqlite() : postgres()));
  let isLost = false;
  const answering = <Result>(ask: () => Promise<Result>) => (isLost ? silent() : ask());
  const database = () => answering(() => unless(opened(), NOT_OPEN));
  const wrapper = once(async () => wrapperIn(rootKeyFileOf(config)));
  const tables = once(async () => completed(await database()));
  const shelf = once(async () => shelfOf(await database()));
  const keys = once(async () =>
    unwrapped(await unless(wrapper(), 'the root key cannot be used (see root-key)'), await shelf()),
  );
  return {
    ...{ config, isDeep, opened, database, shelf, wrapper, keys },
    tables: () => answering(tables),
    now: () => Date.now() + config.testClockMs,
    servers: once(() => serversOn(config.data)),
    sqlite: () => unless(sqlite(), NOT_OPEN),
    postgres: () => answering(() => unless(postgres(), NOT_OPEN)),
    lose: () => {
      isLost = config.databaseUrl !== undefined;
    },
    macs: once(async () => macsOf(await keys())),
    close: async () => void (await (await opened().catch(() => undefined))?.close()),
  };
}

async function silent(): Promise<never> {
  throw new Unseen('the database has stopped answering (see the checks before)');
}

/** The first answer, or the first failure, for everybody who asks. */
function once<Result>(act: () => Promise<Result>): () => Promise<Result> {
  let asked: Promise<Result> | undefined;
  return () => {
    asked ??= act();
    return asked;
  };
}

function unless<Result>(asked: Promise<Result>, words: string): Promise<Result> {
  return asked.catch((error: unknown) => {
    throw error instanceof Unseen ? error : new Unseen(words);
  });
}

function sqliteIn({ data }: Config): SqliteInspection {
  const { database } = pathsIn(data);
  if (!existsSync(database)) throw new Unseen(NOT_BEGUN);
  return inspectSqlite(database);
}

async function postgresAt(config: Config): Promise<PostgresInspection> {
  const options = postgresIn(config);
  if (options === undefined) throw new Unseen('the database is SQLite');
  destinationOf(options.url); // refuses files that cannot be read, in words
  return inspectPostgres(options);
}

async function completed(database: Inspection): Promise<Inspection> {
  if (!(await database.isBegun())) throw new Unseen(NOT_BEGUN);
  const pending = await unless(database.pending(), TABLES_ARE_OTHERS);
  if (pending.length > 0) throw new Unseen(TABLES_ARE_OTHERS);
  return database;
}

const TABLES_ARE_OTHERS = 'its tables are not those of this program (see schema)';

async function shelfOf(database: Inspection): Promise<KeyShelf> {
  if (!(await database.isBegun())) throw new Unseen(NOT_BEGUN);
  await unless(database.pending(), TABLES_ARE_OTHERS);
  const shelf = await database.shelf();
  if (shelf === undefined) throw new Unseen('no start has come as far as to make keys');
  return shelf;
}

/** Never what is read once, like a pipe: a start needs it. */
function wrapperIn(file: string): KeyWrapper {
  if (!existsSync(file)) throw new Unseen('there is no root key (see root-key)');
  if (!statSync(file).isFile()) throw new Unseen('the root key is no file that can be read twice (a start reads it)');
  return fileWrapper(
    naming(`The root key ${file}`, () => readFileSync(file)),
    { bytes: randomBytes },
  );
}

async function unwrapped(wrapper: KeyWrapper, { fingerprint, keys }: KeyShelf): Promise<OpenedKeys> {
  if (fingerprint !== wrapper.fingerprint) throw new Unseen('the root key is not that of the database (see root-key)');
  const keyring = new Keyring();
  const [opened, unopened]: [KeyPlace[], KeyPlace[]] = [[], []];
  for (const { wrapped, ...place } of keys) {
    try {
      keyring.hold(place, await wrapper.unwrap(wrapped, place));
      opened.push(place);
    } catch {
      unopened.push(place); // it says not why, and nothing of what it holds
    }
  }
  return { keyring, opened, unopened };
}

function macsOf({ keyring, unopened }: OpenedKeys): RowMacs {
  const isWhole = keyring.all('row-mac').length > 0 && unopened.every(({ purpose }) => purpose !== 'row-mac');
  if (!isWhole) throw new Unseen('a key that rows are proved by does not open (see keys)');
  return rowMacs(keyring);
}

const HEALTH_MS_MAX = 2_000;

async function serversOn(folder: string): Promise<Servers> {
  const asked = socketsIn(folder).map(async (socket) => ({
    socket,
    answer: await askControl(socket, 'health', '', HEALTH_MS_MAX),
  }));
  const answers = await Promise.all(asked);
  return {
    healths: answers.flatMap(({ answer }) => (answer?.ok ? [JSON.parse(answer.words) as Health] : [])), // ours, behind a socket that only we open
    silent: answers.flatMap(({ socket, answer }) =>
      answer === undefined || answer.ok ? [] : [{ socket, words: answer.words }],
    ),
  };
}
