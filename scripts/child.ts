import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';

export type Ended = { readonly code: number; readonly said: string };
type Options = { readonly env?: NodeJS.ProcessEnv; readonly shown?: boolean };

/** From a signal to the moment when what still runs is killed. */
const STOP_MS_MAX = 5_000;
const SWEEP_MS_MAX = 500;
const SWEEP_POLL_MS = 50;
/** Each with the moment when nothing of it is left. */
const running = new Map<ChildProcess, Promise<void>>();
let stopping = false;

/**
 * A command in a process group of its own; what it leaves behind there is killed when it ends.
 * Shown, or else kept in `said`. Never settles once we were told to stop, so that nothing is begun any more.
 */
export async function run(command: string, args: readonly string[], options: Options = {}): Promise<Ended> {
  if (stopping) return new Promise(() => {});
  const { env = process.env, shown = false } = options;
  const child = spawn(command, args, { env, stdio: ['ignore', ...outputs(shown)], detached: true });
  const said = saidBy(child);
  const ended = endOf(child);
  const swept = ended.then(() => sweep(child));
  running.set(child, swept);
  await swept;
  running.delete(child);
  return stopping ? new Promise(() => {}) : { code: await ended, said: await said };
}

const outputs = (shown: boolean) => (shown ? (['inherit', 'inherit'] as const) : (['pipe', 'pipe'] as const));

/** Whole when the pipes close; not waited for longer, as a process that left the group may hold them. */
async function saidBy(child: ChildProcess): Promise<string> {
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk) => {
      said += chunk;
    });
  }
  const failure = await new Promise<Error | undefined>((done) => {
    child.on('error', done);
    child.on('close', () => done(undefined));
    child.on('exit', () => setTimeout(() => done(undefined), 2 * SWEEP_MS_MAX).unref());
  });
  return failure === undefined ? said : failure.message;
}

const NOT_STARTED = 127;

const endOf = (child: ChildProcess): Promise<number> =>
  new Promise((done) => {
    child.on('error', () => done(NOT_STARTED));
    child.on('exit', (code, signal) => done(code ?? codeOf(signal)));
  });

const codeOf = (signal: NodeJS.Signals | null): number => 128 + (signal === null ? 0 : constants.signals[signal]);

/** What the child left behind in its group may end by itself for a moment, since it may have children elsewhere. */
async function sweep(child: ChildProcess): Promise<void> {
  const end = performance.now() + SWEEP_MS_MAX;
  while (signalGroup(child, 'SIGTERM') && performance.now() < end) await wait(SWEEP_POLL_MS);
  signalGroup(child, 'SIGKILL');
}

/** Whether there was anybody to get it. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): boolean {
  if (child.pid === undefined) return false;
  try {
    return process.kill(-child.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    return false;
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
  await Promise.race([Promise.all(children.map(([, swept]) => swept)), wait(STOP_MS_MAX)]);
  for (const [child] of children) signalGroup(child, 'SIGKILL');
  before();
  process.exit(codeOf(signal));
}

export const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
