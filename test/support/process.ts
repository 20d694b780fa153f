import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Sensitive } from '#domain/sensitive.ts';
import type { StepLabel } from '#ports/step.ts';
import { databaseEnvOf, knownDatabaseEnvOf } from './database-of.ts';
import { whenOver } from './over.ts';
import { type Answer, type Sent, sendTo } from './world.ts';

export type Ended = { readonly code: number | null; readonly signal: string | null; readonly said: string };
export type Served = {
  readonly process: ChildProcess;
  readonly origin: string;
  readonly ended: Promise<Ended>;
  said(): string;
  send(sent: Sent): Promise<Answer>;
};
type Env = Readonly<Record<string, string>>;

export const ADMIN_EMAIL = 'admin@example.com';
export const ADMIN_PASSWORD = 'correct horse battery staple';

/** Without what the machine's own environment may say. */
function cleanEnvironment(env: Env): NodeJS.ProcessEnv {
  const ours = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('COUNTERSIGN_') && !name.startsWith('TFY_'),
  );
  return { ...Object.fromEntries(ours), ...env };
}

const SOURCES = 'src/main/bin.ts';

/** What the runner has made of the sources, where it has; `doctor` starts a part of itself, which has to lie beside it. */
const programFor = ([command]: readonly string[]): string =>
  command === 'doctor' ? SOURCES : (process.env.COUNTERSIGN_TEST_PROGRAM ?? SOURCES);

/** The program itself, as a process of its own; killed at the latest with the test, or with all those of the file that started it outside of one. */
export function spawned(args: readonly string[], env: Env = {}) {
  const options = {
    env: cleanEnvironment({ ...knownDatabaseEnvOf(dataIn(args)), ...env }),
    stdio: ['ignore', 'pipe', 'pipe'],
  } as const;
  const child = spawn(process.execPath, [programFor(args), ...args], { ...options, stdio: [...options.stdio] });
  whenOver(() => void child.kill('SIGKILL'));
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      said += chunk;
    });
  }
  const ended = once(child, 'close').then(([code, signal]): Ended => ({ code, signal, said }));
  return { process: child, ended, said: () => said };
}

const dataIn = (args: readonly string[]): string | undefined =>
  args.includes('--data') ? args[args.indexOf('--data') + 1] : undefined;

type Options = {
  readonly env?: Env;
  readonly args?: readonly string[];
  readonly stopAt?: StepLabel | readonly StepLabel[] | undefined;
};

/** `serve` on this folder and a port of its own; once it listens, or has ended before that. */
export async function serve(data: string, { env = {}, args = [], stopAt }: Options = {}): Promise<Served | Ended> {
  const database = await databaseEnvOf(data);
  const stop = stopAt === undefined ? {} : { COUNTERSIGN_TEST_STOP_AT: [stopAt].flat().join() };
  const { process, ended, said } = spawned(['serve', '--listen', '127.0.0.1:0', '--data', data, ...args], {
    ...database,
    ...env,
    ...stop,
  });
  let over: Ended | undefined;
  ended.then((end) => {
    over = end;
  });
  // The last line of a start: the set-up link comes after it, where there is one.
  while (!/listens on \S+\n/.test(said())) {
    if (over !== undefined) return over;
    await Promise.race([ended, once(process.stdout as NodeJS.ReadableStream, 'data')]);
  }
  const origin = /listens on (\S+)/.exec(said())?.[1] ?? '';
  return { process, origin, ended, said, send: (sent) => sendTo(origin, sent) };
}

/** The same where nothing else than listening is expected. */
export async function serving(data: string, options: Options = {}): Promise<Served> {
  const served = await serve(data, options);
  if ('code' in served) throw new Error(served.said);
  return served;
}

/** What an unattended first start is given; everything lies in the data folder. */
export function unattended(data: string): Required<Pick<Options, 'env' | 'args'>> {
  const password = join(data, '..', `${data.split('/').at(-1)}.password`);
  writeFileSync(password, `${ADMIN_PASSWORD}\n`, { mode: 0o600 });
  whenOver(() => rmSync(password, { force: true }));
  return {
    env: { COUNTERSIGN_ADMIN_EMAIL: ADMIN_EMAIL, COUNTERSIGN_ADMIN_PASSWORD_FILE: password },
    args: ['--bootstrap-token-file', join(data, 'bootstrap-token')],
  };
}

export const bootstrapToken = (data: string): Sensitive =>
  new Sensitive(readFileSync(join(data, 'bootstrap-token'), 'utf8'));
