import { accessSync, constants, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Refusal } from '#domain/refusal.ts';
import { PART } from './new-file.ts';
import { OTHERS_WRITE, refuseShared } from './shared.ts';
import { naming } from './system-refusal.ts';

export type DataFolder = {
  readonly database: string;
  readonly lock: string;
  readonly socket: string;
  readonly rootKey: string;
};

const DATABASE = 'countersign.db';
/** What may lie in a folder whose database was not begun: our own files, and what a file system's root holds. */
const OURS = new Set(['root.key', 'lock.db', 'lost+found']);
/** One process has the folder to itself; where several share a database, each has a socket of its own in it. */
const SOCKET = /^control(?:-[0-9a-z]+)?\.sock$/;
const SOCKET_NAME_CHARS = 8;
const ANY_NODE = '0'.repeat(SOCKET_NAME_CHARS);
const NAMED_MAX = 3;
/** What Linux's socket addresses hold, and no more (macOS: 104). */
const SOCKET_PATH_BYTES_MAX = 103;

const ALL = constants.R_OK | constants.W_OK | constants.X_OK;

/** Makes the folder where it is missing; refuses one that cannot be used, or that is somebody else's. */
export function dataFolder(folder: string, besides: readonly string[], node?: string): DataFolder {
  refuseDataFolder(folder, besides, node === undefined);
  naming(`The data folder ${folder}`, () => mkdirSync(folder, { recursive: true, mode: 0o700 }));
  return pathsIn(folder, node);
}

/** The same, and makes nothing. */
export function refuseDataFolder(folder: string, besides: readonly string[], holdsDatabase: boolean): void {
  const { socket, lock, database } = pathsIn(folder, holdsDatabase ? undefined : ANY_NODE);
  if (Buffer.byteLength(socket) > SOCKET_PATH_BYTES_MAX) throw tooLong(socket);
  const what = `The data folder ${folder}`;
  naming(what, () => {
    if (!existsSync(folder)) return accessSync(`${nearest(folder)}/.`, constants.W_OK | constants.X_OK);
    if (!statSync(folder).isDirectory()) throw notAFolder(folder);
    accessSync(folder, ALL);
    if (holdsDatabase) refuseForeign(folder, besides);
    refuseShared(folder, what, OTHERS_WRITE);
  });
  if (holdsDatabase) for (const file of [lock, database]) refuseUnusable(file);
}

/** What is there of the way to a folder that is to be made. */
function nearest(folder: string): string {
  const parent = dirname(resolve(folder));
  return existsSync(parent) ? parent : nearest(parent);
}

/** Of a start by another user; the engine itself would only say that it cannot open it. */
function refuseUnusable(file: string): void {
  if (existsSync(file)) naming(`The file ${file}`, () => accessSync(file, constants.R_OK | constants.W_OK));
}

/** Where everything lies, whether or not it is there; `node` is the one of several whose socket is meant. */
export function pathsIn(folder: string, node?: string): DataFolder {
  const at = (name: string) => join(folder, name);
  const socket = node === undefined ? 'control.sock' : `control-${node.slice(0, SOCKET_NAME_CHARS).toLowerCase()}.sock`;
  return { database: at(DATABASE), lock: at('lock.db'), socket: at(socket), rootKey: at('root.key') };
}

/** Of every process that may run on the folder; those of killed ones too. */
export function socketsIn(folder: string): readonly string[] {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.filter((name) => SOCKET.test(name)).map((name) => join(folder, name));
}

function refuseForeign(folder: string, besides: readonly string[]): void {
  const names = readdirSync(folder);
  if (names.includes(DATABASE)) return;
  const named = new Set(besides.map((file) => resolve(file)));
  const foreign = names.filter(
    (name) => !OURS.has(name) && !SOCKET.test(name) && !name.endsWith(PART) && !named.has(resolve(folder, name)),
  );
  if (foreign.length === 0) return;
  const some = `${foreign.slice(0, NAMED_MAX).join(', ')}${foreign.length > NAMED_MAX ? ', …' : ''}`;
  throw new Refusal(
    'conflict',
    `The data folder ${folder} holds other files (${some}) and no database of Countersign. Choose another with --data.`,
  );
}

const tooLong = (socket: string): Refusal =>
  new Refusal(
    'conflict',
    `The path ${socket} is too long for a socket. Choose a folder nearer to the root with --data.`,
  );

const notAFolder = (folder: string): Refusal =>
  new Refusal('conflict', `The data folder ${folder} is not a folder. Choose another with --data.`);
