import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { folderInMemory } from './memory.ts';

/** A PostgreSQL of our own on loopback, where everybody may do everything: fit for tests only. */
export type Cluster = {
  readonly port: number;
  readonly data: string;
  url(database: string): string;
  start(): Promise<void>;
  /** Fast: as an operator stops it. Immediate: as a machine that loses power, but for what the disk has. */
  stop(how: 'fast' | 'immediate'): Promise<void>;
  /** The server process alone, as the kernel kills it; its children end by themselves. */
  kill(): Promise<void>;
  /** For good, with its data. */
  remove(): Promise<void>;
};

export type Options = {
  /** Where its programs are. */
  readonly bin: string;
  /** False where no test takes the machine's power away: nothing then waits for the disk. */
  readonly fsync?: boolean;
  readonly settings?: Readonly<Record<string, string>>;
};

const STOPS = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const;
/** Nothing goes to a folder that machines share, so that a killed server leaves nothing behind there. */
const SETTINGS = {
  ...{ listen_addresses: '127.0.0.1', unix_socket_directories: '', dynamic_shared_memory_type: 'mmap' },
  ...{ max_connections: '300', shared_buffers: '64MB' },
};
const UNSAFE = {
  ...{ fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off', autovacuum: 'off' },
  ...{ wal_level: 'minimal', max_wal_senders: '0', min_wal_size: '32MB', max_wal_size: '128MB' },
};
const START_MS_MAX = 20_000;
const POLL_MS = 10;

export async function startCluster({ bin, fsync = true, settings = {} }: Options): Promise<Cluster> {
  const as = serverUser();
  const folder = mkdtempSync(join(fsync ? tmpdir() : folderInMemory(), 'countersign-postgres-'));
  const data = join(folder, 'data');
  mkdirSync(data, { mode: 0o700 });
  if ('uid' in as) for (const each of [folder, data]) chownSync(each, as.uid, as.gid);
  const watch = watchdog(folder, as);
  const own = { cwd: '/', env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' }, ...as } as const;
  const made = ['-D', data, '-U', 'postgres', '--auth=trust', '--no-sync', '-E', 'UTF8', '--locale=C.UTF-8'];
  execFileSync(join(bin, 'initdb'), made, { ...own, stdio: ['ignore', 'ignore', 'pipe'] });
  const port = await freePort();
  const url = (database: string) => `postgres://postgres@127.0.0.1:${port}/${database}`;
  const all = { ...SETTINGS, ...(fsync ? {} : UNSAFE), ...settings, port: String(port) };
  const args = ['-D', data, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const server = serverOf(() => begun(join(bin, 'postgres'), args, join(folder, 'log'), own), url('postgres'));
  await server.start();
  const remove = async () => {
    await server.end('SIGQUIT');
    watch.done();
    rmSync(folder, { recursive: true, force: true });
  };
  const stop = (how: keyof typeof STOPS) => server.end(STOPS[how]);
  return { port, data, url, start: server.start, stop, kill: () => server.end('SIGKILL'), remove };
}

type Begun = { readonly process: ReturnType<typeof spawn>; readonly ended: Promise<unknown>; said(): string };

function begun(program: string, args: readonly string[], log: string, own: object): Begun {
  const output = openSync(log, 'a');
  const child = spawn(program, args, { ...own, stdio: ['ignore', output, output] });
  closeSync(output);
  child.unref();
  return { process: child, ended: once(child, 'exit'), said: () => readFileSync(log, 'utf8') };
}

/** One process after the other on the same data. */
function serverOf(begin: () => Begun, url: string) {
  let running: Begun | undefined;
  async function start(): Promise<void> {
    const begun = begin();
    running = begun;
    const latest = performance.now() + START_MS_MAX;
    while (!(await answers(url))) {
      const isOver = begun.process.exitCode !== null || performance.now() > latest;
      if (isOver) throw new Error(`PostgreSQL did not start: ${begun.said()}`);
      await wait(POLL_MS);
    }
  }
  async function end(signal: NodeJS.Signals): Promise<void> {
    const begun = running;
    running = undefined;
    if (begun === undefined || begun.process.exitCode !== null || begun.process.signalCode !== null) return;
    begun.process.ref();
    begun.process.kill(signal);
    await begun.ended;
  }
  return { start, end };
}

export async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

/** It refuses to run as root; user `postgres` comes with every package of it. */
export function serverUser(): { readonly uid: number; readonly gid: number } | Record<never, never> {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * Outlives us where we are killed, and then stops the server and takes its data away. It hears of that by the end of
 * its input, which the system closes whatever became of us.
 */
const WATCH = `trap '' TERM INT HUP
read -r word
if [ "$word" != done ]; then
  pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) && kill -QUIT "$pid" 2>/dev/null
  while [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
  rm -rf "$1" 2>/dev/null
fi`;

function watchdog(folder: string, as: object): { done(): void } {
  const child = spawn('sh', ['-c', WATCH, 'sh', folder], { cwd: '/', ...as, stdio: ['pipe', 'ignore', 'ignore'] });
  child.unref();
  (child.stdin as Socket).unref();
  return { done: () => void child.stdin.end('done\n') };
}
