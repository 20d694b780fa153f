import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';

export type Ended = { readonly code: number; readonly said: string };
type Options = { readonly env?: NodeJS.ProcessEnv; readonly shown?: boolean };

/** From a signal to the moment when what still runs is killed. */
const STOP_MS_MAX = 5_000;
const running = new Map<ChildProcess, Promise<Ended>>();
let stopping = false;

/**
 * A command in a process group of its own; what it leaves behind there is killed when it ends.
 * Shown, or else kept in `said`. Never settles once we were told to stop, so that nothing is begun any more.
 */
export async function run(command: string, args: readonly string[], options: Options = {}): Promise<Ended> {
  if (stopping) return new Promise(() => {});
  const { env = process.env, shown = false } = options;
  const child = spawn(command, args, { env, stdio: ['ignore', ...outputs(shown)], detached: true });
  const ended = endOf(child);
  running.set(child, ended);
  const end = await ended;
  running.delete(child);
  signalGroup(child, 'SIGKILL');
  return stopping ? new Promise(() => {}) : end;
}

const outputs = (shown: boolean) => (shown ? (['inherit', 'inherit'] as const) : (['pipe', 'pipe'] as const));

/** At its exit, not when its pipes close: a process left behind may hold them. */
function endOf(child: ChildProcess): Promise<Ended> {
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk) => {
      said += chunk;
    });
  }
  return new Promise((done) => {
    child.on('error', (error) => done({ code: 127, said: error.message }));
    child.on('exit', (code, signal) => setImmediate(() => done({ code: code ?? codeOf(signal), said })));
  });
}

const codeOf = (signal: NodeJS.Signals | null): number => 128 + (signal === null ? 0 : constants.signals[signal]);

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** To be called once, first of all: a signal to us goes to every child's group, and we end after them. */
export function passSignalsOn(before: () => void = () => {}): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => void stop(signal, before));
  }
}

async function stop(signal: NodeJS.Signals, before: () => void): Promise<void> {
  stopping = true;
  const children = [...running];
  for (const [child] of children) signalGroup(child, signal);
  await Promise.race([Promise.all(children.map(([, ended]) => ended)), wait(STOP_MS_MAX)]);
  for (const [child] of children) signalGroup(child, 'SIGKILL');
  before();
  process.exit(codeOf(signal));
}

export const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
