// A million tokens and a million audit entries against an empty database, on each engine: `npm run bench:scale`
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { part } from '#support/parts.ts';
import { startCluster } from '#support/postgres-cluster.ts';
import { median, quantile } from './figures.ts';
import { type Place, SIZES, seedScale, type Tokens } from './scale-seed.ts';
import { onServerCore, pinSelf } from './target.ts';

const FOLDER = join(import.meta.dirname, '..', '.bench');
const STARTS = 7;
const LIST_REQUESTS = 60;
/** Requests that warm a server up before it is measured. */
const WARM = 100;
/** How far from an empty database the full one may be. */
const BAND = 0.15;
const TOKENS = '/api/v1/tokens';

type Server = { readonly origin: string; readonly startMs: number; stop(): Promise<void> };
type Database = Place & { readonly tokens: Tokens };
type Figure = { readonly what: string; readonly empty?: number; readonly full: number; readonly isBounded: boolean };

const { values } = parseArgs({ options: { engine: { type: 'string' } } });
const say = (line: string) => void process.stderr.write(`${line}\n`);
const engines = { sqlite: onFiles, postgres: onServer };
mkdirSync(FOLDER, { recursive: true, mode: 0o711 });
const run = mkdtempSync(join(FOLDER, 'scale-'));
try {
  for (const [name, open] of Object.entries(engines)) {
    if (values.engine === undefined || values.engine === name) await measured(name, open);
  }
} finally {
  rmSync(run, { recursive: true, force: true });
}

async function measured(name: string, open: () => Promise<Opened>): Promise<void> {
  const { places, close } = await open();
  try {
    const databases: Database[] = [];
    for (const [at, place] of places.entries()) {
      const begun = performance.now();
      databases.push({ ...place, tokens: await seedScale(place, at === 1) });
      say(
        `${name}: seeded ${at === 1 ? 'a million of each' : 'an empty one'} in ${((performance.now() - begun) / 1000).toFixed(0)} s`,
      );
    }
    pinSelf();
    print(name, await figuresOf(databases as unknown as Pair));
  } finally {
    await close();
  }
}

type Opened = { readonly places: readonly [Place, Place]; close(): Promise<void> };
type Pair = readonly [empty: Database, full: Database];

async function onFiles(): Promise<Opened> {
  const place = (): Place => ({ folder: mkdtempSync(join(run, 'file-')), env: {} });
  return { places: [place(), place()], close: async () => {} };
}

async function onServer(): Promise<Opened> {
  const found = part('postgresql');
  if (found === undefined) throw new Error('there is no PostgreSQL here; npm test says how it gets one');
  // It is only read while it is measured: seeding need not wait for a disk.
  const settings = { shared_buffers: '512MB', max_wal_size: '4GB' };
  const cluster = await startCluster({ ...found, fsync: false, settings });
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: cluster.url('postgres') });
  await client.connect();
  const place = async (name: string): Promise<Place> => {
    await client.query(`create database ${name}`);
    return { folder: mkdtempSync(join(run, 'server-')), env: { COUNTERSIGN_DATABASE_URL: cluster.url(name) } };
  };
  const places = [await place('empty'), await place('filled')] as const;
  await client.end();
  return { places, close: () => cluster.remove() };
}

async function figuresOf(pair: Pair): Promise<readonly Figure[]> {
  const starts = await startsOf(pair);
  const servers = [await started(pair[0]), await started(pair[1])] as const;
  try {
    const verify = await verifyOf(pair, servers);
    const list = await listOf(pair, servers);
    const [, { origin }] = servers;
    const admin = pair[1].tokens.admin;
    const asked: readonly (readonly [what: string, query: string])[] = [
      ['administrator’s list, offset 0', '?limit=100&offset=0'],
      ['administrator’s list, offset 900 000', '?limit=100&offset=900000'],
      ['search with no hit', '?limit=100&name=nowhere'],
      [`search with ${SIZES.needles} hits`, '?limit=100&name=needle'],
      [`search with ${SIZES.common} hits`, '?limit=100&name=common'],
    ];
    const figures: Figure[] = [];
    for (const [what, query] of asked) {
      const took = await times(5, () => ask(origin, `${TOKENS}${query}`, admin));
      figures.push({ what, full: median(took), isBounded: false });
    }
    return [starts, verify, list, ...figures];
  } finally {
    for (const { stop } of servers) await stop();
  }
}

/** In turns, so that what slows the machine slows both. */
async function startsOf(pair: Pair): Promise<Figure> {
  const took: [number[], number[]] = [[], []];
  for (let round = 0; round < STARTS; round++) {
    for (const at of [0, 1] as const) {
      const server = await started(pair[at]);
      await server.stop();
      if (round > 0) took[at].push(server.startMs); // the first has files to read that others find in memory
    }
  }
  return { what: 'start to first answer', empty: median(took[0]), full: median(took[1]), isBounded: true };
}

/** Each token once, so that none is in memory: the read and the proof of its rows. */
async function verifyOf(pair: Pair, servers: readonly [Server, Server]): Promise<Figure> {
  const took: [number[], number[]] = [[], []];
  for (const at of [0, 1] as const)
    await times(WARM, () => ask(servers[at].origin, '/api/v1/whoami', pair[at].tokens.admin));
  const count = pair[0].tokens.users.flat().length;
  for (let n = 0; n < count; n++) {
    for (const at of [0, 1] as const) {
      const token = pair[at].tokens.users.flat()[n] as string;
      took[at].push(await ask(servers[at].origin, '/api/v1/whoami', token));
    }
  }
  return {
    what: 'verify a token that is not in memory',
    empty: quantile(took[0], 0.5),
    full: quantile(took[1], 0.5),
    isBounded: true,
  };
}

async function listOf(pair: Pair, servers: readonly [Server, Server]): Promise<Figure> {
  const took: [number[], number[]] = [[], []];
  for (let n = 0; n < LIST_REQUESTS + WARM / 10; n++) {
    for (const at of [0, 1] as const) {
      const token = pair[at].tokens.users[n % pair[at].tokens.users.length]?.[0] as string;
      const ms = await ask(servers[at].origin, `${TOKENS}?limit=100`, token);
      if (n >= WARM / 10) took[at].push(ms);
    }
  }
  return {
    what: `list of one user’s ${SIZES.perUser} tokens`,
    empty: median(took[0]),
    full: median(took[1]),
    isBounded: true,
  };
}

async function times(count: number, act: () => Promise<number>): Promise<readonly number[]> {
  const took: number[] = [];
  for (let n = 0; n < count; n++) took.push(await act());
  return took;
}

async function ask(origin: string, path: string, token: string): Promise<number> {
  const begun = performance.now();
  const answer = await fetch(`${origin}${path}`, { headers: { authorization: `Bearer ${token}` } });
  await answer.arrayBuffer();
  if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}`);
  return performance.now() - begun;
}

async function started({ folder, env }: Place): Promise<Server> {
  const args = ['src/main/bin.ts', 'serve', '--listen', '127.0.0.1:0', '--data', join(folder, 'data')];
  const [command = '', ...rest] = [...onServerCore, process.execPath, ...args];
  const begun = performance.now();
  const limits = { COUNTERSIGN_REQUESTS_PER_TOKEN: '0', COUNTERSIGN_REQUESTS_PER_PRINCIPAL: '0' };
  const child = spawn(command, rest, {
    env: { ...process.env, ...limits, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    said += chunk;
  });
  while (!/listens on \S+\n/.test(said)) await Promise.race([once(child.stdout, 'data'), ended]);
  const origin = /listens on (\S+)/.exec(said)?.[1];
  if (origin === undefined) throw new Error(`serve ended before it listened: ${said}`);
  await fetch(`${origin}/health`);
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  return { origin, startMs: performance.now() - begun, stop };
}

function print(name: string, figures: readonly Figure[]): void {
  const rows = figures.map(({ what, empty, full, isBounded }) => {
    const ratio = empty === undefined ? '' : (full / empty).toFixed(2);
    const isMet = empty === undefined || Math.abs(full / empty - 1) <= BAND;
    if (isBounded && !isMet) process.exitCode = 1;
    return `  ${what.padEnd(42)} ${(empty?.toFixed(2) ?? '').padStart(9)} ${full.toFixed(2).padStart(9)} ${ratio.padStart(6)} ${isBounded ? (isMet ? 'met' : 'MISSED') : ''}`;
  });
  const head = `  ${'ms'.padEnd(42)} ${'empty'.padStart(9)} ${'million'.padStart(9)} ${'ratio'.padStart(6)}`;
  process.stdout.write(`${name}\n${[head, ...rows].join('\n')}\n`);
}
