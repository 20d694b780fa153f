import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { quantile } from './figures.ts';
import { type Loaded, load, type Requests, type Until } from './load.ts';
import type { Asks, Begin } from './server.ts';

/** Servers have a core of their own, whoever asks has the other. */
const [SERVER_CORE, OWN_CORE] = [0, 1];

/** `cpuMs` is what the whole process used for one answer; no other figure stays put on a machine that others use too. */
export type Round = { readonly rate: number; readonly cpuMs: number; readonly p50Ms: number; readonly p99Ms: number };
export type Worked = { readonly rate: number; readonly cpuMs: number; readonly delayMs: number };
/** For one answer. */
export type Counts = { readonly statements: number; readonly commits: number };

export type Target = Awaited<ReturnType<typeof openTarget>>;

export async function openTarget(begin: Begin) {
  const child = fork(new URL('./server.ts', import.meta.url));
  pin(child.pid, SERVER_CORE);
  child.send(begin);
  const { origin } = await told<{ origin: string }>(child);
  const ask = async <Ask extends keyof Asks>(name: Ask, given: Asks[Ask]['given']): Promise<Asks[Ask]['answer']> => {
    child.send({ ask: name, given });
    return told(child);
  };
  const cpuMs = async () => (await ask('cpu', {})).cpuMs;

  async function measure(requests: Requests, connections: number, until: Until): Promise<Round> {
    const before = await cpuMs();
    const loaded = await load(origin, requests, connections, until);
    return roundOf(loaded, (await cpuMs()) - before);
  }
  async function work(atOnce: number, ms: number, token = ''): Promise<Worked> {
    const before = await cpuMs();
    const done = await ask('work', { atOnce, ms, token });
    return {
      rate: (done.answers / done.ms) * 1000,
      cpuMs: ((await cpuMs()) - before) / done.answers,
      delayMs: done.delayMs,
    };
  }
  async function count(requests: Requests, connections: number, answers: number): Promise<Counts> {
    await ask('count', {});
    await load(origin, requests, connections, { answers });
    const { statements, commits } = await ask('counted', {});
    return { statements: statements / answers, commits: commits / answers };
  }
  return { origin, measure, work, count, close: () => closed(child) };
}

const roundOf = ({ answers, ms, latenciesMs }: Loaded, cpuMs: number): Round => ({
  ...{ rate: (answers / ms) * 1000, cpuMs: cpuMs / answers },
  ...{ p50Ms: quantile(latenciesMs, 0.5), p99Ms: quantile(latenciesMs, 0.99) },
});

/** The next message; or, when the process ends instead, an error. */
async function told<Message>(child: ChildProcess): Promise<Message> {
  const cut = new AbortController();
  const ended = once(child, 'exit', cut).then(([code]) => Promise.reject(new Error(`a server ended with ${code}`)));
  try {
    const [message] = await Promise.race([once(child, 'message', cut), ended]);
    return message;
  } finally {
    ended.catch(() => undefined);
    cut.abort();
  }
}

async function closed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.disconnect();
  await ended;
}

export const isPinned: boolean = spawnSync('taskset', ['--version']).status === 0;
export const pinSelf = (): void => pin(process.pid, OWN_CORE);
/** What to put before a command that is to run on the servers' core. */
export const onServerCore: readonly string[] = isPinned ? ['taskset', '-c', String(SERVER_CORE)] : [];

function pin(pid: number | undefined, core: number): void {
  if (isPinned) spawnSync('taskset', ['-apc', String(core), String(pid)]);
}
