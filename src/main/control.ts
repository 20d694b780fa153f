import { once } from 'node:events';
import { chmodSync, rmSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { Refusal } from '#domain/refusal.ts';
import type { Log } from '#telemetry/log.ts';
import { inOperatorsWords, systemRefusal } from './system-refusal.ts';

/** What an operator may ask a running server for, with the words that it takes, each in a line. */
export type Control = {
  /** Of a tenant by name; of the server's own without. */
  readonly 'setup-link': (tenant: string) => Promise<string>;
  /** An e-mail address; and a tenant's name, where it is not the server's own. */
  readonly 'password-link': (said: string) => Promise<string>;
  readonly 'rotate-signing-key': () => Promise<string>;
  readonly 'withdraw-signing-keys': () => Promise<string>;
  /** JSON, for whoever prints it. */
  readonly jobs: () => Promise<string>;
  readonly 'jobs-retry': (id: string) => Promise<string>;
  /** JSON, for whoever prints it. */
  readonly tenants: () => Promise<string>;
  /** A name, and origins. */
  readonly 'tenants-create': (said: string) => Promise<string>;
  readonly 'tenants-disable': (name: string) => Promise<string>;
  readonly 'tenants-enable': (name: string) => Promise<string>;
  /** A name, an origin or alias, and `REMOVE` where it is to be so no longer. */
  readonly 'tenants-origin': (said: string) => Promise<string>;
  readonly 'tenants-alias': (said: string) => Promise<string>;
  /** JSON, for `countersign doctor`. */
  readonly health: () => Promise<string>;
};
export type ControlCommand = keyof Control;

/** Stands behind the words of what it undoes. */
export const REMOVE = '--remove';
export const wordsIn = (said: string): readonly string[] => said.split('\n');
export const inOne = (words: readonly string[]): string => words.join('\n');

/** Something that lets requests in: closed once they are answered, or cut off. `sweep` ends connections that only wait. */
export type Way = { close(): Promise<unknown>; sweep(): void; cut(): void };

const OWNER_ONLY = 0o600;
/** What connecting to where no server is ends with; EINVAL where the path is too long for any. */
const NOBODY_THERE = new Set(['ENOENT', 'ECONNREFUSED', 'EINVAL']);
/** How an answer stays away that was begun to be waited for. */
const UNANSWERED: Readonly<Record<string, string>> = {
  ECONNRESET: 'The server stopped before it answered.',
  ABORT_ERR: 'The server did not answer in time.',
};
type Answer = {
  readonly ok: boolean;
  readonly words: string;
  /** The words are ours: something listens there, and said nothing. */
  readonly isUnanswered?: true;
};

/** Serves operators on a socket that only the owner of the data folder can open; whoever can is one. */
export async function serveControl(path: string, control: Control, log: Log): Promise<Way> {
  rmSync(path, { force: true }); // of a process that was killed: the lock says that none runs
  const server = createServer(async (asked, answer) => {
    const { ok, words } = await carriedOut(control, asked).catch((error: unknown) => {
      log.failed(error);
      return { ok: false, words: 'Something went wrong on the server: its log says what.' };
    });
    answer.writeHead(ok ? 200 : 409, { 'content-type': 'text/plain; charset=utf-8' }).end(words);
  });
  await new Promise<void>((listening, failed) => {
    server.once('error', failed).listen(path, listening); // under the umask of bin.ts: never open to others
  });
  chmodSync(path, OWNER_ONLY);
  return {
    close: () => new Promise<void>((closed) => server.close(() => closed())),
    sweep: () => server.closeIdleConnections(),
    cut: () => server.closeAllConnections(),
  };
}

async function carriedOut(control: Control, asked: IncomingMessage): Promise<Answer> {
  const command = (asked.url ?? '').slice(1);
  const act = Object.hasOwn(control, command) ? control[command as ControlCommand] : undefined;
  if (act === undefined) return { ok: false, words: `${command} is not a command` };
  try {
    return { ok: true, words: await act(await text(asked)) };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, words: inOperatorsWords(error) };
    throw error;
  }
}

/** Asks a running server; undefined when none listens there. With `msMax`, it is not waited for any longer. */
export function askControl(path: string, command: ControlCommand, word: string, msMax?: number) {
  const signal = msMax === undefined ? {} : { signal: AbortSignal.timeout(msMax) };
  return new Promise<Answer | undefined>((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => {
      const words = UNANSWERED[error.code ?? ''];
      if (NOBODY_THERE.has(error.code ?? '')) resolve(undefined);
      else if (words !== undefined) resolve({ ok: false, words, isUnanswered: true });
      else reject(systemRefusal(error, `The socket ${path}`));
    };
    const asked = request({ socketPath: path, path: `/${command}`, method: 'POST', ...signal }, (answer) => {
      text(answer).then((words) => resolve({ ok: answer.statusCode === 200, words }), failed);
    });
    asked.on('error', failed).end(word);
  });
}

/** A process that begins may not listen yet on what it has just made. */
const YOUNG_MS_MAX = 60_000;

/** Removes sockets of processes that were killed. Where anybody listens, or may be about to, they stay. */
export async function removeDeadSockets(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const made = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
    if (Date.now() - made > YOUNG_MS_MAX && (await isRefused(path))) rmSync(path, { force: true });
  }
}

/** By the system, at once; one that is stopped, or has a long queue, is not that. */
async function isRefused(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
  } finally {
    socket.destroy();
  }
}
