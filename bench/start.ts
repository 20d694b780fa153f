import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { median, ratio } from './figures.ts';
import { type Figure, type Gate, gate, type Report } from './report.ts';
import type { Seeded } from './seed.ts';
import type { Settings } from './settings.ts';
import { onServerCore, openTarget } from './target.ts';

const COMMAND = 'bin/countersign.js';
const LISTENS = /listens on (\S+)/;

type Row = {
  readonly what: string;
  readonly took: () => Promise<number>;
  /** Times what an empty Node takes. */
  readonly timesMax?: number;
};

/** What a person waits for at a prompt, with everything installed, against a Node that does nothing. */
export async function benchStart({ folder, tokens }: Seeded, { starts }: Settings): Promise<Report> {
  const server = await openTarget({ kind: 'countersign', folder });
  const env = { ...process.env, HOME: folder, TFY_HOST: server.origin, TFY_API_KEY: tokens[0] as string };
  const hasWhoami = await ended([COMMAND, 'whoami'], env).then(({ code }) => code === 0);
  const rows: readonly Row[] = [
    { what: 'an empty Node', took: () => untilEnd(['--eval', '0'], env) },
    { what: 'countersign --version', took: () => untilEnd([COMMAND, '--version'], env), timesMax: 3 },
    ...(hasWhoami ? [{ what: 'countersign whoami', took: () => untilEnd([COMMAND, 'whoami'], env), timesMax: 6 }] : []),
    { what: 'serve to first answer, new folder', took: () => untilAnswer(newFolder(folder)) },
    { what: 'serve to first answer, again', took: onOne(newFolder(folder)) },
  ];
  const tookMs = new Map(rows.map(({ what }) => [what, [] as number[]]));
  for (let round = 0; round < starts; round++) {
    for (const { what, took } of rows) tookMs.get(what)?.push(await took());
  }
  await server.close();
  return reported(rows, tookMs, hasWhoami);
}

function reported(rows: readonly Row[], tookMs: ReadonlyMap<string, readonly number[]>, hasWhoami: boolean): Report {
  const of = (what: string) => tookMs.get(what) ?? [];
  const times = (what: string) => ratio(of(what), of('an empty Node'));
  const figures: Figure[] = rows.map(({ what }) => ({ row: 'h', what, tookMs: median(of(what)) }));
  const gates: Gate[] = rows.flatMap(({ what, timesMax }) =>
    timesMax === undefined ? [] : [gate(`${what}, of an empty Node`, times(what), { atMost: timesMax })],
  );
  return {
    figures,
    ratios: [],
    gates,
    skipped: hasWhoami ? [] : ['h: there is no `countersign whoami` that works yet'],
  };
}

const newFolder = (under: string): string => join(mkdtempSync(join(under, 'start-')), 'data');

/** The first start, which sets the folder up, is not among those measured. */
function onOne(data: string): () => Promise<number> {
  const first = untilAnswer(data);
  return async () => {
    await first;
    return untilAnswer(data);
  };
}

function started(args: readonly string[], env: NodeJS.ProcessEnv) {
  const [command = '', ...rest] = [...onServerCore, process.execPath, ...args];
  return spawn(command, rest, { env, stdio: ['ignore', 'pipe', 'ignore'] });
}

async function ended(args: readonly string[], env: NodeJS.ProcessEnv): Promise<{ readonly code: number | null }> {
  const child = started(args, env);
  child.stdout.resume();
  const [code] = await once(child, 'exit');
  return { code };
}

async function untilEnd(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const startedAt = performance.now();
  const { code } = await ended(args, env);
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`);
  return performance.now() - startedAt;
}

async function untilAnswer(data: string): Promise<number> {
  const startedAt = performance.now();
  const child = started([COMMAND, 'serve', '--listen', '127.0.0.1:0', '--data', data], process.env);
  try {
    const origin = await listening(child.stdout);
    const answered = await fetch(`${origin}/api/svc/v1/health`);
    if (!answered.ok) throw new Error(`the first answer is ${answered.status}`);
    return performance.now() - startedAt;
  } finally {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
}

/** The stream is read on to its end, or what is said later would end the server. */
function listening(said: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  return new Promise((resolve, reject) => {
    said.on('data', (chunk) => {
      text += chunk;
      const origin = LISTENS.exec(text)?.[1];
      if (origin !== undefined) resolve(origin);
    });
    said.on('end', () => reject(new Error(`serve ended before it listened; it said: ${text}`)));
  });
}
