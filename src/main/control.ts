import { chmodSync, rmSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { Refusal } from '#domain/refusal.ts';

/** What an operator may ask a running server for. */
export type Control = { readonly 'setup-link': () => Promise<string> };
export type ControlCommand = keyof Control;

const OWNER_ONLY = 0o600;
/** What Linux's socket addresses hold, and no more (macOS: 104). */
const SOCKET_PATH_BYTES_MAX = 103;
type Answer = { readonly ok: boolean; readonly words: string };

/** Serves operators on a socket that only the owner of the data folder can open; whoever can is one. */
export async function serveControl(path: string, control: Control): Promise<() => Promise<void>> {
  if (Buffer.byteLength(path) > SOCKET_PATH_BYTES_MAX) {
    throw new Refusal(
      'conflict',
      `The path ${path} is too long for a socket. Choose a folder nearer to the root with --data.`,
    );
  }
  rmSync(path, { force: true }); // of a process that was killed: the lock says that none runs
  const server = createServer(async (asked, answer) => {
    const { ok, words } = await carriedOut(control, (asked.url ?? '').slice(1));
    answer.writeHead(ok ? 200 : 409, { 'content-type': 'text/plain; charset=utf-8' }).end(words);
  });
  await new Promise<void>((listening, failed) => {
    server.once('error', failed).listen(path, listening); // under the umask of bin.ts: never open to others
  });
  chmodSync(path, OWNER_ONLY);
  return () => new Promise((closed) => server.close(() => closed()));
}

async function carriedOut(control: Control, command: string): Promise<Answer> {
  const act = Object.hasOwn(control, command) ? control[command as ControlCommand] : undefined;
  if (act === undefined) return { ok: false, words: `${command} is not a command` };
  try {
    return { ok: true, words: await act() };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, words: error.message };
    throw error;
  }
}

/** Asks a running server; undefined when none listens there. */
export function askControl(path: string, command: ControlCommand): Promise<Answer | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: path, path: `/${command}`, method: 'POST' }, async (answer) => {
      let words = '';
      for await (const chunk of answer.setEncoding('utf8')) words += chunk;
      resolve({ ok: answer.statusCode === 200, words });
    });
    asked.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(undefined);
      else reject(error);
    });
    asked.end();
  });
}
